import { isPlainObject } from '../../base/plain-object.js';
import { show } from '../../base/show.js';
import { showDuration } from '../../base/time/duration.js';
import { QUEUE_MINUTES } from '../../base/worker-status.js';
import type { SeenHandler } from './estimate.js';
import type { FoundWorker } from './worker-memory.js';

/** Clocks that are kept by NTP differ by less than this. */
const CLOCKS_MS = 5_000;
const MOST_HANDLERS = 200;
/** The most slots of a handler, and the most tasks in a minute, that are believed. */
const MOST_COUNT = 1_000_000;
const MINUTE_MS = 60_000;

/** A queue of which nothing is known. */
const NO_QUEUE: SeenHandler['queue'] = {
  emptyAt: undefined,
  emptyMinuteAt: undefined,
  minuteAt: 0,
  begun: [],
};

/** What is believed of the status of a worker. */
export interface BelievedStatus {
  readonly worker: FoundWorker;
  /** The reason for which the times in the status are not believed; undefined if they are. */
  readonly wrongClock: string | undefined;
}

/**
 * Reads the part of a worker's status that the scaler needs. Nothing in it is trusted, since any program may listen on
 * the port.
 * @param now this machine's time
 * @param aheadMs how far the clock of the worker's machine is ahead, as its response says
 * @returns a text that says what is wrong with it, if it isn't the status of a worker
 */
export function seenIn(status: unknown, now: number, aheadMs = 0): BelievedStatus | string {
  if (!isPlainObject(status)) return OTHER_VERSION;
  const { name, state, handlers } = status as Partial<FoundWorker>;
  if (typeof name !== 'string' || typeof state !== 'string' || !Array.isArray(handlers)) return OTHER_VERSION;
  if (handlers.length > MOST_HANDLERS)
    return `its status is not believed: it has ${handlers.length} handlers, and at most ${MOST_HANDLERS} are expected`;
  for (const [index, handler] of handlers.entries()) {
    const wrong = mistakeIn(handler);
    if (wrong !== undefined) return `its status is not believed: handlers[${index}].${wrong}`;
  }
  const wrongClock = clockOf(handlers as readonly SeenHandler[], now, aheadMs);
  const seen = (handlers as readonly SeenHandler[]).map(({ activityArn, concurrency, running, queue }) => ({
    ...{ activityArn, concurrency, running },
    queue: wrongClock === undefined ? queue : NO_QUEUE,
  }));
  return { worker: { name, state, handlers: seen }, wrongClock };
}

export const OTHER_VERSION = 'what answers there is no Stepwright worker of this version';

/** Returns what is wrong with a handler of a status: the field, what is expected, and what it is. */
function mistakeIn(value: unknown): string | undefined {
  const { activityArn, concurrency, running, queue } = (
    isPlainObject(value) ? value : {}
  ) as Partial<SeenHandler>;
  const { emptyAt, emptyMinuteAt, minuteAt, begun } = (isPlainObject(queue) ? queue : {}) as Partial<
    SeenHandler['queue']
  >;
  const isCount = (each: unknown, least = 0): boolean =>
    Number.isSafeInteger(each) && Number(each) >= least && Number(each) <= MOST_COUNT;
  const isTime = (each: unknown): boolean => each === undefined || Number.isFinite(each);
  const got = (field: string, expected: string, is: unknown): string =>
    `${field} is ${show(is)}, expected ${expected}`;
  if (typeof activityArn !== 'string') return got('activityArn', 'a text', activityArn);
  if (!isCount(concurrency, 1)) return got('concurrency', 'a number of slots', concurrency);
  if (!isCount(running)) return got('running', 'a number of tasks', running);
  if (!isTime(emptyAt)) return got('queue.emptyAt', 'a time', emptyAt);
  if (!isTime(emptyMinuteAt)) return got('queue.emptyMinuteAt', 'a time', emptyMinuteAt);
  if (!Number.isFinite(minuteAt)) return got('queue.minuteAt', 'a time', minuteAt);
  if (!Array.isArray(begun) || begun.length > QUEUE_MINUTES || !begun.every((each) => isCount(each)))
    return `queue.begun is expected to have at most ${QUEUE_MINUTES} numbers of tasks`;
  return undefined;
}

/**
 * Returns the reason for which the times in a status are not believed: the worker's clock differs from this machine's, or
 * a time is in the future.
 */
function clockOf(handlers: readonly SeenHandler[], now: number, off: number): string | undefined {
  if (Math.abs(off) > CLOCKS_MS)
    return `its clock is ${showDuration(Math.round(Math.abs(off) / 1000) * 1000)} ${off > 0 ? 'ahead of' : 'behind'} this machine's, so its times are not believed`;
  const isFuture = (at: number | undefined): boolean => at !== undefined && at > now + CLOCKS_MS;
  const future = handlers.some(
    ({ queue }) =>
      isFuture(queue.emptyAt) || isFuture(queue.emptyMinuteAt) || isFuture(queue.minuteAt - MINUTE_MS),
  );
  return future ? 'its status has a time in the future, so its times are not believed' : undefined;
}
