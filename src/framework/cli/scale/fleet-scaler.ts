import type { Logger } from '../../base/log/log.js';
import type { Clock } from '../../base/time/clock.js';
import type { ActivityMetrics } from '../../aws/queries/activity-metrics.js';
import { MINUTE_MS, type MinuteSum, type QueueCounts } from './backlog.js';
import { Blind, estimate, type Estimate, type FleetEstimate, NoEstimate } from './estimate.js';
import { PublishedEstimates } from './published-estimates.js';
import { checkUnseen, UnseenWork } from './unseen-work.js';
import type { FoundWorkers } from './worker-statuses.js';

export interface ScalerOptions {
  readonly activityArns: readonly string[];
  /** The name of the fleet in the published metrics. */
  readonly fleet: string;
  readonly slotsOfWorker: number;
  readonly withinMs: number;
  readonly publish: boolean;
}

/** The clock, the log, and the sources from which a scaler reads. */
export interface ScalerSources {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<ActivityMetrics, 'counts' | 'runMs' | 'work' | 'greatest' | 'publish'>;
  /** @throws NoEstimate if the workers can't be found */
  readonly readWorkers: () => Promise<FoundWorkers>;
}

/** The milliseconds between two readings of the numbers of scheduled and started tasks from CloudWatch. */
export const COUNTS_MS = 20_000;
/** The milliseconds between two readings of the mean run time of tasks from CloudWatch. */
const RUN_TIME_MS = 10 * MINUTE_MS;
/**
 * The milliseconds of CloudWatch's history that are read. A task that has waited for longer, with no worker at all, is
 * not counted.
 */
const HISTORY_MS = 24 * 60 * MINUTE_MS;
/**
 * At least this many milliseconds of history are read, since the present rate of scheduled tasks is computed from them.
 */
const RATE_MS = 15 * MINUTE_MS;
/**
 * If CloudWatch's numbers could not be read for this many milliseconds, no estimate is made from them, unless polls
 * have shown that no task waits.
 */
const STALE_MS = 5 * MINUTE_MS;
/** The milliseconds for which an estimate is reused before a new one is made. */
const FRESH_MS = 1_000;

/**
 * Makes estimates for a fleet of workers from CloudWatch's metrics and the status of the workers. After a restart it
 * reads everything again; with `publish`, also what it has published about workers that have gone.
 */
export class FleetScaler {
  #counts: readonly QueueCounts[] | undefined;
  #runMs: readonly (number | undefined)[] = [];
  #runTimeAt = Number.NEGATIVE_INFINITY;
  #emptyMinutes: (number | undefined)[];
  readonly #unseen: readonly UnseenWork[];
  /** The metrics that the scaler publishes; undefined if the option `publish` isn't set. */
  readonly #published: PublishedEstimates | undefined;
  #recalled: boolean;
  #latest: { readonly at: number; readonly made: Promise<FleetEstimate> } | undefined;
  /** The reason for which CloudWatch could not be read; undefined if the last attempt succeeded. */
  #unreadable: string | undefined;
  /** The name of the error for which the last estimate was not made or not published; undefined if it was. */
  #lastFailure: string | undefined;
  /** The addresses of the workers whose times were not believed last. */
  #wrongClocks = '';

  constructor(
    private readonly options: ScalerOptions,
    private readonly sources: ScalerSources,
  ) {
    const { metrics } = sources;
    this.#emptyMinutes = options.activityArns.map(() => undefined);
    this.#unseen = options.activityArns.map((arn) => new UnseenWork(arn, metrics));
    this.#published = options.publish ? new PublishedEstimates(options.fleet, metrics) : undefined;
    this.#recalled = !options.publish;
  }

  /** The name of the fleet in metrics. */
  get fleet(): string {
    return this.options.fleet;
  }

