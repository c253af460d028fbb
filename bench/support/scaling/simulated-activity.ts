import { MINUTE_MS, type MinuteSum } from '../../../src/framework/cli/scale/backlog.js';

/** A task of the simulation. Instants are milliseconds. */
export interface SimulatedTask {
  readonly scheduledAt: number;
  readonly runMs: number;
  /** True where no worker was ready when the task was scheduled. */
  readonly fromZero: boolean;
  startedAt?: number;
}

/** What happened in a minute: numbers of tasks, and sums of milliseconds. */
interface Minute {
  readonly at: number;
  readonly publishedAt: number;
  scheduled: number;
  started: number;
  scheduleTime: number;
  ended: number;
  runTime: number;
}

/**
 * An activity's queue, and CloudWatch as it is ("Monitoring Step Functions metrics using Amazon CloudWatch"): a datapoint
 * for a minute, two to three minutes after its end, and none for a minute in which nothing happened.
 */
export class SimulatedActivity {
  readonly queue: SimulatedTask[] = [];
  readonly #minutes: Minute[] = [];

  /** @param isLost true for a minute whose datapoints never come */
  constructor(
    private readonly random: () => number,
    private readonly isLost: (at: number) => boolean,
  ) {}

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

  /** The datapoints that CloudWatch has, oldest first. */
  sums(metric: 'scheduled' | 'started' | 'scheduleTime' | 'ended', now: number, since: number): MinuteSum[] {
    const count = metric === 'scheduleTime' ? 'started' : metric;
    return this.#known(now, since).flatMap((minute) =>
      minute[count] > 0 ? [{ at: minute.at, sum: minute[metric] }] : [],
    );
  }

  /** The mean time that the tasks ran which ended within a day, as CloudWatch knows it. */
  meanRunMs(now: number): number | undefined {
    let [ended, runTime] = [0, 0];
    for (const minute of this.#known(now, now - 24 * 60 * MINUTE_MS)) {
      ended += minute.ended;
      runTime += minute.runTime;
    }
    return ended > 0 ? runTime / ended : undefined;
  }

  /** The end of the last minute that CloudWatch has published, whether anything happened in it or not. */
  publishedUntil(now: number): number {
    const last = this.#known(now, now - 30 * MINUTE_MS).at(-1);
    return (last?.at ?? now - 4 * MINUTE_MS) + MINUTE_MS;
  }

  /** Begins the minutes that have come. */
  turnTo(now: number): void {
    this.#minute(now);
  }

  #known(now: number, since: number): Minute[] {
    const from = this.#minutes.findLastIndex(({ at }) => at < since) + 1;
    return this.#minutes.slice(from).filter(({ publishedAt }) => publishedAt <= now);
  }

  #minute(now: number): Minute {
    const at = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    let last = this.#minutes.at(-1);
    while (!last || last.at < at) {
      const next: number = last ? last.at + MINUTE_MS : at;
      const late = (3 + this.random()) * MINUTE_MS;
      const publishedAt = this.isLost(next) ? Number.POSITIVE_INFINITY : next + late;
      last = { at: next, publishedAt, scheduled: 0, started: 0, scheduleTime: 0, ended: 0, runTime: 0 };
      this.#minutes.push(last);
    }
    return last;
  }
}
