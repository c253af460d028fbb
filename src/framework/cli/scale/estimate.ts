import type { HandlerStatus, WorkerState } from '../../base/worker-status.js';
import { type Backlog, countBacklog, MINUTE_MS, type QueueCounts, type QueueProofs } from './backlog.js';
import { showDuration } from '../../base/time/duration.js';

/** The part of a worker's status that the scaler needs. */
export interface SeenWorker {
  readonly state: WorkerState;
  readonly handlers: readonly SeenHandler[];
}

export type SeenHandler = Pick<HandlerStatus, 'activityArn' | 'concurrency' | 'running' | 'queue'>;

/** All facts from which an estimate is computed. Times are epoch milliseconds. */
export interface Facts {
  readonly now: number;
  readonly activityArn: string;
  readonly counts: QueueCounts;
  /** The mean milliseconds from a task's start to its end; undefined if no task has ended lately. */
  readonly runMs: number | undefined;
  readonly workers: readonly SeenWorker[];
  /** The number of workers that exist but whose status can't be read. */
  readonly unreadable: number;
  /**
   * The start of a full minute that began with an empty queue, known from an earlier estimate; undefined if none is
   * known.
   */
  readonly emptyMinuteAt: number | undefined;
  /**
   * The number of tasks that one worker can run at once. It is used only if no worker runs whose status shows that
   * number.
   */
  readonly slotsOfWorker: number;
  /** The milliseconds within which the waiting tasks should be started. */
  readonly withinMs: number;
}

/** The number of an activity's waiting tasks, and of the workers that are needed for it. It is plain data. */
export interface Estimate {
  readonly activityArn: string;
  /** The number of tasks that wait for a worker. */
  readonly waiting: number;
  /** The number of tasks whose handlers run. */
  readonly atWork: number;
  readonly slots: number;
  readonly workers: number;
  readonly workersWanted: number;
  /** The number of workers to add; if it is negative, the number of workers to remove. */
  readonly workersMissing: number;
  readonly sure: Backlog['sure'];
  /**
   * The start of the minute from which scheduled and started tasks were counted, because it began with an empty queue;
   * undefined if no such minute is known.
   */
  readonly emptyMinuteAt: number | undefined;
  /** One line of text that explains how the numbers were found. */
  readonly why: string;
}

/** The estimate for one activity of a fleet. */
interface ActivityEstimate extends Estimate {
  /**
   * The start of the latest minute at which all workers were seen, and had no task; undefined if none is known. While no
   * worker can be seen, the tasks that were started since are looked for in CloudWatch.
   */
  readonly idleMinuteAt: number | undefined;
}

/** The estimates for each activity of a fleet, and the number of workers that the whole fleet needs. */
export interface FleetEstimate {
  readonly fleet: string;
  /** The time at which the estimate was made, in epoch milliseconds. */
  readonly at: number;
  readonly workers: number;
  /**
   * The number of workers that the fleet needs. It is the largest number that any activity needs, since each worker
   * serves all activities.
   */
  readonly workersWanted: number;
  readonly workersMissing: number;
  readonly activities: readonly ActivityEstimate[];
  /** A text for each worker whose status can't be read: its address and the reason. */
  readonly unreadable: readonly string[];
  /** A text for each worker whose times are not believed: its address and the reason. */
  readonly wrongClocks: readonly string[];
}

/**
 * The queue counts as empty if it was known to be empty in this time before now: twice the longest time for which the
 * service holds a poll open.
 */
const RECENT_MS = 2 * MINUTE_MS;

