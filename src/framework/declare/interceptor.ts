import type { TaskContext } from './task-context.js';

/** The task that an interceptor is called for. */
export interface InterceptedTask {
  /** The validated input: the same instance that the handler receives. */
  readonly input: unknown;
  readonly context: TaskContext;
}

/**
 * Runs around the handling of each task, after the input was validated and before the result is converted to JSON. An
 * interceptor may observe, replace the result, translate an error, or refuse the task by throwing. Its instance is made
 * by the dependency container. Interceptors of the config are outermost, then those of the class, then those of the
 * method.
 */
export interface Interceptor {
  /**
   * Returns the result of the task. If the method returns `undefined`, the task keeps the outcome of the last call of
   * `next()`, be it a result or an error.
   * @param next runs the inner interceptors and the handler, and resolves with the result. It may be called again when
   * its earlier call has ended; if it is called before that, it rejects.
   */
  intercept(task: InterceptedTask, next: () => Promise<unknown>): Promise<unknown>;
}
