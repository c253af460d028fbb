import { type Backlog, MINUTE_MS } from './backlog.js';

/** The part of a fleet that serves one activity. */
export interface Crew {
  /** The number of workers that take tasks, those whose status can't be read included. */
  readonly workers: number;
  /** The number of workers whose status can't be read. They are taken to be full. */
  readonly unreadable: number;
  readonly slots: number;
  /** The number of tasks whose handlers run. */
  readonly atWork: number;
  /** The number of slots of a worker. */
  readonly slotsOfWorker: number;
}

export interface Needs {
  readonly crew: Crew;
  readonly backlog: Backlog;
  /** The mean time that a task runs, in milliseconds; undefined where none has ended. */
  readonly runMs: number | undefined;
  /** The time within which what waits should be begun, in milliseconds. */
  readonly withinMs: number;
  /** True where a slot is free and a poll has proved lately that nothing waits: only then fewer workers may do. */
  readonly idle: boolean;
}

/**
 * Slots are kept free for tasks that come before CloudWatch tells: this much of the square root of the slots that work,
 * as the number of tasks at work differs from its mean by about the square root. Chosen by `npm run bench -- scaling`.
 */
const SPARE = 0.5;
/** A worker is given up only where so many times the spare slots would be left: the fleet may fill before it is told. */
const KEPT = 2;
/** Tasks that run for longer can wait for a worker that starts: no slot is kept free for them. */
const SPARE_UNTIL_MS = 10 * MINUTE_MS;

/** Returns how many workers a fleet needs for what is at work and what waits. */
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