  /** Reads CloudWatch and, if the option `publish` is set, publishes the estimate there. Never rejects. */
  async tick(): Promise<void> {
    const { log } = this.sources;
    try {
      await this.#readCloudWatch();
      if (this.#unreadable !== undefined) log.info('CloudWatch can be read again');
      this.#unreadable = undefined;
    } catch (error) {
      const { message } = error as Error;
      if (this.#unreadable !== message)
        log.warn({ err: error }, `the estimate can not be updated: ${message}`);
      this.#unreadable = message;
      return;
    }
    await this.#publish();
  }

  /** Publishes an estimate. Logs once, with the reason, that none can be made or published. */
  async #publish(): Promise<void> {
    const { log } = this.sources;
    try {
      const found = await this.estimate();
      await this.#published?.publish(found);
      if (this.#lastFailure !== undefined) log.info('the number of workers that are needed is known again');
      this.#lastFailure = undefined;
    } catch (error) {
      const { name, message } = error as Error;
      const told = error instanceof NoEstimate ? {} : { err: error };
      if (this.#lastFailure !== name) log.warn(told, `there is no estimate: ${message}`);
      this.#lastFailure = name;
      if (error instanceof Blind) await this.#published?.publishBlind(error).catch(() => {});
    }
  }

  /** Returns an estimate for the present, at most a second old. @throws NoEstimate if none can be made */
  estimate(): Promise<FleetEstimate> {
    const now = this.sources.clock.now();
    if (!this.#latest || now - this.#latest.at >= FRESH_MS) this.#latest = { at: now, made: this.#make() };
    return this.#latest.made;
  }

  async #make(): Promise<FleetEstimate> {
    const { fleet, activityArns } = this.options;
    const seen = await this.sources.readWorkers();
    const at = this.sources.clock.now();
    const activities = activityArns.map((activityArn, index) =>
      this.#estimateOf(activityArn, index, seen, at),
    );
    const workersWanted = Math.max(...activities.map((each) => each.workersWanted));
    await checkUnseen(this.#unseen, this.#counts ?? [], seen, workersWanted, at);
    const workers = activities[0]?.workers ?? 0;
    this.#logWrongClocks(seen.wrongClocks);
    return {
      fleet,
      at,
      workers,
      workersWanted,
      workersMissing: workersWanted - workers,
      unreadable: seen.unreadable,
      wrongClocks: seen.wrongClocks,
      activities: activities.map((each, index) => ({
        idleMinuteAt: this.#unseen[index]?.idleMinuteAt,
        ...each,
      })),
    };
  }

  /** Logs each time when other workers than before are not believed. */
  #logWrongClocks(wrong: readonly string[]): void {
    const names = wrong.map((each) => each.replace(/: .*$/, '')).join();
    if (names !== this.#wrongClocks && wrong.length > 0) this.sources.log.warn(wrong.join('; '));
    this.#wrongClocks = names;
  }

  #estimateOf(activityArn: string, index: number, found: FoundWorkers, now: number): Estimate {
    const { slotsOfWorker, withinMs } = this.options;
    const counts = this.#counts?.[index];
    if (!counts) throw new NoEstimate(`CloudWatch was not read yet${this.#why()}`);
    const made = estimate({
      now,
      activityArn,
      counts,
      slotsOfWorker,
      withinMs,
      runMs: this.#runMs[index],
      emptyMinuteAt: this.#emptyMinutes[index],
      workers: found.workers,
      unreadable: found.unreadable.length,
    });
    this.#emptyMinutes[index] = made.emptyMinuteAt;
    if (now - counts.readAt > STALE_MS && made.sure !== 'proved')
      throw new NoEstimate(
        `CloudWatch could not be read for ${Math.round((now - counts.readAt) / 1_000)} s${this.#why()}`,
      );
    return made;
  }

  #why(): string {
    return this.#unreadable === undefined ? '' : `: ${this.#unreadable}`;
  }

  async #readCloudWatch(): Promise<void> {
    const { activityArns } = this.options;
    const { metrics, clock } = this.sources;
    const now = clock.now();
    const since = Math.floor((now - HISTORY_MS) / MINUTE_MS) * MINUTE_MS;
    if (!this.#recalled) await this.#recall(since);
    if (now - this.#runTimeAt >= RUN_TIME_MS) {
      this.#runMs = await metrics.runMs(activityArns, since);
      this.#runTimeAt = now;
    }
    const counts = await metrics.counts(activityArns, this.#countedSince(since, now));
    const isPast = ({ at }: MinuteSum): boolean => at <= now;
    this.#counts = counts.map(({ scheduled, started }) => ({
      scheduled: scheduled.filter(isPast),
      started: started.filter(isPast),
      readAt: now,
    }));
    this.#latest = undefined;
  }

  /**
   * Returns the time from which tasks are counted: the last minutes that began with an empty queue. But at least 15
   * minutes are read, so that the rate of scheduled tasks can be computed.
   */
  #countedSince(longest: number, now: number): number {
    const proved = this.#emptyMinutes.map((at) => at ?? longest);
    return Math.max(longest, Math.min(...proved, Math.floor(now / MINUTE_MS) * MINUTE_MS - RATE_MS));
  }

  /**
   * After a restart, reads the last minutes that began with an empty queue, or with no task at work, from the metrics
   * that this scaler has published.
   */
  async #recall(since: number): Promise<void> {
    const now = this.sources.clock.now();
    const found = (await this.#published?.recall(this.options.activityArns, since, now)) ?? [];
    this.#emptyMinutes = found.map(({ emptyMinuteAt }) => emptyMinuteAt);
    for (const [index, { idleMinuteAt }] of found.entries()) {
      const unseen = this.#unseen[index];
      if (unseen) unseen.idleMinuteAt = idleMinuteAt;
    }
    this.#recalled = true;
  }
}
