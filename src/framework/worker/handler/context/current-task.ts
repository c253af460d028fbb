import { AsyncLocalStorage } from 'node:async_hooks';
import type { DependencyContainer } from 'tsyringe';
import type { TaskContext } from '../../../declare/task-context.js';

/**
 * The task and the container of one async context. Both are removed when the task ends, so that code that is still
 * running doesn't keep them in memory.
 */
interface Current {
  task: TaskContext | undefined;
  /** The container of the worker, or of the task itself; undefined until the handler is called. */
  container: DependencyContainer | undefined;
}

const storage = new AsyncLocalStorage<Current>();
/** The async context of each task that has one. */
const contexts = new WeakMap<TaskContext, Current>();

/**
 * Returns the task for which the calling code runs, even if its handler calls that code through many functions. Returns
 * undefined outside of a running task.
 */
export function currentTask(): TaskContext | undefined {
  return storage.getStore()?.task;
}

/** Returns the container of the task for which the calling code runs; undefined outside of a running task. */
export function currentContainer(): DependencyContainer | undefined {
  return storage.getStore()?.container;
}

/**
 * The async context of one task. Code that runs in it, and code that this code starts, gets the task from
 * {@link currentTask} until `close` is called.
 */
export class AsyncTaskContext {
  readonly #current: Current;

  constructor(task: TaskContext) {
    this.#current = { task, container: undefined };
    contexts.set(task, this.#current);
  }

  run<T>(fn: () => T): T {
    return storage.run(this.#current, fn);
  }

  /**
   * Ends the context. Called when the handler has settled. For code that is still running, {@link currentTask} then
   * returns undefined.
   */
  close(): void {
    clear(this.#current);
  }
}

/**
 * Runs `fn` in the async context of a task, with this container. If the task has no context yet, it gets one that ends
 * when `fn` has settled.
 */
export function runFor<T>(
  { task, container }: { readonly task: TaskContext; readonly container: DependencyContainer },
  fn: () => Promise<T>,
): Promise<T> {
  const known = contexts.get(task);
  if (!known) return runAlone({ task, container }, fn);
  known.container = container;
  return storage.run(known, fn);
}

async function runAlone<T>(current: Current, fn: () => Promise<T>): Promise<T> {
  try {
    return await storage.run(current, fn);
  } finally {
    clear(current);
  }
}

function clear(current: Current): void {
  current.task = undefined;
  current.container = undefined;
}
