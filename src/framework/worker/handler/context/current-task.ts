import { AsyncLocalStorage } from 'node:async_hooks';
import type { DependencyContainer } from 'tsyringe';
import type { TaskContext } from '../../../declare/task-context.js';

/** The outputs of a handler's tasks, for an interceptor that keeps one and gives it to another task. */
export interface TaskOutputs {
  /**
   * Returns what is sent for a result, as a JSON value: the output, or a reference to it. A large output is in its store
   * then. @throws Refusal if the result isn't a valid output
   */
  sentFor(result: unknown, task: TaskContext): Promise<unknown>;
  /**
   * Returns the result to give a task, so that it sends what `sentFor` has returned for another one. It isn't validated
   * again, as it has the form that was sent and not the one that a handler returns.
   */
  repeat(sent: unknown, task: TaskContext): unknown;
}

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
  /** Undefined until the handler is called. */
  outputs?: TaskOutputs | undefined;
}

const storage = new AsyncLocalStorage<Current>();
/**
 * The property of a task's context object that has the task's async context. A WeakMap would cost twice as much, and V8
 * keeps its values through the first collection of garbage that follows.
 */
const CURRENT = Symbol('current');
type Held = TaskContext & { readonly [CURRENT]?: Current };

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

/** Returns the outputs of the handler that the calling code runs for. @throws Error if it runs for no task */
export function currentOutputs(): TaskOutputs {
  const outputs = storage.getStore()?.outputs;
  if (!outputs) throw new Error('this code is to be called by an interceptor of a task');
  return outputs;
}

/**
 * The async context (AsyncLocalStorage) of one task. Code that `run` calls, and everything that this code starts, gets
 * the task from {@link currentTask} until `close` is called.
 */
export class AsyncTaskContext {
  readonly #current: Current;

  constructor(task: TaskContext) {
    this.#current = { handler: task.handler, token: task.token, task, container: undefined };
    Object.defineProperty(task, CURRENT, { value: this.#current });
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

/** A task, with what the code that runs for it uses. */
interface TaskRun {
  readonly task: TaskContext;
  readonly container: DependencyContainer;
  readonly outputs: TaskOutputs;
}

/**
 * Runs `fn` so that {@link currentTask} and {@link currentContainer} return this task and this container in it. If the
 * task has no async context yet, it gets one that ends when `fn` has settled.
 */
export function runFor<T>({ task, container, outputs }: TaskRun, fn: () => Promise<T>): Promise<T> {
  const known = (task as Held)[CURRENT];
  if (!known) return runAlone({ handler: task.handler, token: task.token, task, container, outputs }, fn);
  known.container = container;
  known.outputs = outputs;
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
