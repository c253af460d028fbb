import { systemClock } from '../../base/time/clock.js';
import type { Logger } from '../../base/log/log.js';
import { writeErrorSync } from '../../base/log/stdio.js';

/**
 * A signal that comes within this many milliseconds after the first one is ignored, since both have the same cause:
 * under npm, one press of Ctrl+C sends two signals, within 2 ms.
 */
const SAME_REQUEST_MS = 100;
const EXIT_CODE = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type StopRequest = keyof typeof EXIT_CODE;
const STOP_REQUESTS: readonly StopRequest[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * The commands that run until they are stopped. If one of them gets a signal before it has begun to run, it still exits
 * with 0.
 */
const RUN_UNTIL_STOPPED = new Set(['start', 'local', 'exec', 'dev', 'scaler']);

const stop = new AbortController();

let onStopRequest: ((name: StopRequest) => void) | undefined;

/**
 * Catches SIGINT, SIGTERM and SIGHUP (a closed terminal) from now on. Until {@link stopSignal} is called, each of them
 * exits the process at once, since there is no work yet that could be lost.
 */
export function catchSignals([command]: readonly string[]): void {
  for (const name of STOP_REQUESTS) {
    process.on(name, () => (onStopRequest ? onStopRequest(name) : endEarly(name, command)));
  }
}

function endEarly(name: StopRequest, command: string | undefined): never {
  if (command === undefined || !RUN_UNTIL_STOPPED.has(command)) exitNow(EXIT_CODE[name]);
  writeErrorSync(`${name} came before anything ran: stopped, and no task was taken`);
  exitNow(0);
}

/**
 * Returns an abort signal that aborts at the first SIGINT, SIGTERM or SIGHUP. At the second of these, the process exits
 * at once.
 */
export function stopSignal(log: Logger, hint: string): AbortSignal {
  let first: number | undefined;
  onStopRequest = (name) => {
    const now = systemClock.now();
    if (first === undefined) {
      first = now;
      log.info({ signal: name }, hint);
      stop.abort();
    } else if (now - first > SAME_REQUEST_MS) {
      log.warn({ signal: name }, 'stopped at once; running tasks end by their timeouts');
      exitNow(EXIT_CODE[name]);
    }
  };
  return stop.signal;
}

/** Returns true for the reason with which the signal of {@link stopSignal} has aborted. */
export const isStop = (error: unknown): boolean => stop.signal.aborted && error === stop.signal.reason;

let intended = false;

/**
 * Exits the process at once. The commands exit only through this function. So an exit without it must have come from
 * user code, which is then reported.
 */
export function exitNow(code: number): never {
  intended = true;
  process.exit(code);
}

/** Returns true if `exitNow` was called. If the process exits without that call, user code has ended it. */
export const isExitIntended = (): boolean => intended;
