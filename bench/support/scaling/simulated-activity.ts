import type { MinuteSum } from '../../../src/framework/cli/scale/backlog.js';

export const MINUTE = 60_000;

/** A task of the simulation. Instants are milliseconds. */
export interface SimulatedTask {
  readonly scheduledAt: number;
  readonly runMs: number;
  /** True where no worker was ready when the task was scheduled. */
  readonly fromZero: boolean;
  /** The time at which its execution is stopped, if the task has not started by then. */
  readonly stoppedAt: number | undefined;
  startedAt: number | undefined;
}

/** The metrics of an activity. Sums, and for times the sum of the milliseconds with the number of tasks. */
interface Minute {
  readonly at: number;
  readonly publishedAt: number;
  scheduled: number;
  started: number;
  scheduleTime: number;
  ended: number;
  runTime: number;
}

export type ActivityMetric =
  | 'ActivitiesScheduled'
  | 'ActivitiesStarted'
  | 'ActivityScheduleTime'
  | 'ActivitiesSucceeded';

/**
 * An activity's queue, and CloudWatch as it is ("Monitoring Step Functions metrics using Amazon CloudWatch"): a datapoint
 * for a minute, two to three minutes after its end, and none for a minute in which nothing happened.
 */
export class SimulatedActivity {
  readonly queue: SimulatedTask[] = [];
  readonly #minutes: Minute[] = [];
  readonly #lateMs: (at: number) => number;
  readonly #isLost: (at: number) => boolean;

  /** @param isLost true for a minute whose datapoints never come */
  constructor(random: () => number, isLost: (at: number) => boolean = () => false) {
    this.#lateMs = () => 2 * MINUTE + random() * MINUTE;
    this.#isLost = isLost;
  }

  schedule(task: SimulatedTask): void {
    this.queue.push(task);
    this.#minute(task.scheduledAt).scheduled++;
  }

  /** Counts a task that is stopped in the moment in which it is scheduled. */
  scheduleAndStop(now: number): void {
    this.#minute(now).scheduled++;
  }

  /** Hands out the task that has waited longest. */
  start(now: number): SimulatedTask | undefined {
    const task = this.queue.shift();
    if (!task) return undefined;
    task.startedAt = now;
    const minute = this.#minute(now);
    minute.started++;
    minute.scheduleTime += now - task.scheduledAt;
    return task;
  }

  end({ runMs }: SimulatedTask, now: number): void {
    const minute = this.#minute(now);
    minute.ended++;
    minute.runTime += runMs;
  }

  /** Drops the waiting tasks whose executions are stopped. */
  stopThose(now: number): void {
    if (!this.queue.some(({ stoppedAt }) => stoppedAt !== undefined && stoppedAt <= now)) return;
    const left = this.queue.filter(({ stoppedAt }) => stoppedAt === undefined || stoppedAt > now);
    this.queue.splice(0, this.queue.length, ...left);
  }

  /** The datapoints of a metric that CloudWatch has, oldest first. */
  sums(metric: ActivityMetric, now: number, since: number): MinuteSum[] {
    return this.#known(now, since).flatMap(({ at, scheduled, started, scheduleTime, ended }) => {
      const [happened, sum] = {
        ActivitiesScheduled: [scheduled, scheduled],
        ActivitiesStarted: [started, started],
        ActivityScheduleTime: [started, scheduleTime],
        ActivitiesSucceeded: [ended, ended],
      }[metric] as [number, number];
      return happened > 0 ? [{ at, sum }] : [];
    });
  }

  /** The mean time that the tasks ran which ended within a day, as CloudWatch knows it. */
  meanRunMs(now: number): number | undefined {
    let [ended, runTime] = [0, 0];
    for (const minute of this.#known(now, now - 24 * 60 * MINUTE)) {
      ended += minute.ended;
      runTime += minute.runTime;
    }
    return ended > 0 ? runTime / ended : undefined;
  }

  /** The end of the last minute that CloudWatch has published, whether anything happened in it or not. */
  publishedUntil(now: number): number {
    const known = this.#known(now, now - 30 * MINUTE);
    return (known.at(-1)?.at ?? now - 4 * MINUTE) + MINUTE;
  }

  #known(now: number, since: number): Minute[] {
    const known: Minute[] = [];
    for (let index = this.#minutes.length - 1; index >= 0; index--) {
      const minute = this.#minutes[index];
      if (!minute || minute.at < since) break;
      if (minute.publishedAt <= now) known.unshift(minute);
    }
    return known;
  }

  /** To be called in each minute, so that each has an entry. */
  #minute(now: number): Minute {
    const at = Math.floor(now / MINUTE) * MINUTE;
    let last = this.#minutes.at(-1);
    while (!last || last.at < at) {
      const next = last ? last.at + MINUTE : at;
      const publishedAt = this.#isLost(next) ? Infinity : next + MINUTE + this.#lateMs(next);
      last = { at: next, publishedAt, scheduled: 0, started: 0, scheduleTime: 0, ended: 0, runTime: 0 };
      this.#minutes.push(last);
    }
    return last;
  }

  /** Begins the minutes that have come. */
  turnTo(now: number): void {
    this.#minute(now);
  }
}
