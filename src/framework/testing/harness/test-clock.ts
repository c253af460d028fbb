import { BaseClock, type Cancel, type Clock } from '../../base/time/clock.js';
import { showDuration } from '../../base/time/duration.js';
import { HandClock } from './hand-clock.js';
import { IntervalHeartbeats } from './task-runtime.js';
import { inNextTurn, nap, realNow } from '../work/real-time.js';
import { SlowWork, type RealWork } from '../work/real-work.js';
import type { TaskContext } from '../../declare/task-context.js';

/** A call of a test that ends when something has happened. Until then the clock moves on by itself. */
export interface Goal {
  /** Returns true when it has happened. Called only while nothing more happens without moving the clock. */
  readonly isReached: () => boolean;
  /** Returns true if it can't happen any more, so that the call ends too. @default it always can */
  readonly isHopeless?: () => boolean;
  /** The time at which the clock stops for the call, in epoch milliseconds. @default it stops for no time */
  readonly stopAt?: number;
  /** Returns a number that changes whenever something has progressed, such as the number of finished tasks. */
  readonly progress: () => number;
  /** Returns the names of the running handlers, for an error message. */
  readonly running: () => readonly string[];
  /** Returns true for a task that the call waits for. Real work of it that is too slow ends this call, and no other. */
  readonly owns: (task: TaskContext) => boolean;
}

/**
 * The clock gives up after this many steps (from one timer to the next) for each millisecond of the limit of real time.
 * Only steps in which a new timer was set count, and progress resets the count. So the error comes before a test
 * runner's own limit of 5 s.
 */
const STEPS_PER_MS = 4;
/**
 * The most steps in a row in which only heartbeat timers fire. Such steps are useful, since a heartbeat can report that
 * its task has timed out, which frees a slot of the handler.
 */
const MOST_BEATS = 1_000;
const LONGEST_NAP_MS = 10;
/** The most real milliseconds that count for one nap. Time in which other code blocks the process doesn't count. */
const LATEST_NAP_MS = 50;

/**
 * Clocks that will begin to move in the next turn of the event loop. Most tasks of a test bed need no time on the clock,
 * and have ended by then. Thousands of them may run before that turn, so that no clock is kept for it longer than needed.
 */
const resting = new Set<TestClock>();
let isTurnAwaited = false;

function moveSoon(clock: TestClock): void {
  resting.add(clock);
  if (isTurnAwaited) return;
  isTurnAwaited = true;
  inNextTurn(() => {
    isTurnAwaited = false;
    const clocks = [...resting];
    resting.clear();
    for (const each of clocks) void each.move();
  });
}

/**
 * A clock for tests that moves on by itself while a call of the test waits for something. It moves from one timer to the
 * next, and never while tasks do real work, such as reading a file.
 */
export class TestClock extends HandClock {
  /** The same time. Its timers are set by {@link TestClock.limit}. */
  readonly limits: Clock = new LimitClock(this);
  /** Sends the heartbeats of all tasks. */
  readonly heartbeats = new IntervalHeartbeats(this);
  /** Returns true if more will happen by itself, without moving the clock. */
  isBusy: () => boolean = () => false;
  readonly #goals = new Map<
    Goal,
    { readonly resolve: () => void; readonly reject: (error: unknown) => void }
  >();
  #timersSet = 0;
  /** The number of timers that `limit` has set and that wait. */
  #limits = 0;
  #reached = 0;
  /** The real milliseconds that the clock has waited for real work. They don't count for the limit of a step. */
  #worked = 0;
  #isMoving = false;

  constructor(
    readonly work: RealWork,
    start?: number,
  ) {
    super(start);
  }

  /** True while the clock moves on by itself. */
  get moves(): boolean {
    return this.#goals.size > 0;
  }

  /** True if the clock doesn't wait for real work, because the test itself moves it, for a task of `bed.start`. */
  protected get watched(): boolean {
    return false;
  }

