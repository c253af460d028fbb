import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import { fileURLToPath } from 'node:url';
import { userFrame } from '../../declare/discovery/load.js';
import type { TaskContext } from '../../declare/task-context.js';
import type { CompiledHandler } from '../../worker/handler/compile.js';
import type { BedHandler } from './bed-handlers.js';
import { currentTask } from '../../worker/handler/context/current-task.js';
import type { RealTimeLimits } from './options.js';
import { inNextTurn, nap, nextTurn, realNow } from './real-time.js';
import { kindOf } from './work-kinds.js';

/** A piece of real work that was begun for a task, such as a file, a hash, a socket or a timer. */
interface Begun {
  readonly task: string;
  /** The name of the work in error messages. */
  readonly name: string;
  readonly isOpen: () => boolean;
  /** An Error that is never thrown. Its stack shows where the work was begun. */
  readonly begunAt: Error;
}

/**
 * For this many real milliseconds, the process waits for the next turn of the event loop at once. After that it sleeps
 * between turns.
 */
const BUSY_MS = 1;

/** The real work of the tasks of a bed or a test machine. The clock doesn't move while there is any. */
export class RealWork {
  /** The most real milliseconds that the clock waits for work. */
  readonly limitMs: number;
  /** The most real milliseconds that the clock waits for a handler that has no work in progress. */
  readonly idleMs: number;
  readonly #tasks = new Set<TaskWork>();

  constructor({ limitMs, idleMs }: RealTimeLimits) {
    this.limitMs = limitMs;
    this.idleMs = idleMs;
  }

  /**
   * Makes a handler that returns the same outcomes and whose real work is tracked, from the handler's call until no
   * code of the task is running.
   */
  #track(name: string, handle: CompiledHandler): CompiledHandler {
    return async (text, context, onOutcome) => {
      const task = new TaskWork(name, context, this.#tasks);
      try {
        await storage.run(task, () => handle(text, context, onOutcome));
      } finally {
        task.end();
      }
    };
  }

  /** Makes handlers whose real work is tracked. */
  trackAll(handlers: readonly BedHandler[]): BedHandler[] {
    return handlers.map((each) => ({ ...each, handle: this.#track(each.definition.name, each.handle) }));
  }

  /** True while work is in progress for any task. */
  get isOpen(): boolean {
    return this.#first() !== undefined;
  }

  /**
   * Waits until no work is in progress for any task.
   * @param by the time until which to wait, as returned by `realNow`.
   * @throws an Error that names the work if it is still in progress then
   */
  async rest(by: number): Promise<void> {
    const began = realNow();
    for (let work = this.#first(); work; work = this.#first()) {
      const now = realNow();
      if (now > by) throw new Error(slow(work, this.limitMs));
      await (now - began > BUSY_MS ? nap(1) : nextTurn());
    }
  }

  /** Stops waiting for the work of a task. */
  forget(context: TaskContext): void {
    tasks.get(context)?.end();
  }

  /** Stops waiting for the work of all tasks. */
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

/** The work of one task. */
class TaskWork {
  readonly #name: string;
  readonly #context: TaskContext;
  /** The work of all tasks of the same bed or test machine. */
  readonly #all: Set<TaskWork>;
  /** The work that is in progress; undefined until there is some, since most handlers in tests do no real work. */
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

  /** Called when no code of the task is running, or its work is no longer waited for. */
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
 * The work of each running task, by the task's context. It is for code that knows only the context, such as a listener
 * of the task's signal. When no task is running, the hooks are removed in the next turn of the event loop.
 */
const tasks = new Map<TaskContext, TaskWork>();
let isWatching = false;
/** For resources whose end only Node reports, by their async id: the work of the task that began them. */
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
 * A hook of its own, which is enabled only while such a resource is open: if any hook has a `destroy`, Node follows
 * each promise to its end, which is slow.
 */
const ends = createHook({
  destroy(id) {
    owners.get(id)?.over(id);
    if (owners.delete(id) && owners.size === 0) ends.disable();
  },
});

/**
 * The events of `fetch` and undici. Their requests are tracked separately, since they may use a connection that another
 * task has opened.
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

/** The functions of WebAssembly that compile in another thread. Node has no resource by which they could be tracked. */
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

/** The length of stack traces to record, since the user's code may be called far below Node's own functions. */
const FRAMES = 40;

function errorHere(): Error {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = FRAMES;
  const error = new Error('begun here');
  Error.stackTraceLimit = stackTraceLimit;
  return error;
}

const OWN_FOLDER = fileURLToPath(new URL('../..', import.meta.url));

function slow({ task, name, begunAt }: Begun, limitMs: number): string {
  const frames = (begunAt.stack ?? '').split('\n').filter((line) => !line.includes(OWN_FOLDER));
  const where = userFrame(frames.join('\n'));
  return [
    `${task} waits for ${name}${where === undefined ? '' : `, begun at ${where}`}, for more than ${limitMs / 1000} s of real time`,
    `Fix: mock what does that, so that it answers at once: mocks: [[TheClass, { … }]]; or give it more time: { realTimeLimit: '${(limitMs / 1000) * 6}s' }`,
  ].join('\n');
}
