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

/** Something real that was begun for a task: a file, a hash, a socket, a timer. */
interface Begun {
  readonly task: string;
  /** Names it in an error. */
  readonly name: string;
  readonly isOpen: () => boolean;
  /** Thrown by nobody: its stack tells where the work was begun. */
  readonly begunAt: Error;
}

/** The real milliseconds for which the event loop's turns follow each other at once. Then the process sleeps. */
const BUSY_MS = 1;

/** The real work of the tasks of a bed or a test machine, which time by the clock waits for. */
export class RealWork {
  /** The longest that time waits for work, in real milliseconds. */
  readonly limitMs: number;
  /** The longest that time waits for a handler without any, in real milliseconds. */
  readonly idleMs: number;
  readonly #tasks = new Set<TaskWork>();

  constructor({ limitMs, idleMs }: RealTimeLimits) {
    this.limitMs = limitMs;
    this.idleMs = idleMs;
  }

  /** Makes a handler with the same outcomes whose work is seen, from its call until nothing of the task is left. */
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

  /** Makes handlers whose work is seen. */
  trackAll(handlers: readonly BedHandler[]): BedHandler[] {
    return handlers.map((each) => ({ ...each, handle: this.#track(each.definition.name, each.handle) }));
  }

  /** True while work is on its way for a task. */
  get isOpen(): boolean {
    return this.#first() !== undefined;
  }

  /**
   * Resolves when nothing is on its way for a task.
   * @param by the real time to wait until, by `realNow`. @throws an Error that names the work after it
   */
  async rest(by: number): Promise<void> {
    const began = realNow();
    for (let work = this.#first(); work; work = this.#first()) {
      const now = realNow();
      if (now > by) throw new Error(slow(work, this.limitMs));
      await (now - began > BUSY_MS ? nap(1) : nextTurn());
    }
  }

  /** Forgets a task, whose work is waited for no longer. */
  forget(context: TaskContext): void {
    tasks.get(context)?.end();
  }

  /** Forgets all tasks. */
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
  /** All tasks of its bed or machine. */
  readonly #all: Set<TaskWork>;
  /** Undefined before the first, since most handlers in tests begin none. */
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

  /** Forgets work that is over. */
  over(id: unknown): void {
    this.#begun?.delete(id);
  }

  /** Returns the oldest work that is on its way. */
  first(): Begun | undefined {
    if (!this.#begun) return undefined;
    for (const begun of this.#begun.values()) if (begun.isOpen()) return begun;
    return undefined;
  }

  /** Called when nothing of the task is left, or nobody waits for it any more. */
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
 * The work of each task that runs, found by its context for what runs in that alone, such as the listeners of its signal.
 * Where no task runs, nothing is hooked from the next turn on.
 */
const tasks = new Map<TaskContext, TaskWork>();
let isWatching = false;
/** The tasks that begun the resources whose end only Node tells. */
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

/** By itself, and only while such a resource is open: for a hook with `destroy`, Node follows each promise to its end. */
const ends = createHook({
  destroy(id) {
    owners.get(id)?.over(id);
    if (owners.delete(id) && owners.size === 0) ends.disable();
  },
});

/** The calls of `fetch` and undici, which may go over a connection that another task has opened. */
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

/** The functions of WebAssembly that compile in another thread, of which Node has no resource. */
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

/** The user's code may lie deep below what Node does for it. */
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
