import { type Backlog, MINUTE_MS } from './backlog.js';

/** The workers of a fleet that serve one activity. A slot is room for one running task. */
export interface Crew {
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

export interface Needs {
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
 * The number of slots to keep free, for tasks that arrive before CloudWatch shows them, is this times the square root
 * of the slots in use. By about that square root, the number of running tasks varies around its mean. The factor was
 * chosen by `npm run bench -- scaling`.
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
