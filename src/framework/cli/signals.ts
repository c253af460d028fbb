import type { Logger } from '../log.js';
import { systemClock } from '../clock.js';

/** Under npm one key press arrives twice, within 2 ms: what comes this soon after the first is the same request. */
const SAME_REQUEST_MS = 100;
const EXIT_CODE = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Aborts at the first SIGINT, SIGTERM or SIGHUP (a closed terminal); a later one ends the process at once. */
export function stopSignal(log: Logger, hint: string): AbortSignal {
  const stop = new AbortController();
  let first: number | undefined;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      const now = systemClock.now();
      if (first === undefined) {
        first = now;
        log.info({ signal: name }, hint);
        stop.abort();
      } else if (now - first > SAME_REQUEST_MS) {
        log.warn({ signal: name }, 'stopped at once; what was running is left to its timeouts');
        process.exit(EXIT_CODE[name]);
      }
    });
  }
  return stop.signal;
}
