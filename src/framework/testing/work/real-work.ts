import { OWN_FOLDER } from '../../base/package.js';
import type { Clock } from '../../base/time/clock.js';
import { userFrame } from '../../declare/discovery/load.js';
import type { TaskContext } from '../../declare/task-context.js';
import type { CompiledHandler } from '../../worker/handler/compile.js';
import { currentTask } from '../../worker/handler/current-task.js';
import { inNextTurn, isOwnTimer, nap, nextTurn, realNow } from './real-time.js';
import { TaskTimer } from './task-timer.js';
import { isVitestImporting, unwatch, watch } from './work-hooks.js';

/** A piece of real work (not done by mocks or on the clock) that a task has begun, such as reading a file. */
interface Begun {
  readonly task: string;
  readonly context: TaskContext;
  /** The name of the work for error messages. */
  readonly name: string;
  readonly isTimer?: boolean;
  /** @param quietMs for how many real milliseconds a socket that has answered is silent before it is idle */
  readonly isOpen: (quietMs: number) => boolean;
  /** An Error that is never thrown. Its stack shows where the work was begun. */
  readonly begunAt: Error;
}

/** A piece of real work has taken longer than the limit of real time. */
export class SlowWork extends Error {
  /** The context of the task that has begun the work. */
  readonly context: TaskContext;

  constructor(work: Begun, limitMs: number) {
    super(slow(work, limitMs));
    this.context = work.context;
  }
}

/** The limits for waiting in real time. */
export interface RealTimeLimits {
  /** The most real milliseconds that a piece of real work (a file, a socket) may take. */
  readonly limitMs: number;
  /**
   * A handler is considered stuck if, for this many real milliseconds, no real work is in progress for it and no timer
   * is set on the clock.
   */
  readonly idleMs: number;
}

/** A handler, with the function that runs it with one task. */
interface TrackedHandler {
  readonly definition: { readonly name: string };
  readonly handle: CompiledHandler;
}

/** The clock of the tasks. */
interface MovingClock extends Clock {
  /** True while the clock moves on by itself. */
  readonly moves: boolean;
}

/**
 * While waiting for work, turns of the event loop follow each other without a pause for this many real milliseconds.
 * Later there is a pause between them.
 */
const BUSY_MS = 1;
/**
 * A socket that has answered is considered idle after this many real milliseconds without traffic, or after half the
 * limit of real time. A server may pause within an answer, and such a pause must not look like the end.
 */
const QUIET_MS = 1_000;
/** If a timer is about to fire when the limit of real time has passed, it must fire in this many turns of the event loop. */
const LATE_TURNS = 100;

/** The real work of all tasks of a test bed or a test machine. The clock doesn't move while there is any. */
export class RealWork {
  /** The most real milliseconds that the clock waits for real work. */
  readonly limitMs: number;
  /** The most real milliseconds that the clock waits for a handler that seems to be waiting for nothing. */
  readonly idleMs: number;
  readonly #quietMs: number;
  readonly #tasks = new Set<TaskWork>();

  constructor({ limitMs, idleMs }: RealTimeLimits) {
    this.limitMs = limitMs;
    this.#quietMs = Math.min(QUIET_MS, limitMs / 2);
    this.idleMs = idleMs;
  }