/** Computes the estimate for an activity. The result depends only on the facts, not on earlier calls. */
export function estimate(facts: Facts): Estimate {
  const { now, activityArn, counts, runMs, withinMs } = facts;
  const seen = facts.workers.filter(({ state }) => state === 'running' || state === 'created');
  const crew = crewOf(facts, seen);
  const proofs = proofsOf(facts);
  const backlog = countBacklog(counts, proofs, now);
  const idle =
    crew.workers === 0 ||
    (crew.slots > crew.atWork && proofs.emptyAt !== undefined && proofs.emptyAt >= now - RECENT_MS);
  const wanted = workersWanted({ crew, backlog, runMs, withinMs, idle });
  const { waiting, sure } = backlog;
  const { atWork, slots, workers } = crew;
  const { emptyMinuteAt } = proofs;
  const why = reasonFor({ now, crew, backlog, proofs, runMs, idle, wanted });
  const found = { activityArn, waiting, atWork, slots, workers, workersWanted: wanted };
  return { ...found, workersMissing: wanted - workers, sure, emptyMinuteAt, why };
}

function crewOf({ activityArn, unreadable, slotsOfWorker }: Facts, seen: readonly SeenWorker[]): Crew {
  const handlers = seen.flatMap((worker) => handlersOf(worker, activityArn));
  const slots = handlers.reduce((sum, { concurrency }) => sum + concurrency, 0);
  return {
    workers: seen.length + unreadable,
    unreadable,
    slots,
    atWork: handlers.reduce((sum, { running }) => sum + running, 0),
    slotsOfWorker: handlers.length > 0 ? slots / seen.length : slotsOfWorker,
  };
}

/**
 * Joins what the workers know about the queue. Workers that are stopping are included, since their knowledge is as good
 * as that of others.
 */
function proofsOf({ workers, activityArn, emptyMinuteAt }: Facts): QueueProofs {
  const queues = workers.flatMap((worker) => handlersOf(worker, activityArn)).map(({ queue }) => queue);
  const begun = new Map<number, number>();
  for (const queue of queues)
    for (const [age, count] of queue.begun.entries()) {
      const at = queue.minuteAt - age * MINUTE_MS;
      begun.set(at, (begun.get(at) ?? 0) + count);
    }
  return {
    emptyAt: latest([emptyMinuteAt, ...queues.map(({ emptyAt }) => emptyAt)]),
    emptyMinuteAt: latest([emptyMinuteAt, ...queues.map((queue) => queue.emptyMinuteAt)]),
    begun,
  };
}

const handlersOf = ({ handlers }: SeenWorker, arn: string): SeenHandler[] =>
  handlers.filter(({ activityArn }) => activityArn === arn);

function latest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((at) => at !== undefined);
  return known.length > 0 ? Math.max(...known) : undefined;
}

/** The workers of a fleet that serve one activity. A slot is room for one running task. */
interface Crew {
  /** The number of workers that take tasks, including those whose status can't be read. */
  readonly workers: number;
  /** The number of workers whose status can't be read. All their slots are assumed to be in use. */
  readonly unreadable: number;
  readonly slots: number;
  /** The number of tasks whose handlers run. */
  readonly atWork: number;
  /** The number of tasks that one worker can run at once. */
  readonly slotsOfWorker: number;
}

interface Needs {
  readonly crew: Crew;
  readonly backlog: Backlog;
  /** The mean milliseconds that a task runs; undefined if none has ended. */
  readonly runMs: number | undefined;
  /** The milliseconds within which the waiting tasks should be started. */
  readonly withinMs: number;
  /** True if a slot is free and a poll has shown lately that no task waits. Only then may workers be removed. */
  readonly idle: boolean;
}

/**
 * The slots to keep free are this times the square root of the slots in use, which is about how much the number of
 * running tasks varies. `npm run bench -- scaling` chose the factor.
 */
const SPARE = 0.5;
/**
 * A worker is removed only if this many times the number of slots to keep free would be left, since more tasks may
 * arrive before the worker stops.
 */
const KEPT = 2;
/**
 * If tasks run for more milliseconds than this on average, no slots are kept free: such tasks can as well wait until
 * another worker has started.
 */
const SPARE_UNTIL_MS = 10 * MINUTE_MS;

