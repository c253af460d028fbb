import type { ActivityMetrics, PublishedMetric } from '../../aws/queries/activity-metrics.js';
import { MINUTE_MS } from './backlog.js';
import type { Blind, FleetEstimate } from './estimate.js';

/** The facts about an activity that a restarted scaler finds again. @see {@link Estimate} */
interface Recalled {
  readonly emptyMinuteAt: number | undefined;
  readonly idleMinuteAt: number | undefined;
}

/** Publishes a scaler's estimates as CloudWatch metrics, and reads from them what it knew before a restart. */
export class PublishedEstimates {
  readonly #steady = new ScaleInDelay();

  constructor(
    private readonly fleet: string,
    private readonly metrics: Pick<ActivityMetrics, 'greatest' | 'publish'>,
  ) {}

  async publish({ workersWanted, workersMissing, activities, at }: FleetEstimate): Promise<void> {
    const dimensions = { Fleet: this.fleet };
    const minute = (name: string, arn: string, start: number | undefined): Value[] =>
      start === undefined ? [] : [{ ...this.#of(name, arn), value: start / MINUTE_MS }];
    await this.metrics.publish([
      { name: 'WorkersWanted', dimensions, value: workersWanted },
      { name: 'WorkersMissing', dimensions, value: this.#steady.note(workersMissing, at) },
      { name: 'Blind', dimensions, value: 0 },
      ...activities.flatMap(({ activityArn, waiting, emptyMinuteAt, idleMinuteAt }) => [
        { ...this.#of('TasksWaiting', activityArn), value: waiting },
        ...minute(EMPTY, activityArn, emptyMinuteAt),
        ...minute(IDLE, activityArn, idleMinuteAt),
      ]),
    ]);
  }

  /**
   * Publishes that the workers can't be seen. If tasks wait, one worker is missing: an alarm then adds it to however
   * many there are.
   */
  async publishBlind({ facts: { activityArn, running, isMissing } }: Blind): Promise<void> {
    const dimensions = { Fleet: this.fleet };
    await this.metrics.publish([
      { name: 'Blind', dimensions, value: 1 },
      { ...this.#of('TasksUnseen', activityArn), value: running },
      ...(isMissing ? [{ name: 'WorkersMissing', dimensions, value: 1 }] : []),
    ]);
  }

  /**
   * Reads the minutes that were published for these activities, in their order. A minute of the future is not believed.
   * @param since epoch milliseconds
   */
  async recall(activityArns: readonly string[], since: number, now: number): Promise<Recalled[]> {
    const names = activityArns.flatMap((arn) => [this.#of(EMPTY, arn), this.#of(IDLE, arn)]);
    const found = await this.metrics.greatest(names, since, now / MINUTE_MS);
    const at = (minutes: number | undefined): number | undefined =>
      minutes === undefined ? undefined : minutes * MINUTE_MS;
    return activityArns.map((_, index) => ({
      emptyMinuteAt: at(found[2 * index]),
      idleMinuteAt: at(found[2 * index + 1]),
    }));
  }

  #of(name: string, ActivityArn: string): PublishedMetric {
    return { name, dimensions: { Fleet: this.fleet, ActivityArn } };
  }
}

type Value = PublishedMetric & { readonly value: number };

/**
 * The metrics in which the scaler stores the last minute that began with an empty queue, and the last minute in which no
 * task was at work. Their values are in minutes since 1970.
 */
const [EMPTY, IDLE] = ['NothingWaitedMinute', 'NothingRanMinute'];

/** Workers are reported as not needed only after they were not needed for this many milliseconds. */
const STEADY_MS = 5 * MINUTE_MS;

/**
 * Computes the number of missing workers that is published for CloudWatch alarms. A positive number is published at
 * once. A negative one counts only the workers that weren't needed at any time in the last five minutes, since an alarm
 * may react to a single value.
 */
export class ScaleInDelay {
  readonly #noted: { readonly at: number; readonly missing: number }[] = [];
  #since: number | undefined;

  /** Records the present number of missing workers. @returns the number to publish */
  note(missing: number, now: number): number {
    this.#since ??= now;
    this.#noted.push({ at: now, missing });
    while ((this.#noted[0]?.at ?? now) < now - STEADY_MS) this.#noted.shift();
    // After a start it is not known yet what was needed before.
    if (now - this.#since < STEADY_MS) return Math.max(0, missing);
    return missing >= 0 ? missing : Math.max(...this.#noted.map((each) => Math.min(0, each.missing)));
  }
}
