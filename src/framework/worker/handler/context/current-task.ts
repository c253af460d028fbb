import { AsyncLocalStorage } from 'node:async_hooks';
import type { DependencyContainer } from 'tsyringe';
import type { TaskContext } from '../../../declare/task-context.js';

/**
 * The task and the container that belong to one async context. Both are removed when the task ends. Otherwise code that
 * is still running would keep them in memory.
 */
interface Current {
  /** The name of the task's handler. It stays when the task ends. */
  readonly handler: string;
  /** The task's token. It stays when the task ends. */
  readonly token: string;
  task: TaskContext | undefined;
  /**
   * The dependency injection container: the task's own if the handler has `scope: 'task'`, or else the worker's.
   * Undefined until the handler is called.
   */
  container: DependencyContainer | undefined;
}

const storage = new AsyncLocalStorage<Current>();
/** The async contexts of tasks, by the task's context object. */
const contexts = new WeakMap<TaskContext, Current>();

/**
 * Returns the task for which the calling code is running, however deep inside the handler it was called. Returns
 * undefined if the code isn't running for a task.
 */
export function currentTask(): TaskContext | undefined {
  return storage.getStore()?.task;
}

/** The task that has started some code. */
export interface Starter {
  readonly handler: string;
  readonly token: string;
  /** True if the handler has ended. */
  readonly ended: boolean;
}

/** Returns the task that has started the calling code, even if it has ended. Returns undefined if no task has. */
export function currentStarter(): Starter | undefined {
  const current = storage.getStore();
  return current && { handler: current.handler, token: current.token, ended: current.task === undefined };
}

/**
 * Returns the dependency injection container of the task for which the calling code is running; undefined if the code
 * isn't running for a task.
 */
export function currentContainer(): DependencyContainer | undefined {
  return storage.getStore()?.container;
}

/**
 * The async context (AsyncLocalStorage) of one task. Code that `run` calls, and everything that this code starts, gets
 * the task from {@link currentTask} until `close` is called.
 */
export class AsyncTaskContext {
  readonly #current: Current;

  constructor(task: TaskContext) {
    this.#current = { handler: task.handler, token: task.token, task, container: undefined };
    contexts.set(task, this.#current);
  }

  run<T>(fn: () => T): T {
    return storage.run(this.#current, fn);
  }

  /**
   * Ends the context. Called when the handler has ended. If some of its code is still running, that code gets undefined
   * from {@link currentTask} from then on.
   */
  close(): void {
    clear(this.#current);
  }
}

/**
 * Runs `fn` so that {@link currentTask} and {@link currentContainer} return this task and this container in it. If the
 * task has no async context yet, it gets one that ends when `fn` has settled.
 */
export function runFor<T>(
  { task, container }: { readonly task: TaskContext; readonly container: DependencyContainer },
  fn: () => Promise<T>,
): Promise<T> {
  const known = contexts.get(task);
  if (!known) return runAlone({ handler: task.handler, token: task.token, task, container }, fn);
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
