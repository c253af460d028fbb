import type { ActivityMetrics, WorkSums } from '../../aws/queries/activity-metrics.js';
import { MINUTE_MS, type MinuteSum, type QueueCounts } from './backlog.js';
import { Blind, NoEstimate, type SeenWorker } from './estimate.js';
import type { FoundWorkers } from './worker-statuses.js';

const HOUR_MS = 60 * MINUTE_MS;
/** CloudWatch keeps the datapoints of minutes for this many milliseconds. A task that runs for longer isn't seen. */
const LONGEST_MS = 15 * 24 * HOUR_MS;
/**
 * The milliseconds for which it is believed that no task runs, while none was started. It is less than the time that
 * {@link QueueCounts} cover.
 */
const FRESH_MS = 10 * MINUTE_MS;

/** A number of running tasks that was read from CloudWatch. */
interface Known {
  readonly readAt: number;
  /** The time at which the counts were read that it belongs to. */
  readonly countsAt: number;
  readonly running: number;
}

/**
 * Reads from CloudWatch how many tasks of an activity run while no worker of it is seen: none runs, or `--workers` has
 * a wrong address. Without it, a fleet at work would count as no worker.
 */
export class UnseenWork {
  /**
   * The start of the latest minute at which the workers were seen, and had no task. Tasks are counted from there on.
   * Undefined if no such minute is known: tasks that were stopped while they ran then count as running.
   */
  idleMinuteAt: number | undefined;
  #known: Known | undefined;

  constructor(
    readonly activityArn: string,
    private readonly metrics: Pick<ActivityMetrics, 'work'>,
  ) {}

  /** Notes that all workers of the activity were seen. */
  note(workers: readonly SeenWorker[], now: number): void {
    this.#known = undefined;
    const minuteAt = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    const handlers = workers.flatMap((worker) => worker.handlers);
    const isIdle = handlers
      .filter(({ activityArn }) => activityArn === this.activityArn)
      // A task that began in this minute and has ended would be counted as begun later.
      .every(({ running, queue }) => running === 0 && !(queue.minuteAt >= minuteAt && queue.begun[0]));
    if (isIdle) this.idleMinuteAt = minuteAt;
  }

  /**
   * Returns the number of tasks that CloudWatch shows as started and not ended. Reads CloudWatch at most once for the
   * same counts, and seldom while nothing ran and no task has been started since.
   */
  async running(counts: QueueCounts, now: number): Promise<number> {
    if (this.#known && isFresh(this.#known, counts, now)) return this.#known.running;
    const from = this.idleMinuteAt;
    const byMinutes = from !== undefined && now - from < LONGEST_MS;
    const since = byMinutes ? from : Math.floor((now - LONGEST_MS) / HOUR_MS) * HOUR_MS;
    const [sums] = await this.metrics.work([this.activityArn], since, byMinutes ? 60 : 3_600);
    const running = sums ? countRunning(sums, byMinutes ? from : undefined) : 0;
    this.#known = { readAt: now, countsAt: counts.readAt, running };
    return running;
  }
}

/**
 * Returns how many tasks were started and have not ended.
 * @param idleMinuteAt the start of a minute at which no task ran; what ended in that minute was begun before
 */
export function countRunning({ started, ended, ran }: WorkSums, idleMinuteAt: number | undefined): number {
  return Math.min(...[ended, ran].map((each) => balance(started, each, idleMinuteAt)));
}

function balance(
  started: readonly MinuteSum[],
  ended: readonly MinuteSum[],
  idleMinuteAt: number | undefined,
): number {
  const changes = new Map<number, number>();
  const add = (at: number, by: number): void => void changes.set(at, (changes.get(at) ?? 0) + by);
  for (const { at, sum } of started) add(at, sum);
  for (const { at, sum } of ended) if (at !== idleMinuteAt) add(at, -sum);
  // Below zero: those that ended were started before the first period.
  return [...changes].toSorted(([a], [b]) => a - b).reduce((sum, [, by]) => Math.max(0, sum + by), 0);
}

function isFresh(
  { readAt, countsAt, running }: Known,
  { started, readAt: countedAt }: QueueCounts,
  now: number,
): boolean {
  if (countsAt === countedAt) return true;
  if (running > 0 || now - readAt >= FRESH_MS) return false;
  return !started.some(({ at, sum }) => sum > 0 && at >= readAt - 5 * MINUTE_MS);
}

/**
 * Checks that no task runs on workers that can't be seen.
 * @param counts the numbers of each activity
 * @param wanted the number of workers that would be needed if there were none but those that were seen
 * @throws NoEstimate if tasks may run on others: the fleet would be scaled in to fewer workers than are at work
 */
export async function checkUnseen(
  activities: readonly UnseenWork[],
  counts: readonly QueueCounts[],
  seen: FoundWorkers,
  wanted: number,
  now: number,
): Promise<void> {
  let blind: Blind | undefined;
  for (const [index, unseen] of activities.entries()) {
    const { activityArn } = unseen;
    const counted = counts[index];
    const isServed = seen.workers.some(({ handlers }) =>
      handlers.some((each) => each.activityArn === activityArn),
    );
    if (isServed && seen.unreadable.length === 0) unseen.note(seen.workers, now);
    if (isServed || !counted) continue;
    const running = await runningOf(unseen, counted, now);
    if (running === 0) checkNobodyStarts(activityArn, counted, seen);
    else if (running > (blind?.facts.running ?? 0)) blind = blindTo(activityArn, running, wanted, seen);
  }
  if (blind) throw blind;
}

async function runningOf(unseen: UnseenWork, counts: QueueCounts, now: number): Promise<number> {
  try {
    return await unseen.running(counts, now);
  } catch (error) {
    const why = `no worker is found, and CloudWatch does not say if tasks run: ${(error as Error).message}`;
    throw new NoEstimate(why, { cause: error });
  }
}

/** @throws NoEstimate if there are workers although CloudWatch has no task that runs */
function checkNobodyStarts(
  activityArn: string,
  { started, readAt }: QueueCounts,
  { workers, unreadable }: FoundWorkers,
): void {
  if (workers.length > 0)
    throw new NoEstimate(`${notServed(activityArn, workers)}: is --workers the name of this fleet?`);
  const isStarted = started.some(({ at, sum }) => sum > 0 && at >= readAt - 4 * MINUTE_MS);
  if (isStarted && unreadable.length === 0)
    throw new NoEstimate(
      'no worker is found, and yet tasks were started a few minutes ago: is --workers the name of this fleet?',
    );
}

function blindTo(
  activityArn: string,
  running: number,
  least: number,
  { workers, unreadable }: FoundWorkers,
): Blind {
  const [silent = 'no name in --workers has an address'] = unreadable.map(
    (reason) => `none of the ${unreadable.length} addresses of --workers answers as a worker (${reason})`,
  );
  const why = workers.length > 0 ? notServed(activityArn, workers) : silent;
  const there = workers.length + unreadable.length;
  return new Blind(
    `${why}, but CloudWatch has ${running} tasks of ${activityArn} that were started and have not ended: the fleet is left as it is`,
    { activityArn, running, least, isMissing: least > there },
  );
}

const notServed = (activityArn: string, workers: readonly SeenWorker[]): string =>
  `none of the ${workers.length} workers at --workers has a handler for ${activityArn}`;
