import type { Logger } from '../../base/log/log.js';
import { startedBy, UNCAUGHT, UNHANDLED } from '../../worker/handler/context/unhandled.js';

/** Errors thrown by user code outside any handler call: uncaught exceptions and unhandled promise rejections. */
export interface UserErrors {
  /** The number of unhandled rejections so far. */
  readonly unhandled: number;
  /** The first uncaught exception; undefined if there was none. */
  readonly uncaught: unknown;
}

/**
 * From now on, keeps uncaught errors of user code from exiting the process, which would end all its tasks. An unhandled
 * rejection is logged and counted. After an uncaught exception the state of the process can't be trusted: the worker
 * finishes its running tasks, and then the process exits.
 * @param drain makes the worker finish its running tasks and take no more
 */
export function watchUserErrors(log: Logger, drain: () => void): UserErrors {
  const seen = { unhandled: 0, uncaught: undefined as unknown };
  process.on('unhandledRejection', (reason) => {
    seen.unhandled++;
    log.error({ ...startedBy(), err: reason, count: seen.unhandled }, UNHANDLED);
  });
  process.on('uncaughtException', (error) => {
    seen.uncaught ??= error;
    log.error({ ...startedBy(), err: error }, UNCAUGHT);
    drain();
  });
  return seen;
}
