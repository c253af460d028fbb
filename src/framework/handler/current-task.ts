import { AsyncLocalStorage } from 'node:async_hooks';
import type { DependencyContainer } from 'tsyringe';
import type { TaskContext } from '../declare/task-context.js';

/** What belongs to the task that is being handled. Emptied when it has ended, so that nothing left behind keeps it. */
interface Belongings {
  task: TaskContext | undefined;
  /** The worker's container, or the task's own. */
  container: DependencyContainer | undefined;
}

const storage = new AsyncLocalStorage<Belongings>();

/** The task that the calling code works for, however deep below the handler; undefined outside of one that lives. */
export function currentTask(): TaskContext | undefined {
  return storage.getStore()?.task;
}

/** The container that the calling code's task is handled with; undefined outside of one. */
export function currentContainer(): DependencyContainer | undefined {
  return storage.getStore()?.container;
}

/** The asynchronous context of one task: what runs in it, and all that this sets off, knows the task while it lives. */
export class AsyncTaskContext {
  readonly #belongings: Belongings;

  constructor(task: TaskContext, container?: DependencyContainer) {
    this.#belongings = { task, container };
  }

  run<T>(fn: () => T): T {
    return storage.run(this.#belongings, fn);
  }

  /** The task has ended. What still runs of it belongs to none. */
  close(): void {
    this.#belongings.task = undefined;
    this.#belongings.container = undefined;
  }
}

/** Runs `fn` for a task, until what it returns has settled. */
export async function runFor<T>(
  { task, container }: { readonly task: TaskContext; readonly container: DependencyContainer },
  fn: () => Promise<T>,
): Promise<T> {
  const context = new AsyncTaskContext(task, container);
  try {
    return await context.run(fn);
  } finally {
    context.close();
  }
}