/** Returns the number of workers that a fleet needs for the running and the waiting tasks of an activity. */
export function workersWanted({ crew, backlog, runMs, withinMs, idle }: Needs): number {
  const { workers, unreadable, slots, atWork, slotsOfWorker } = crew;
  const { waiting, scheduledPerMinute } = backlog;
  // While no slot is free, the load is more than what runs.
  const load = slots > 0 && !idle && runMs !== undefined ? (scheduledPerMinute * runMs) / MINUTE_MS : 0;
  const busy = Math.max(atWork, load);
  const spare = runMs !== undefined && runMs <= SPARE_UNTIL_MS ? SPARE * Math.sqrt(busy) : 0;
  // A slot takes several short tasks in that time.
  const forBacklog = waiting * (runMs === undefined ? 1 : Math.min(1, runMs / withinMs));
  const withSpare = (times: number): number =>
    Math.ceil((busy + times * spare + forBacklog) / slotsOfWorker) + unreadable;
  const wanted = withSpare(1);
  if (wanted >= workers || !idle) return Math.max(wanted, workers);
  return Math.min(workers, withSpare(KEPT));
}

interface ReasonFacts extends Pick<Needs, 'crew' | 'backlog' | 'runMs' | 'idle'> {
  readonly now: number;
  readonly proofs: QueueProofs;
  readonly wanted: number;
}

/** Returns one line of text that explains how the numbers of an estimate were found. */
function reasonFor(facts: ReasonFacts): string {
  const { crew, idle, wanted } = facts;
  const held = !idle && wanted === crew.workers && crew.workers > 0;
  const parts = [
    waitingPart(facts),
    `${crew.atWork} of ${crew.slots} slots work`,
    ...(crew.unreadable > 0
      ? [`${crew.unreadable} of ${crew.workers} workers can't be read and count as full`]
      : []),
    ...(held ? ['none is taken away until a free slot proves that nothing waits'] : []),
  ];
  return parts.join('; ');
}

function waitingPart({ now, backlog, proofs, runMs }: ReasonFacts): string {
  const { waiting, sure, countedUntil } = backlog;
  const { emptyAt = now, emptyMinuteAt = now } = proofs;
  const ago = (at: number): string =>
    `${showDuration(Math.max(0, Math.round((now - at) / 1000) * 1000))} ago`;
  if (sure === 'proved') return `nothing waits: a poll was held in vain until ${ago(emptyAt)}`;
  const tasks = waiting === 0 ? 'nothing waits' : `${waiting} wait`;
  const counted = `by CloudWatch's counts until ${ago(countedUntil)}`;
  const since =
    sure === 'counted'
      ? `from ${ago(emptyMinuteAt)}, when nothing waited`
      : 'without a poll that proved a beginning, so that tasks stopped before their start may be in it';
  const lasting =
    runMs === undefined ? '' : `, each for about ${showDuration(Math.max(1, Math.round(runMs)))}`;
  return `${tasks} ${counted}, ${since}${waiting > 0 ? lasting : ''}`;
}

/**
 * Thrown if no estimate can be made. The scaler then responds with an error instead of a number, so that an autoscaler
 * leaves the fleet unchanged.
 */
export class NoEstimate extends Error {
  override readonly name: string = 'NoEstimate';
}

/** The numbers that are known while the workers of an activity can't be seen. */
interface BlindFacts {
  readonly activityArn: string;
  /** The number of tasks that were started and have not ended. */
  readonly running: number;
  /**
   * The number of workers that are needed for the waiting tasks, besides those at the addresses that don't answer. More
   * may be needed, never fewer.
   */
  readonly least: number;
  /** True if tasks wait for which no worker is known. */
  readonly isMissing: boolean;
}

/**
 * Thrown if tasks run by CloudWatch's numbers, but no worker of their activity can be seen. Any number of workers could
 * then be too small. Nevertheless a worker has to be started if tasks wait, since there may be none.
 */
export class Blind extends NoEstimate {
  override readonly name = 'Blind';

  constructor(
    message: string,
    readonly facts: BlindFacts,
  ) {
    super(message);
  }
}
