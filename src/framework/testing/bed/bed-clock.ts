import type { Cancel } from '../../base/time/clock.js';
import type { TaskContext } from '../../declare/task-context.js';
import { currentTask } from '../../worker/handler/context/current-task.js';
import { TestClock } from '../harness/test-clock.js';

/** A task that a test has started with `bed.run(…)`. */
interface Run {
  /** The handler's name. */
  readonly name: string;
  readonly context: TaskContext;
  /** Makes `bed.run(…)` reject with an error. Called if the task can't end. */
  readonly fail: (error: unknown) => void;
}

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

  /** Runs a task. Until the task has ended, its clock moves on by itself. */
  async runTask<T>({ name, context, fail }: Run, work: () => Promise<T>): Promise<T> {
    const clock = this.#clockFor(context);
    const goal = { isReached: () => false, progress: () => 0, running: () => [name], context };
    clock.reach(goal).catch((error: unknown) => {
      this.work.forget(context);
      fail(error);
    });
    try {
      return await work();
    } finally {
      clock.drop(goal);
    }
  }

  protected override get watched(): boolean {
    return this.started > 0;
  }

  #clockFor(context: TaskContext): TestClock {
    if (this.started === 0) return this;
    const own = new TestClock(this.work, this.now());
    this.#own.set(context, own);
    this.#hasOwn = true;
    return own;
  }

  #ownClock(): TestClock | undefined {
    const task = this.#hasOwn ? currentTask() : undefined;
    return task && this.#own.get(task);
  }
}
