import { AsyncLocalStorage } from 'node:async_hooks';
import type { DependencyContainer } from 'tsyringe';
import type { TaskContext } from '../../../declare/task-context.js';

/** What belongs to the task that is being handled. Emptied when it has ended, so that nothing left behind keeps it. */
interface Belongings {
  task: TaskContext | undefined;
  /** The worker's container, or the task's own. */
  container: DependencyContainer | undefined;
}

const storage = new AsyncLocalStorage<Belongings>();
/** One for each task, whoever asks for it. */
const all = new WeakMap<TaskContext, Belongings>();

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

  constructor(task: TaskContext) {
    this.#belongings = { task, container: undefined };
    all.set(task, this.#belongings);
  }

  run<T>(fn: () => T): T {
    return storage.run(this.#belongings, fn);
  }

  /** The handler has settled. What it left running belongs to no task. */
  close(): void {
    this.#belongings.task = undefined;
    this.#belongings.container = undefined;
  }
}

/** Handles a task with a container, in the task's own context; where it has none, in one that ends with `fn`. */
export function runFor<T>(
  { task, container }: { readonly task: TaskContext; readonly container: DependencyContainer },
  fn: () => Promise<T>,
): Promise<T> {
  const known = all.get(task);
  if (!known) return runAlone({ task, container }, fn);
  known.container = container;
  return storage.run(known, fn);
}

async function runAlone<T>(belongings: Belongings, fn: () => Promise<T>): Promise<T> {
  try {
    return await storage.run(belongings, fn);
  } finally {
    Object.assign(belongings, { task: undefined, container: undefined });
  }
}
