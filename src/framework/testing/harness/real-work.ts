import { OWN_FOLDER } from '../../base/load-library.js';
import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import { userFrame } from '../../declare/discovery/load.js';
import type { TaskContext } from '../../declare/task-context.js';
import type { CompiledHandler } from '../../worker/handler/compile.js';
import type { BedHandler } from './bed-handlers.js';
import { currentTask } from '../../worker/handler/context/current-task.js';
import type { RealTimeLimits } from './options.js';
import { inNextTurn, nap, nextTurn, realNow } from './real-time.js';
import { kindOf } from './work-kinds.js';

/**
 * A piece of real work (not done by mocks or on the clock) that a task has begun, such as reading a file, a hash, a
 * socket or a real timer.
 */
interface Begun {
  readonly task: string;
  /** The name of the work for error messages. */
  readonly name: string;
  readonly isOpen: () => boolean;
  /** An Error that is never thrown. Its stack shows where the work was begun. */
  readonly begunAt: Error;
}

/**
 * While waiting for work, turns of the event loop follow each other without a pause for this many real milliseconds.
 * Later there is a pause between them.
 */
const BUSY_MS = 1;

/**
 * The real work (files, sockets, real timers and so on) of all tasks of a test bed or a test machine. The clock doesn't
 * move while there is any.
 */
export class RealWork {
  /** The most real milliseconds that the clock waits for real work. */
  readonly limitMs: number;
  /** The most real milliseconds that the clock waits for a handler that seems to be waiting for nothing. */
  readonly idleMs: number;
  readonly #tasks = new Set<TaskWork>();

  constructor({ limitMs, idleMs }: RealTimeLimits) {
    this.limitMs = limitMs;
    this.idleMs = idleMs;
  }

  /**
   * Returns a handler that does the same and whose real work is tracked, from its call until none of its code is
   * running.
   */
  #track(name: string, handle: CompiledHandler): CompiledHandler {
    return async (text, context, onEnd) => {
      const task = new TaskWork(name, context, this.#tasks);
      try {
        await storage.run(task, () => handle(text, context, onEnd));
      } finally {
        task.end();
      }
    };
  }

