import type { Logger } from '../../base/log/log.js';
import type { Clock } from '../../base/time/clock.js';
import type { ActivityMetrics, PublishedMetric } from '../../aws/queries/activity-metrics.js';
import { MINUTE_MS, type QueueCounts } from './backlog.js';
import { type Estimate, estimate } from './estimate.js';
import { ScaleInDelay } from './scale-in-delay.js';
import { type FoundWorkers, WorkersUnknown } from './worker-statuses.js';

export interface ScalerOptions {
  readonly activityArns: readonly string[];
  /** The name of the fleet in the metrics that are published. */
  readonly fleet: string;
  readonly slotsOfWorker: number;
  readonly withinMs: number;
  readonly publish: boolean;
}

/** The parts of the world that a scaler reads. */
export interface ScalerWorld {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<ActivityMetrics, 'counts' | 'runMs' | 'greatest' | 'publish'>;
  readonly readWorkers: () => Promise<FoundWorkers>;
}

/** The estimates of a fleet's activities, and what follows for the fleet. */
export interface FleetEstimate {
  readonly fleet: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly workers: number;
  /** The most that one of the activities wants: a worker has slots for each of them. */
  readonly workersWanted: number;
  readonly workersMissing: number;
  readonly activities: readonly Estimate[];
  /** The workers whose status can't be read, each with the reason. */
  readonly unreadable: readonly string[];
}

/** Thrown where nothing can be said: an autoscaler that gets no number leaves the fleet as it is. */
export class NoEstimate extends Error {
  override readonly name = 'NoEstimate';
}

/** The interval at which CloudWatch is asked for counts. */
export const COUNTS_MS = 20_000;
/** The interval at which CloudWatch is asked how long tasks run. */
const RUN_TIME_MS = 10 * MINUTE_MS;
/** The history that is read. A task that has waited for longer than this, with no worker at all, is not counted. */
const HISTORY_MS = 24 * 60 * MINUTE_MS;
/** The present rate of scheduled tasks is told from the counts of this time. */
const RATE_MS = 15 * MINUTE_MS;
/** Counts that could not be read again for this long say nothing, unless polls prove that nothing waits. */
const STALE_MS = 5 * MINUTE_MS;
/** An estimate is made anew after this time. */
const FRESH_MS = 1_000;

/**
 * Makes estimates of a fleet from CloudWatch and the workers. All that it keeps is found again after a restart: counts and
 * run times in CloudWatch, proofs at the workers, and, where it publishes, those of workers that are gone in its own metric.
 */
export class FleetScaler {
  readonly #options: ScalerOptions;
  readonly #world: ScalerWorld;
  #counts: readonly QueueCounts[] | undefined;
  #runMs: readonly (number | undefined)[] = [];
  #runTimeAt = Number.NEGATIVE_INFINITY;
  readonly #steady = new ScaleInDelay();
  #emptyMinutes: (number | undefined)[];
  #recalled: boolean;
  #latest: { readonly at: number; readonly made: Promise<FleetEstimate> } | undefined;
  /** The reason of the last failure to read CloudWatch; undefined while it can be read. */
  #trouble: string | undefined;

  constructor(options: ScalerOptions, world: ScalerWorld) {
    this.#options = options;
    this.#world = world;
    this.#emptyMinutes = options.activityArns.map(() => undefined);
    this.#recalled = !options.publish;
  }

