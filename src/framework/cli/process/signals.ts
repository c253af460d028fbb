import { systemClock } from '../../base/time/clock.js';
import type { Logger } from '../../base/log/log.js';
import { writeErrorSync } from '../../base/log/stdio.js';
import { exitNow } from './exit-now.js';

/**
 * A signal within this many milliseconds after the first one is ignored, since it is the same request: under npm, one
 * key press arrives twice, within 2 ms.
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

/**
 * Matches the flag `--processes`, which starts a set of processes. For a set, SIGUSR2 means to reload it; any other
 * command is ended by SIGUSR2.
 */
const STARTS_SET = /^--processes(?:=|$)/;

let onStopRequest: ((name: StopRequest) => void) | undefined;
let onReloadRequest = (): void => {};

/**
 * Catches SIGINT, SIGTERM and SIGHUP (a closed terminal) from now on. Until {@link stopSignal} is called, each of them
 * exits the process at once, since there is no work yet that could be lost. A set of processes also catches SIGUSR2,
 * and ignores it until {@link reloadRequests} is called, since no code is loaded yet that could be old.
 */
export function catchSignals([command, ...flags]: readonly string[]): void {
  const startsSet = flags.some((flag) => STARTS_SET.test(flag)) || process.env['STEPWRIGHT_PROCESSES'];
  if (command === 'start' && startsSet && process.platform !== 'win32')
    process.on('SIGUSR2', () => onReloadRequest());
  for (const name of STOP_REQUESTS) {
    process.on(name, () => (onStopRequest ? onStopRequest(name) : endEarly(name, command)));
  }
}

function endEarly(name: StopRequest, command: string | undefined): never {
  if (command === undefined || !RUN_UNTIL_STOPPED.has(command)) exitNow(EXIT_CODE[name]);
  writeErrorSync(`${name} came before anything ran: stopped, and no task was taken`);
  exitNow(0);
}

/** Calls the listener at each SIGUSR2 from now on. It replaces any earlier listener. */
export function reloadRequests(listener: () => void): void {
  onReloadRequest = listener;
}

/**
 * Returns an abort signal that aborts at the first SIGINT, SIGTERM or SIGHUP. At the second of these, the process exits
 * at once.
 * @param cleanUp runs before the exit at the second one. A third one exits without waiting for it
 */
export function stopSignal(log: Logger, hint: string, cleanUp?: () => Promise<void>): AbortSignal {
  const stop = new AbortController();
  let first: number | undefined;
  let leavingSince: number | undefined;
  onStopRequest = (name) => {
    const now = systemClock.now();
    if (first === undefined) {
      first = now;
      log.info({ signal: name }, hint);
      stop.abort();
    } else if (leavingSince !== undefined) {
      if (now - leavingSince > SAME_REQUEST_MS) exitNow(EXIT_CODE[name]);
    } else if (now - first > SAME_REQUEST_MS) {
      leavingSince = now;
      log.warn({ signal: name }, 'stopped at once; what was running is left to its timeouts');
      if (cleanUp) void cleanUp().then(() => exitNow(EXIT_CODE[name]));
      else exitNow(EXIT_CODE[name]);
    }
  };
  return stop.signal;
}
