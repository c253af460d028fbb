import type { PublicHandler, WorkerState } from '../../base/worker-status.js';
import { type Backlog, countBacklog, MINUTE_MS, type QueueCounts, type QueueProofs } from './backlog.js';
import { reasonFor } from './reason.js';
import { type Crew, workersWanted } from './workers-wanted.js';

/** A worker's status as far as a scaler needs it. */
export interface SeenWorker {
  readonly state: WorkerState;
  readonly handlers: readonly SeenHandler[];
}

export type SeenHandler = Pick<PublicHandler, 'activityArn' | 'concurrency' | 'running' | 'queue'>;

/** All facts that an estimate is derived from. Instants are epoch milliseconds. */
export interface Facts {
  readonly now: number;
  readonly activityArn: string;
  readonly counts: QueueCounts;
  /** The mean time from a task's start to its end, in milliseconds; undefined where none has ended lately. */
  readonly runMs: number | undefined;
  readonly workers: readonly SeenWorker[];
  /** The number of workers that are there and whose status can't be read. */
  readonly unreadable: number;
  /** A full minute at whose beginning nothing waited, as an earlier estimate knew; undefined where none is known. */
  readonly emptyMinuteAt: number | undefined;
  /** The number of slots that a worker has, where none runs that could tell. */
  readonly slotsOfWorker: number;
  /** The time within which what waits should be begun, in milliseconds. */
  readonly withinMs: number;
}

/** An activity's queue and fleet. Plain data. */
export interface Estimate {
  readonly activityArn: string;
  /** The number of tasks that wait for a worker. */
  readonly waiting: number;
  /** The number of tasks whose handlers run. */
  readonly atWork: number;
  readonly slots: number;
  readonly workers: number;
  readonly workersWanted: number;
  /** The number of workers that are missing; below zero the number that is not needed. */
  readonly workersMissing: number;
  readonly sure: Backlog['sure'];
  /** The full minute from which tasks are counted; undefined where no poll has proved one. */
  readonly emptyMinuteAt: number | undefined;
  /** One line that says what the numbers are derived from. */
  readonly why: string;
}

/** A proof is recent for as long as the service may hold a poll, and as long again. */
const RECENT_MS = 2 * MINUTE_MS;

/** Derives the estimate of an activity from facts alone: the same facts give the same estimate. */
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

/** Joins the proofs of all workers. Those that drain tell as well as the others what waited. */
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
