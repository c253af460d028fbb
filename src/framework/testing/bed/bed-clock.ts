import type { Cancel } from '../../base/time/clock.js';
import type { TaskContext } from '../../declare/task-context.js';
import { currentTask } from '../../worker/handler/context/current-task.js';
import { inNextTurn } from '../harness/real-time.js';
import { runAhead } from '../harness/run-ahead.js';
import { TestClock } from '../harness/test-clock.js';

/** A task that `run` of a bed waits for. */
export interface Run {
  /** The handler's name. */
  readonly name: string;
  readonly context: TaskContext;
  /** Called with the error of a task that does not come to an end. */
  readonly fail: (error: unknown) => void;
}

/** The clocks that begin to run ahead in the next turn. Most tasks need no time, and have ended by then. */
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

/** A clock that runs ahead by itself while tasks are waited for. */
class RunClock extends TestClock {
  readonly #runs = new Set<Run>();
  #progress = 0;
  #follows = false;

  /** True while time stands still. */
  protected get stands(): boolean {
    return false;
  }

  /** Runs a task, and ahead to each timer as soon as the process is at rest, until it has settled. */
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

  /** Runs ahead until no task is waited for. */
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
 * The clock of a bed. It runs ahead while `run` waits for a task, and stands still while a started task is open: a task
 * that is then run has a time of its own, which begins now.
 */
export class BedClock extends RunClock {
  /** The number of started tasks that have not settled. Only a test moves their time. */
  started = 0;
  /** The time of each task that was run beside a started one. */
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