  /** Reads CloudWatch, and publishes the estimate where that is asked for. Never rejects. */
  async tick(): Promise<void> {
    const { log } = this.#world;
    try {
      await this.#readCloudWatch();
      if (this.#trouble !== undefined) log.info('CloudWatch can be read again');
      this.#trouble = undefined;
      if (this.#options.publish) await this.#publish();
    } catch (error) {
      const { message } = error as Error;
      if (this.#trouble !== message) log.warn({ err: error }, `no estimate is made anew: ${message}`);
      this.#trouble = message;
    }
  }

  /** Returns the estimate of this moment. @throws NoEstimate where nothing can be said */
  estimate(): Promise<FleetEstimate> {
    const now = this.#world.clock.now();
    if (!this.#latest || now - this.#latest.at >= FRESH_MS) this.#latest = { at: now, made: this.#make() };
    return this.#latest.made;
  }

  async #make(): Promise<FleetEstimate> {
    const { fleet, activityArns } = this.#options;
    const { workers, unreadable } = await this.#findWorkers();
    const at = this.#world.clock.now();
    const activities = activityArns.map((activityArn, index) =>
      this.#estimateOf(activityArn, index, { workers, unreadable }, at),
    );
    const workersWanted = Math.max(...activities.map((each) => each.workersWanted));
    const there = activities[0]?.workers ?? 0;
    const found = { fleet, at, workers: there, workersWanted, workersMissing: workersWanted - there };
    return { ...found, activities, unreadable };
  }

  async #findWorkers(): Promise<FoundWorkers> {
    try {
      return await this.#world.readWorkers();
    } catch (error) {
      if (error instanceof WorkersUnknown) throw new NoEstimate(error.message, { cause: error });
      throw error;
    }
  }

  #estimateOf(activityArn: string, index: number, found: FoundWorkers, now: number): Estimate {
    const { slotsOfWorker, withinMs } = this.#options;
    const counts = this.#counts?.[index];
    if (!counts) throw new NoEstimate(`CloudWatch was not read yet${this.#why()}`);
    const made = estimate({
      ...{ now, activityArn, counts, slotsOfWorker, withinMs },
      ...{ runMs: this.#runMs[index], emptyMinuteAt: this.#emptyMinutes[index] },
      ...{ workers: found.workers, unreadable: found.unreadable.length },
    });
    this.#emptyMinutes[index] = made.emptyMinuteAt;
    if (now - counts.readAt > STALE_MS && made.sure !== 'proved')
      throw new NoEstimate(
        `CloudWatch could not be read for ${Math.round((now - counts.readAt) / 1_000)} s${this.#why()}`,
      );
    if (made.workers === 0 && startedLately(counts))
      throw new NoEstimate(
        'no worker is found, and yet tasks were started a few minutes ago: is --workers the name of this fleet?',
      );
    return made;
  }

  #why(): string {
    return this.#trouble === undefined ? '' : `: ${this.#trouble}`;
  }

  async #readCloudWatch(): Promise<void> {
    const { activityArns } = this.#options;
    const { metrics, clock } = this.#world;
    const now = clock.now();
    const since = Math.floor((now - HISTORY_MS) / MINUTE_MS) * MINUTE_MS;
    if (!this.#recalled) await this.#recall(since);
    if (now - this.#runTimeAt >= RUN_TIME_MS) {
      this.#runMs = await metrics.runMs(activityArns, since);
      this.#runTimeAt = now;
    }
    const counts = await metrics.counts(activityArns, this.#countedSince(since, now));
    this.#counts = counts.map((each) => ({ ...each, readAt: now }));
    this.#latest = undefined;
  }

  /** Nothing is counted that was scheduled before the last proof. A rate is told from a few minutes at least. */
  #countedSince(longest: number, now: number): number {
    const proved = this.#emptyMinutes.map((at) => at ?? longest);
    return Math.max(longest, Math.min(...proved, Math.floor(now / MINUTE_MS) * MINUTE_MS - RATE_MS));
  }

  /** Finds again, after a restart, the last minutes at which nothing waited. */
  async #recall(since: number): Promise<void> {
    const { metrics } = this.#world;
    const found = await metrics.greatest(
      this.#options.activityArns.map((arn) => this.#nothingWaited(arn)),
      since,
    );
    this.#emptyMinutes = found.map((minutes) => (minutes === undefined ? undefined : minutes * MINUTE_MS));
    this.#recalled = true;
  }

  async #publish(): Promise<void> {
    const { fleet } = this.#options;
    const { workersWanted, workersMissing, activities, at } = await this.estimate();
    const dimensions = { Fleet: fleet };
    await this.#world.metrics.publish([
      { name: 'WorkersWanted', dimensions, value: workersWanted },
      { name: 'WorkersMissing', dimensions, value: this.#steady.note(workersMissing, at) },
      ...activities.flatMap(({ activityArn, waiting, emptyMinuteAt }) => [
        { name: 'TasksWaiting', dimensions: { Fleet: fleet, ActivityArn: activityArn }, value: waiting },
        ...(emptyMinuteAt === undefined
          ? []
          : [{ ...this.#nothingWaited(activityArn), value: emptyMinuteAt / MINUTE_MS }]),
      ]),
    ]);
  }

  /** The metric that keeps the last minute at which nothing waited, in minutes since 1970. */
  #nothingWaited(activityArn: string): PublishedMetric {
    const dimensions = { Fleet: this.#options.fleet, ActivityArn: activityArn };
    return { name: 'NothingWaitedMinute', dimensions };
  }
}

/** True where CloudWatch's last two minutes have tasks that some worker started. */
function startedLately({ started, readAt }: QueueCounts): boolean {
  return started.some(({ at, sum }) => sum > 0 && at >= readAt - 4 * MINUTE_MS);
}
