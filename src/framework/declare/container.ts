import type { InjectionToken } from 'tsyringe';
import 'reflect-metadata';
import type { TaskContext } from './task-context.js';

export { container, inject, injectable, Lifecycle } from 'tsyringe';

/**
 * The container of another framework, as far as a worker needs it. Activities, interceptors, observers and rules that
 * it provides come from it, and so do their dependencies. tsyringe makes everything else.
 */
export interface Container {
  /**
   * Returns the lifetime of the instances that the container provides for a token: `'worker'` if one instance serves
   * all tasks, `'task'` if each task gets its own. Returns undefined if the container doesn't provide the token.
   */
  scopeOf(token: InjectionToken): 'worker' | 'task' | undefined;
  /**
   * Returns the instance for a token, or a promise of it. With the scope `'worker'` it is called once, when the worker
   * is made.
   * @param task the task that the instance is for, if the scope is `'task'`
   */
  resolve(token: InjectionToken, task?: TaskContext): unknown;
}
