import type { Cancel } from '../../base/time/clock.js';
import type { TaskContext } from '../../declare/task-context.js';
import { currentTask } from '../../worker/handler/current-task.js';
import { TestClock } from '../harness/test-clock.js';

/** A task that a test has started with `bed.run(…)`. */
interface Run<T> {
  /** The handler's name. */
  readonly name: string;
  readonly context: TaskContext;
  readonly timeoutMs: number | false;
  /** Called when the task has run for `timeoutMs` by its clock. Aborts its signal, and returns its result. */
  readonly onDeadline: () => T;
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

  /** Runs a task to its end or its deadline. Until then, its clock moves on by itself. */
  async runTask<T>(run: Run<T>, work: () => Promise<T>): Promise<T> {
    const { name, context, fail, timeoutMs } = run;
    const clock = this.#clockFor(context);
    const owns = (task: TaskContext): boolean => task === context;
    const goal = { isReached: () => false, progress: () => 0, running: () => [name], owns };
    clock.reach(goal).catch((error: unknown) => {
      this.work.forget(context);
      fail(error);
    });
    let cancel: Cancel = () => {};
    let late: Promise<T> | undefined;
    const deadline = new Promise<T>((resolve) => {
      if (timeoutMs !== false) cancel = clock.limit(timeoutMs, () => resolve((late = this.#end(run, clock))));
    });
    try {
      return await Promise.race([work().then((end) => late ?? end), deadline]);
    } finally {
      cancel();
      clock.drop(goal);
    }
  }

  /** Ends a task whose deadline has passed, after the code that its signal's abort has made run. */
  async #end<T>({ context, onDeadline }: Run<T>, clock: TestClock): Promise<T> {
    const end = onDeadline();
    await clock.turns();
    this.work.forget(context);
    return end;
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
