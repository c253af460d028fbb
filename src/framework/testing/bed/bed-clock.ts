import type { Cancel } from '../../base/time/clock.js';
import type { TaskContext } from '../../declare/task-context.js';
import { currentTask } from '../../worker/handler/context/current-task.js';
import { inNextTurn } from '../harness/real-time.js';
import { runAhead } from '../harness/run-ahead.js';
import { TestClock } from '../harness/test-clock.js';

/** A task that was run with the bed's `run` and has not ended. */
export interface Run {
  /** The handler's name. */
  readonly name: string;
  readonly context: TaskContext;
  /** Called with an error if the task doesn't end. */
  readonly fail: (error: unknown) => void;
}

/**
 * The clocks that will begin to run ahead in the next turn of the event loop. They don't begin at once, since most
 * tasks need no time on the clock and have ended by then.
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

/** A clock that runs ahead by itself, from timer to timer, while tasks are run. */
class RunClock extends TestClock {
  readonly #runs = new Set<Run>();
  #progress = 0;
  #follows = false;

  /** True while the clock must not run ahead. */
  protected get stands(): boolean {
    return false;
  }

  /**
   * Runs a task. Until the task has settled, the clock moves on to the next timer whenever the process has nothing else
   * to do.
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

  /** Lets the clock run ahead until no task is left that was run with `runTask`. */
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
 * The clock of a bed. It runs ahead while tasks are run with the bed's `run`, and stands still while a task is open
 * that was started with the bed's `start`. A task that is run while a started one is open gets its own clock, which
 * begins at the present time and runs ahead.
 */
export class BedClock extends RunClock {
  /** The number of tasks that were started with `start` and have not settled. Only the test moves their time. */
  started = 0;
  /** The clock of each task that was run while a started task was open. */
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
