import type { TaskContext } from './task-context.js';

/** A task on its way through the interceptors. */
export interface InterceptedTask {
  /** The validated input: the instance that the handler will be given. */
  readonly input: unknown;
  readonly context: TaskContext;
}

/**
 * Wraps the handling of a task: after its input was validated, before its result is encoded. It may observe,
 * replace the result, translate an error, or refuse by throwing. Injectable; runs global, class, then method.
 */
export interface Interceptor {
  /**
   * What it returns is the result; `undefined` leaves what `next` came to, result or error, as it is.
   * @param next runs the rest of the chain and gives its result; again, once the earlier call has settled.
   */
  intercept(task: InterceptedTask, next: () => Promise<unknown>): Promise<unknown>;
}
