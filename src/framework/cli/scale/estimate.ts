import type { HandlerStatus, WorkerState } from '../../base/worker-status.js';
import { type Backlog, countBacklog, MINUTE_MS, type QueueCounts, type QueueProofs } from './backlog.js';
import { reasonFor } from './reason.js';
import { type Crew, workersWanted } from './workers-wanted.js';

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
