import type { Logger } from '../../base/log/log.js';

/** What may happen outside any handler's own promise. */
export interface UserErrors {
  /** How many rejections nobody handled. */
  readonly unhandled: number;
  /** The exception that nobody caught, once there was one. */
  readonly uncaught: unknown;
}

/**
 * A promise that user code forgot must not end every task of the process: it is logged loudly and counted. After
 * an exception that nobody caught, nothing can be trusted for long: the worker drains first, then ends.
 */
export function watchUserErrors(log: Logger, drain: () => void): UserErrors {
  const seen = { unhandled: 0, uncaught: undefined as unknown };
  process.on('unhandledRejection', (reason) => {
    seen.unhandled++;
    log.error(
      { err: reason, count: seen.unhandled },
      'a rejected promise was not handled: something in user code is not awaited',
    );
  });
  process.on('uncaughtException', (error) => {
    seen.uncaught ??= error;
    log.error({ err: error }, 'an exception was not caught: the worker drains and ends');
    drain();
  });
  return seen;
}
