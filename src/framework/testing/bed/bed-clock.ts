import type { Cancel } from '../../base/time/clock.js';
import type { TaskContext } from '../../declare/task-context.js';
import { currentTask } from '../../worker/handler/context/current-task.js';
import { inNextTurn } from '../harness/real-time.js';
import { runAhead } from '../harness/run-ahead.js';
import { TestClock } from '../harness/test-clock.js';

/** A task that a test has started with `bed.run(…)` and that hasn't ended. */
export interface Run {
  /** The handler's name. */
  readonly name: string;
  readonly context: TaskContext;
  /** Makes `bed.run(…)` reject with an error. Called if the task can't end. */
  readonly fail: (error: unknown) => void;
}

/**
 * Clocks that will start to move on by themselves in the next turn of the event loop. They don't start at once, because
 * most tasks need no time on the clock and will have ended by then.
 */
const unfollowed = new Set<RunClock>();
let isTurnAwaited = false;

function followSoon(clock: RunClock): void {
  unfollowed.add(clock);
  if (isTurnAwaited) return;
  isTurnAwaited = true;
  inNextTurn(() => {
    isTurnAwaited = false;
    const clocks = [...unfollowed];
    unfollowed.clear();
    for (const each of clocks) void each.follow();
  });
}

/** A test clock that moves on by itself, from one timer to the next, while tasks are run. */
class RunClock extends TestClock {
  readonly #runs = new Set<Run>();
  #progress = 0;
  #follows = false;

  /** True while the clock must not move on by itself. */
  protected get stands(): boolean {
    return false;
  }

  /**
   * Runs a task. Until the task has ended, the clock moves on to the next timer each time that the process has nothing
   * else to do.
   */
  async runTask<T>(run: Run, work: () => Promise<T>): Promise<T> {
    this.#runs.add(run);
    this.#progress++;
    followSoon(this);
    try {
      return await work();
    } finally {
      this.#runs.delete(run);
      this.#progress++;
      if (this.#runs.size === 0) unfollowed.delete(this);
    }
  }

  /** Moves the clock on from timer to timer until every task that was run with `runTask` has ended. */
  async follow(): Promise<void> {
    if (this.#follows) return;
    this.#follows = true;
    while (this.#runs.size > 0) await this.#runAhead().catch((error: unknown) => this.#fail(error));
    this.#follows = false;
  }

  #runAhead(): Promise<void> {
    const next = (): number | undefined => (this.stands ? undefined : this.next);
    return runAhead({
      clock: this,
      next,
      isDone: () => this.#runs.size === 0,
      mayMove: () => true,
      asked: () => this.timersSet,
      progress: () => this.#progress,
      running: () => [...this.#runs].map(({ name }) => name),
    });
  }

  #fail(error: unknown): void {
    for (const { context, fail } of this.#runs) {
      this.work.forget(context);
      fail(error);
    }
    this.#runs.clear();
  }
}

/**
 * The clock of a test bed. It moves on by itself while tasks are run with `bed.run`. It stands still while a task is
 * open that was started with `bed.start`, since the test then moves it. A task that is run with `run` meanwhile gets
 * its own clock, which begins at the same time and moves on by itself.
 */
export class BedClock extends RunClock {
  /**
   * The number of tasks that were started with `bed.start` and haven't ended. While there are any, only the test moves
   * the clock.
   */
  started = 0;
  /** The own clocks of tasks that were run with `bed.run` while a task of `bed.start` was open. */
  readonly #own = new WeakMap<TaskContext, RunClock>();
  #hasOwn = false;

  override now(): number {
    return this.#ownClock()?.now() ?? super.now();
  }

  override after(ms: number, fn: () => void): Cancel {
    return this.#ownClock()?.after(ms, fn) ?? super.after(ms, fn);
  }

  override runTask<T>(run: Run, work: () => Promise<T>): Promise<T> {
    if (this.started === 0) return super.runTask(run, work);
    const own = new RunClock(this.work, this.now());
    this.#own.set(run.context, own);
    this.#hasOwn = true;
    return own.runTask(run, work);
  }

  protected override get stands(): boolean {
    return this.started > 0;
  }

  protected override get watched(): boolean {
    return this.started > 0;
  }

  #ownClock(): RunClock | undefined {
    const task = this.#hasOwn ? currentTask() : undefined;
    return task && this.#own.get(task);
  }
}
