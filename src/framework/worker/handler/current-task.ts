import { AsyncLocalStorage } from 'node:async_hooks';
import type { DependencyContainer } from 'tsyringe';
import { TaskAborted, type TaskContext } from '../../declare/task-context.js';
import type { Ask } from '../keep/record.js';

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

/** How a task asks the service about tasks, where it comes from, and how it stands. */
interface Arbiter {
  readonly scope: string;
  readonly ask: Ask;
  /** True once `task.defer()` has resolved. */
  readonly isDeferred: () => boolean;
  /** Returns the reason for which the task's signal was aborted. Makes no signal. */
  readonly aborted: () => TaskAborted | undefined;
}

/** The arbiter of a context that a test has made. */
const NOBODY: Arbiter = {
  scope: 'none',
  ask: () => Promise.resolve('unknown'),
  isDeferred: () => false,
  aborted: () => undefined,
};

/** The arbiter of a context that has ended: its handler is not called any more. */
const ENDED: Arbiter = { ...NOBODY, aborted: () => new TaskAborted('gone', 'the task has ended') };

/** The container and the outputs of the handler that a task runs in. */
interface HandlerOf {
  /** The dependency injection container: the task's own if the handler has `scope: 'task'`, or else the worker's. */
  readonly container: DependencyContainer;
  readonly outputs: TaskOutputs;
}

/**
 * The async context (AsyncLocalStorage) of one task. Code that `run` calls, and everything that this code starts, gets
 * the task from {@link currentTask} until `close` is called.
 */
export class AsyncTaskContext {
  /** The name of the task's handler. It stays when the task ends. */
  readonly handler: string;
  /** The task's token. It stays when the task ends. */
  readonly token: string;
  /** This and the next three are cleared by `close`: code that still runs would keep the task in memory. */
  arbiter: Arbiter;
  task: TaskContext | undefined;
  /** Undefined until the handler is called. */
  container: DependencyContainer | undefined;
  /** Undefined until the handler is called. */
  outputs: TaskOutputs | undefined;

  /** @param arbiter how the task asks the service about tasks. @default it asks nobody, as in a test */
  constructor(task: TaskContext, arbiter: Arbiter = NOBODY) {
    this.handler = task.handler;
    this.token = task.token;
    this.task = task;
    this.arbiter = arbiter;
    Object.defineProperty(task, CURRENT, { value: this });
  }

  run<T, A extends unknown[]>(fn: (...args: A) => T, ...args: A): T {
    return storage.run(this, fn, ...args);
  }

  /**
   * Ends the context. Called when the handler has ended. If some of its code is still running, that code gets undefined
   * from {@link currentTask} from then on.
   */
  close(): void {
    this.arbiter = ENDED;
    this.task = undefined;
    this.container = undefined;
  }
}

const storage = new AsyncLocalStorage<AsyncTaskContext>();
/**
 * The property of a task's context object that has the task's async context. A WeakMap would cost twice as much, and V8
 * keeps its values through the first collection of garbage that follows.
 */
const CURRENT = Symbol('current');
type Held = TaskContext & { readonly [CURRENT]?: AsyncTaskContext };

/**
 * Runs `fn` so that {@link currentTask} and {@link currentContainer} return this task and this container in it. If the
 * task has no async context yet, it gets one that ends when `fn` has settled.
 */
export function runFor<T, A extends unknown[]>(
  task: TaskContext,
  { container, outputs }: HandlerOf,
  fn: (...args: A) => Promise<T>,
  ...args: A
): Promise<T> {
  const known = (task as Held)[CURRENT];
  const context = known ?? new AsyncTaskContext(task);
  context.container = container;
  context.outputs = outputs;
  const run = storage.run(context, fn, ...args);
  return known ? run : run.finally(() => context.close());
}

/** Returns a task's way to ask the service. */
export const arbiterOf = (context: TaskContext): Arbiter => (context as Held)[CURRENT]?.arbiter ?? NOBODY;

/**
 * Returns the task for which the calling code is running, however deep inside the handler it was called. Returns
 * undefined if the code isn't running for a task.
 */
export function currentTask(): TaskContext | undefined {
  return storage.getStore()?.task;
}

/** The task that has started some code. */
interface Starter {
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
