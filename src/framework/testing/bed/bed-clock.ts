import type { Cancel } from '../../base/time/clock.js';
import type { TaskContext } from '../../declare/task-context.js';
import { currentTask } from '../../worker/handler/current-task.js';
import { OWN_ERROR } from '../../worker/handler/outcome/own-errors.js';
import { TestClock } from '../harness/test-clock.js';
import type { RunningTask } from './running-task.js';
import type { TaskResult } from './task-result.js';

/**
 * The clock of a test bed. It moves on by itself while tasks are run with `bed.run`. It stands still while a task is
 * open that was started with `bed.start`, since the test then moves it. A task that is run with `run` meanwhile gets
 * its own clock, which begins at the same time and moves on by itself.
 */
export class BedClock extends TestClock {
  /**
   * The number of tasks that were started with `bed.start` and haven't ended. While there are any, only the test moves
   * the clock.
   */
  started = 0;
  /** The own clocks of tasks that were run with `bed.run` while a task of `bed.start` was open. */
  readonly #own = new WeakMap<TaskContext, TestClock>();
  #hasOwn = false;

  override now(): number {
    return this.#ownClock()?.now() ?? super.now();
  }

  override after(ms: number, fn: () => void): Cancel {
    return this.#ownClock()?.after(ms, fn) ?? super.after(ms, fn);
  }

  override get moves(): boolean {
    return this.#ownClock()?.moves ?? super.moves;
  }

  /** Returns the clock for a task of `bed.run`. */
  forRun(): TestClock {
    return this.started === 0 ? this : new TestClock(this.work, this.now());
  }

  /**
   * Moves the clock of a task on by itself until the task has ended, or has failed and ignores its signal.
   * @param clock what {@link forRun} has returned for the task
   * @param ended resolves when the task's result was sent and its handler has settled
   * @throws an Error if the task can't end
   */
  async runTask(name: string, task: RunningTask, clock: TestClock, ended: Promise<void>): Promise<void> {
    const { context, outcome } = task;
    if (clock !== this) {
      this.#own.set(context, clock);
      this.#hasOwn = true;
    }
    const owns = (each: TaskContext): boolean => each === context;
    const goal = { isReached: () => false, progress: () => 0, running: () => [name], owns };
    // After the deadline, the code that the signal's abort has made run may still do something.
    const late = outcome.then((result) => (isLate(result) ? clock.turns() : ended));
    try {
      await Promise.race([ended, late, clock.reach(goal)]);
    } finally {
      clock.drop(goal);
      this.work.forget(context);
    }
  }

  protected override get watched(): boolean {
    return this.started > 0;
  }

  #ownClock(): TestClock | undefined {
    const task = this.#hasOwn ? currentTask() : undefined;
    return task && this.#own.get(task);
  }
}

const isLate = (result: TaskResult): boolean =>
  result.status === 'failed' && result.error === OWN_ERROR.deadlineExceeded;
