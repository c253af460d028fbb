import { AsyncLocalStorage } from 'node:async_hooks';
import type { TaskContext } from '../declare/task-context.js';

const storage = new AsyncLocalStorage<TaskContext>();

/** The task that the calling code works for, however deep below the handler; undefined outside of one. */
export function currentTask(): TaskContext | undefined {
  return storage.getStore();
}

/** Runs `fn`, and all that it sets off, for a task. */
export function runFor<T>(task: TaskContext, fn: () => T): T {
  return storage.run(task, fn);
}
