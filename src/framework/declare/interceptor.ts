import type { TaskContext } from './task-context.js';

/** A task as its interceptors see it. */
export interface InterceptedTask {
  /** The validated input: the same instance that the handler receives. */
  readonly input: unknown;
  readonly context: TaskContext;
}

/**
 * Wraps the handling of each task, between the validation of the input and the encoding of the result. An interceptor
 * may observe, replace the result, translate an error, or refuse the task by throwing. The container makes it.
 * Interceptors of the config are outermost, then those of the class, then those of the method.
 */
export interface Interceptor {
  /**
   * Returns the result of the task. `undefined` leaves the outcome of the last `next()`, a result or an error, as it
   * is.
   * @param next runs the rest of the chain and resolves with its result. It may be called again once the earlier call
   * has settled; before that it rejects.
   */
  intercept(task: InterceptedTask, next: () => Promise<unknown>): Promise<unknown>;
}