  /** Returns handlers that do the same and whose real work is tracked. */
  trackAll(handlers: readonly BedHandler[]): BedHandler[] {
    return handlers.map((each) => ({ ...each, handle: this.#track(each.definition.name, each.handle) }));
  }

  /** True while any task has real work in progress. */
  get isOpen(): boolean {
    return this.#first() !== undefined;
  }

  /**
   * Waits until no task has real work in progress.
   * @param by the time until which to wait, as returned by `realNow`.
   * @throws an Error that names the work if some is still in progress then
   */
  async rest(by: number): Promise<void> {
    const began = realNow();
    for (let work = this.#first(); work; work = this.#first()) {
      const now = realNow();
      if (now > by) throw new Error(slow(work, this.limitMs));
      await (now - began > BUSY_MS ? nap(1) : nextTurn());
    }
  }

  /** Forgets the real work of a task, so that the clock no longer waits for it. */
  forget(context: TaskContext): void {
    tasks.get(context)?.end();
  }

  /** Forgets the real work of all tasks, so that the clock no longer waits for it. */
  abandon(): void {
    for (const task of this.#tasks) task.end();
  }

  #first(): Begun | undefined {
    for (const task of this.#tasks) {
      const open = task.first();
      if (open) return open;
    }
    return undefined;
  }
}

/** The real work of one task. */
class TaskWork {
  readonly #name: string;
  readonly #context: TaskContext;
  /** The real work of each task of the same test bed or test machine. */
  readonly #all: Set<TaskWork>;
  /** The pieces of work that were begun. Undefined until there is one, since most handlers in tests do no real work. */
  #begun: Map<unknown, Begun> | undefined;
  #ended = false;

  constructor(name: string, context: TaskContext, all: Set<TaskWork>) {
    this.#name = name;
    this.#context = context;
    this.#all = all;
    all.add(this);
    tasks.set(context, this);
    if (tasks.size === 1) watch();
  }

  begin(id: unknown, name: string, isOpen: () => boolean): void {
    if (this.#ended) return;
    this.#begun ??= new Map();
    this.#begun.set(id, { task: this.#name, name, isOpen, begunAt: errorHere() });
  }

  /** Removes a piece of work that is done. */
  over(id: unknown): void {
    this.#begun?.delete(id);
  }

  /** Returns the oldest piece of work that is in progress. */
  first(): Begun | undefined {
    if (!this.#begun) return undefined;
    for (const begun of this.#begun.values()) if (begun.isOpen()) return begun;
    return undefined;
  }

  /** Called when none of the task's code is running any more, or when its work is no longer to be waited for. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#begun = undefined;
    this.#all.delete(this);
    tasks.delete(this.#context);
    if (tasks.size === 0) inNextTurn(unwatch);
  }
}

const storage = new AsyncLocalStorage<TaskWork>();
/**
 * The real work of each running task, by the task's context. It is needed where only the context is known, such as in a
 * listener of the task's signal. If there is no task, the hooks below are removed in the next turn of the event loop.
 */
const tasks = new Map<TaskContext, TaskWork>();
let isWatching = false;
/**
 * The task that began an asynchronous resource, by Node's id of the resource. Only resources whose end is known from no
 * other source than Node's `destroy` hook are in it.
 */
const owners = new Map<number, TaskWork>();

function currentWork(): TaskWork | undefined {
  const work = storage.getStore();
  if (work) return work;
  const task = currentTask();
  return task && tasks.get(task);
}

const begins = createHook({
  init(id, type, _trigger, resource) {
    if (type === 'PROMISE' || type === 'TickObject') return;
    const kind = kindOf(type);
    const task = kind && currentWork();
    if (!task) return;
    if (kind.endsUnseen) {
      if (owners.size === 0) ends.enable();
      owners.set(id, task);
    }
    task.begin(id, kind.name(resource), kind.watch(resource));
  },
});

/**
 * The `destroy` hook is separate and enabled only while a resource that needs it is open. While any `destroy` hook is
 * enabled, Node tracks the end of every promise, which is slow.
 */
const ends = createHook({
  destroy(id) {
    owners.get(id)?.over(id);
    if (owners.delete(id) && owners.size === 0) ends.disable();
  },
});

/**
 * The events of `fetch` and undici. Their requests are tracked by these events, not by sockets, since a request may use
 * a connection that another task has opened.
 */
const FETCHES = [
  ['undici:request:create', beginFetch],
  ['undici:request:trailers', endFetch],
  ['undici:request:error', endFetch],
] as const;
const fetchers = new WeakMap<object, TaskWork>();

function beginFetch(message: unknown): void {
  const request = requestOf(message);
  const task = request && currentWork();
  if (!task) return;
  fetchers.set(request, task);
  task.begin(request, 'an HTTP request', () => true);
}

function endFetch(message: unknown): void {
  const request = requestOf(message);
  if (request) fetchers.get(request)?.over(request);
}

function requestOf(message: unknown): object | undefined {
  const request: unknown = isObject(message) ? Reflect.get(message, 'request') : undefined;
  return isObject(request) ? request : undefined;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/**
 * The functions of WebAssembly that compile in another thread. Node's hooks don't report such work, so these functions
 * are wrapped while tasks run.
 */
const COMPILERS = ['compile', 'instantiate', 'compileStreaming', 'instantiateStreaming'] as const;
const compilers: unknown = Reflect.get(globalThis, 'WebAssembly');
const replaced = new Map<string, readonly [own: unknown, watching: unknown]>();

function watch(): void {
  if (isWatching) return;
  isWatching = true;
  begins.enable();
  for (const [name, listener] of FETCHES) channel(name).subscribe(listener);
  replaceCompilers();
}

function unwatch(): void {
  if (!isWatching || tasks.size > 0) return;
  isWatching = false;
  begins.disable();
  ends.disable();
  owners.clear();
  for (const [name, listener] of FETCHES) channel(name).unsubscribe(listener);
  restoreCompilers();
}

function replaceCompilers(): void {
  if (!isObject(compilers)) return;
  for (const name of COMPILERS) {
    const own: unknown = Reflect.get(compilers, name);
    if (typeof own !== 'function') continue;
    const watching = compileWatched(own as Compile);
    replaced.set(name, [own, watching]);
    Reflect.set(compilers, name, watching);
  }
}

function restoreCompilers(): void {
  if (!isObject(compilers)) return;
  for (const [name, [own, watching]] of replaced)
    if (Reflect.get(compilers, name) === watching) Reflect.set(compilers, name, own);
  replaced.clear();
}

type Compile = (...args: readonly unknown[]) => Promise<unknown>;

const compileWatched =
  (compile: Compile): Compile =>
  (...args) => {
    const compiled = compile(...args);
    const task = currentWork();
    if (!task) return compiled;
    const over = (): void => task.over(compiled);
    task.begin(compiled, 'WebAssembly', () => true);
    compiled.then(over, over);
    return compiled;
  };

/** The number of frames to record in a stack trace. The user's code may be far below Node's own functions. */
const FRAMES = 40;

function errorHere(): Error {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = FRAMES;
  const error = new Error('begun here');
  Error.stackTraceLimit = stackTraceLimit;
  return error;
}

function slow({ task, name, begunAt }: Begun, limitMs: number): string {
  const frames = (begunAt.stack ?? '')
    .split('\n')
    .filter((line) => OWN_FOLDER === undefined || !line.includes(OWN_FOLDER));
  const where = userFrame(frames.join('\n'));
  return [
    `${task} waits for ${name}${where === undefined ? '' : `, begun at ${where}`}, for more than ${limitMs / 1000} s of real time`,
    `Fix: mock what does that, so that it answers at once: mocks: [[TheClass, { … }]]; or give it more time: { realTimeLimit: '${(limitMs * 6) / 1000}s' }`,
  ].join('\n');
}
