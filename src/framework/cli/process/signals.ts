import { systemClock } from '../../base/time/clock.js';
import type { Logger } from '../../base/log/log.js';
import { writeErrorSync } from '../../base/log/stdio.js';
import { exitNow } from './exit-now.js';

/**
 * A signal that follows the first within this time is the same request: under npm one key press arrives twice, within 2
 * ms.
 */
const SAME_REQUEST_MS = 100;
const EXIT_CODE = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type StopRequest = keyof typeof EXIT_CODE;
const STOP_REQUESTS: readonly StopRequest[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Commands that run until they are stopped: for them a signal before anything runs is no failure. */
const RUN_UNTIL_STOPPED = new Set(['start', 'local', 'exec', 'dev']);

/** Matches the flag that starts a set of processes. SIGUSR2 reloads a set, and ends any other command. */
const STARTS_SET = /^--processes(?:=|$)/;

let onStopRequest: ((name: StopRequest) => void) | undefined;
let onReloadRequest = (): void => {};

/**
 * Catches SIGINT, SIGTERM and SIGHUP (a closed terminal) from now on. Until {@link stopSignal} is called, each of them
 * ends the process at once: nothing has begun that could be lost. A set of processes catches SIGUSR2, too, and ignores
 * it until {@link reloadRequests} is called: no code has been read yet that could be old.
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

/** Calls the listener at each SIGUSR2 from now on, and no other one. */
export function reloadRequests(listener: () => void): void {
  onReloadRequest = listener;
}

/**
 * Returns a signal that aborts at the first SIGINT, SIGTERM or SIGHUP. A later one ends the process at once.
 * @param cleanUp runs before that end; a third signal does not wait for it
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
