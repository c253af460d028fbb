import { AsyncLocalStorage } from 'node:async_hooks';
import type { DependencyContainer } from 'tsyringe';
import type { TaskContext } from '../../../declare/task-context.js';

/**
 * The task and the container of one asynchronous context. Both are cleared at the end, so that code left running does
 * not keep them in memory.
 */
interface Current {
  task: TaskContext | undefined;
  /** The worker's container, or the task's own; undefined before the handler is called. */
  container: DependencyContainer | undefined;
}

const storage = new AsyncLocalStorage<Current>();
/** The asynchronous context of each task that has one. */
const contexts = new WeakMap<TaskContext, Current>();

/**
 * Returns the task that the calling code works for, at any depth below the task's handler; undefined outside of a
 * running task.
 */
export function currentTask(): TaskContext | undefined {
  return storage.getStore()?.task;
}

/** Returns the container of the task that the calling code works for; undefined outside of a running task. */
export function currentContainer(): DependencyContainer | undefined {
  return storage.getStore()?.container;
}

/**
 * The asynchronous context of one task. Code that runs in the context, and all that this code starts, finds the task
 * until `close`.
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

  /** Ends the context when the handler has settled. Code that is still running then belongs to no task. */
  close(): void {
    clear(this.#current);
  }
}

/**
 * Runs `fn` with a container in the context of a task. A task without a context gets one, which ends when `fn` has
 * settled.
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