  /**
   * Returns handlers that do the same and whose real work is tracked, from the call until none of the task's code is
   * running. Node's timers that a task sets run on the clock.
   */
  trackAll<Handler extends TrackedHandler>(handlers: readonly Handler[], clock: MovingClock): Handler[] {
    return handlers.map((each) => ({ ...each, handle: this.#track(each, clock) }));
  }

  #track({ definition, handle }: TrackedHandler, clock: MovingClock): CompiledHandler {
    return async (text, context, onEnd) => {
      const task = new TaskWork(definition.name, context, clock, this.#tasks);
      try {
        await handle(text, context, onEnd);
      } finally {
        task.end();
      }
    };
  }

  /**
   * True while a timer of a task is about to fire, or any task has other real work in progress.
   * @param timersOnly true to ask only for timers
   */
  isOpen(timersOnly = false): boolean {
    return this.#first(timersOnly) !== undefined;
  }

  /**
   * Waits until no task has real work in progress.
   * @param by the time until which to wait, as returned by `realNow`.
   * @param timersOnly true to wait only for the timers that are about to fire
   * @returns for how many real milliseconds it has waited, except for timers
   * @throws SlowWork if some is still in progress then
   */
  async rest(by: number, timersOnly = false): Promise<number> {
    const began = realNow();
    let late = 0;
    let waited = 0;
    for (let work = this.#first(timersOnly); work; work = this.#first(timersOnly)) {
      const now = realNow();
      if (now > by && (late++ > LATE_TURNS || !this.isOpen(true))) throw new SlowWork(work, this.limitMs);
      if (!timersOnly) for (const task of this.#tasks) task.fireLate();
      await (now - began > BUSY_MS ? nap(1) : nextTurn());
      if (!work.isTimer) waited += realNow() - now;
    }
    return waited;
  }

  /** Forgets the real work of a task, so that the clock no longer waits for it. */
  forget(context: TaskContext): void {
    tasks.get(context)?.end();
  }

  /** Forgets the real work of all tasks, so that the clock no longer waits for it. */
  abandon(): void {
    for (const task of this.#tasks) task.end();
  }

  #first(timersOnly: boolean): Begun | undefined {
    for (const task of this.#tasks) {
      const open = timersOnly ? task.firing : task.first(this.#quietMs);
      if (open) return open;
    }
    const [task] = this.#tasks;
    return task && !timersOnly && isVitestImporting() ? task.importing : undefined;
  }
}

/** The real work of one task. */
class TaskWork {
  readonly #timers = new Set<TaskTimer>();
  /** The pieces of work that were begun. Undefined until there is one, since most handlers in tests do no real work. */
  #begun: Map<unknown, Begun> | undefined;
  #ended = false;

  constructor(
    private readonly name: string,
    private readonly context: TaskContext,
    private readonly clock: MovingClock,
    /** The real work of each task of the same test bed or test machine. */
    private readonly all: Set<TaskWork>,
  ) {
    all.add(this);
    tasks.set(context, this);
    if (tasks.size === 1) watch(workOfCaller);
  }

  /** @param isOpen returns true while the work is in progress. @default until `over` is called */
  begin(id: unknown, name: string, isOpen: Begun['isOpen'] = () => true): void {
    if (this.#ended) return;
    this.#begun ??= new Map();
    this.#begun.set(id, { task: this.name, context: this.context, name, isOpen, begunAt: errorHere() });
  }

  /** Puts a timer that Node is creating on the clock. */
  addTimer(timer: object): void {
    if (!this.#ended) this.#timers.add(new TaskTimer(timer, this.clock, this.clock.moves));
  }

  /** Removes a piece of work that is done. */
  over(id: unknown): void {
    this.#begun?.delete(id);
  }

  /** The work of a timer that is about to fire. */
  get firing(): Begun | undefined {
    for (const timer of this.#timers) {
      if (timer.isFiring) return { ...this.#unseen('a timer'), isTimer: true };
      if (!timer.isSet) this.#remove(timer);
    }
    return undefined;
  }

  /** Returns the oldest piece of work that is in progress. */
  first(quietMs: number): Begun | undefined {
    if (this.#begun) for (const begun of this.#begun.values()) if (begun.isOpen(quietMs)) return begun;
    return this.firing;
  }

  /** The work of loading a module, of which it isn't known which task has begun it. */
  get importing(): Begun {
    return this.#unseen('an import');
  }

  /** Makes each timer fire whose delay has passed in real time. */
  fireLate(): void {
    for (const timer of this.#timers) timer.fireLate();
  }

  /** Called when none of the task's code is running any more, or when its work is no longer to be waited for. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#begun = undefined;
    for (const timer of this.#timers) this.#remove(timer);
    this.all.delete(this);
    tasks.delete(this.context);
    if (tasks.size === 0) inNextTurn(() => tasks.size === 0 && unwatch());
  }

  #unseen(name: string): Begun {
    return { task: this.name, context: this.context, name, isOpen: () => true, begunAt: NOWHERE };
  }

  #remove(timer: TaskTimer): void {
    timer.release();
    this.#timers.delete(timer);
  }
}

const NOWHERE = new Error();

/**
 * The real work of each running task, by the task's context. If there is no task, Node is no longer watched from the
 * next turn of the event loop on.
 */
const tasks = new Map<TaskContext, TaskWork>();

/** Returns the real work of the task for which the calling code is running. */
function workOfCaller(): TaskWork | undefined {
  const task = isOwnTimer() ? undefined : currentTask();
  return task && tasks.get(task);
}

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