  override after(ms: number, fn: () => void): Cancel {
    this.#timersSet++;
    return super.after(ms, fn);
  }

  /**
   * Sets a timer to which the clock moves, if no other is set, only after it has waited in real time, as it does for a
   * handler that seems to be waiting for nothing.
   */
  limit(ms: number, fn: () => void): Cancel {
    this.#limits++;
    let isSet = true;
    const end = (): void => {
      if (isSet) this.#limits--;
      isSet = false;
    };
    const cancel = super.after(ms, () => {
      end();
      fn();
    });
    return () => {
      end();
      cancel();
    };
  }

  /** Waits until nothing more happens without moving the clock, but doesn't wait for real work. */
  turns(): Promise<void> {
    return super.settle();
  }

  /**
   * Waits like {@link HandClock.settle}, and then until no task does real work.
   * @throws an Error that names work which takes too long
   */
  override async settle(until?: () => boolean): Promise<void> {
    await super.settle(until);
    if (until) return;
    const by = realNow() + this.work.limitMs;
    while (this.work.isOpen(this.watched)) {
      this.#worked += await this.work.rest(by, this.watched);
      await super.settle();
    }
  }

  /**
   * Moves the clock on from timer to timer until the goal is reached or hopeless.
   * @throws an Error that names the running handlers if they never end, or work that takes too long
   */
  reach(goal: Goal): Promise<void> {
    if (!this.#isMoving) moveSoon(this);
    return new Promise((resolve, reject) => this.#goals.set(goal, { resolve, reject }));
  }

  /** Ends the call of a goal at once. */
  drop(goal: Goal): void {
    this.#end(goal);
  }

  /** Moves the clock on until all goals are reached. */
  async move(): Promise<void> {
    if (this.#isMoving) return;
    this.#isMoving = true;
    while (this.#goals.size > 0) {
      try {
        await this.#moveOn();
      } catch (error) {
        this.#fail(error);
      }
    }
    this.#isMoving = false;
  }

  async #moveOn(): Promise<void> {
    for (let stage = this.#newStage(); ;) {
      await this.#quiet();
      for (const goal of this.#goals.keys()) if (goal.isReached() || goal.isHopeless?.()) this.#end(goal);
      if (this.#goals.size === 0) return;
      if (this.#progress !== stage.progress) stage = this.#newStage();
      const due = this.#due;
      if (this.#limits > 0 && this.#limits >= this.pending && due !== undefined && (await this.#changes(due)))
        continue;
      if (due !== undefined && (this.#mayProgress || stage.beats++ < MOST_BEATS)) {
        this.#step(stage);
        // The timers that are due now fire while the clock settles.
        this.stall(Math.max(due - this.now(), 0));
      } else if (!(await this.#changes(due))) throw new Error(this.#idle());
    }
  }

  /** Waits until nothing happens any more, and nothing outside of the clock is under way. */
  async #quiet(): Promise<void> {
    await this.settle();
    while (this.isBusy()) {
      await nap(1);
      await this.settle();
    }
  }

  /** Ends the calls for whose task work is too slow; all calls if there is no such call, or with any other error. */
  #fail(error: unknown): void {
    const own = [...this.#goals].filter(([{ owns }]) => error instanceof SlowWork && owns(error.context));
    for (const [goal, { reject }] of own.length > 0 ? own : [...this.#goals]) {
      reject(error);
      this.#goals.delete(goal);
    }
  }

  #end(goal: Goal): void {
    this.#goals.get(goal)?.resolve();
    if (this.#goals.delete(goal)) this.#reached++;
    if (this.#goals.size === 0) resting.delete(this);
  }

  /** The time to which the clock moves next. */
  get #due(): number | undefined {
    if (this.watched) return undefined;
    const stops = [...this.#goals.keys()].flatMap(({ stopAt }) => stopAt ?? []);
    const due = Math.min(this.next ?? Number.POSITIVE_INFINITY, ...stops);
    return Number.isFinite(due) ? due : undefined;
  }

  /** True if a timer is set that can lead to progress. The heartbeats of running tasks don't count. */
  get #mayProgress(): boolean {
    return (
      this.pending > this.heartbeats.waiting ||
      [...this.#goals.keys()].some(({ stopAt }) => stopAt !== undefined)
    );
  }

  /** A number that changes whenever something has progressed. */
  get #progress(): number {
    return [...this.#goals.keys()].reduce((sum, { progress }) => sum + progress(), this.#reached);
  }

  #newStage(): Stage {
    return {
      progress: this.#progress,
      began: this.#ownTime,
      from: this.now(),
      asked: this.#asked,
      steps: 0,
      beats: 0,
    };
  }

  /** A real time that stands still while the clock waits for real work. */
  get #ownTime(): number {
    return realNow() - this.#worked;
  }

  /** The number of timers that were ever set, except those for heartbeats. */
  get #asked(): number {
    return this.#timersSet - this.heartbeats.timersSet;
  }

  /**
   * Counts a step if a new timer was set since the last step.
   * @throws an Error after too many steps, or after too much real time without real work
   */
  #step(stage: Stage): void {
    if (this.#asked === stage.asked) return;
    stage.asked = this.#asked;
    stage.steps++;
    const { limitMs } = this.work;
    if (stage.steps <= limitMs * STEPS_PER_MS && this.#ownTime - stage.began <= limitMs) return;
    const passed = showDuration(this.now() - stage.from);
    throw new Error(
      `${this.#names()}, however far the clock runs ahead: ${passed} in ${stage.steps} steps\n${this.#fix()}`,
    );
  }

  /** Waits, in real time, until there is progress or a timer changes. Returns false if neither happens in `idleMs`. */
  async #changes(due: number | undefined): Promise<boolean> {
    const [progress, pending] = [this.#progress, this.pending];
    let waited = 0;
    for (let ms = 1; waited <= this.work.idleMs; ms = Math.min(ms * 2, LONGEST_NAP_MS)) {
      const from = realNow();
      await nap(ms);
      if (this.#progress !== progress || this.pending !== pending || this.#due !== due || this.work.isOpen())
        return true;
      if ([...this.#goals.keys()].some((goal) => goal.isReached() || goal.isHopeless?.())) return true;
      waited += Math.min(realNow() - from, LATEST_NAP_MS);
    }
    return false;
  }

  #idle(): string {
    return `${this.#names()} in ${this.work.idleMs / 1000} real seconds: no file or socket is on its way for it, and nothing is due by the clock\n${this.#fix()}`;
  }

  #names(): string {
    const names = [...new Set([...this.#goals.keys()].flatMap(({ running }) => running()))];
    return `${names.join(', ')} ${names.length > 1 ? 'have' : 'has'} not ended`;
  }

  #fix(): string {
    return `Fix: mock what it waits for, so that it settles; or give it a limit, by \`timeout\` of @Handle or "TimeoutSeconds" of the state; or give it more time: { realTimeLimit: '${(this.work.limitMs * 6) / 1000}s' }`;
  }
}

/** The time of a test's clock, whose timers are all limits. */
class LimitClock extends BaseClock {
  readonly #clock: TestClock;

  constructor(clock: TestClock) {
    super();
    this.#clock = clock;
  }

  override now(): number {
    return this.#clock.now();
  }

  override after(ms: number, fn: () => void): Cancel {
    return this.#clock.limit(ms, fn);
  }
}

/** Counts what has happened since the last progress. */
interface Stage {
  readonly progress: number;
  /** The real time of the last progress, less the time for which the clock has waited for real work. */
  readonly began: number;
  /** The time on the clock at the last progress. */
  readonly from: number;
  asked: number;
  steps: number;
  beats: number;
}
