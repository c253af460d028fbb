import type { TaskContext } from './task-context.js';

/** A task, as its interceptors get it. */
export interface InterceptedTask {
  /** The validated input: the same instance that the handler receives. */
  readonly input: unknown;
  readonly context: TaskContext;
}

/**
 * Runs around the handling of each task, after the input was validated and before the result is encoded. An interceptor
 * may observe, replace the result, translate an error, or refuse the task by throwing. The container makes its
 * instance. Interceptors of the config are outermost, then those of the class, then those of the method.
 */
export interface Interceptor {
  /**
   * Returns the result of the task. If it returns `undefined`, the task keeps the outcome of the last `next()`, be it a
   * result or an error.
   * @param next runs the rest of the chain and resolves with its result. It may be called again once the earlier call
   * has settled; if it is called before that, it rejects.
   */
  intercept(task: InterceptedTask, next: () => Promise<unknown>): Promise<unknown>;
}
