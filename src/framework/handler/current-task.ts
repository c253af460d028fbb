import { AsyncLocalStorage } from 'node:async_hooks';
import type { DependencyContainer } from 'tsyringe';
import type { TaskContext } from '../declare/task-context.js';

/** What belongs to the task that is being handled. */
export interface TaskAtWork {
  readonly task: TaskContext;
  /** The worker's container, or the task's own. */
  readonly container: DependencyContainer;
}

const storage = new AsyncLocalStorage<TaskAtWork>();

/** The task that the calling code works for, however deep below the handler; undefined outside of one. */
export function currentTask(): TaskContext | undefined {
  return storage.getStore()?.task;
}

/** The container that the calling code's task is handled with; undefined outside of one. */
export function currentContainer(): DependencyContainer | undefined {
  return storage.getStore()?.container;
}

/** Runs `fn`, and all that it sets off, for a task. */
export function runFor<T>(atWork: TaskAtWork, fn: () => T): T {
  return storage.run(atWork, fn);
}
