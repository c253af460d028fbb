import { HELD_MS, type PollerStatus } from '../poll/poll-record.js';
import { POLL_LIMIT_MS } from '../poll/poll-limit.js';
import type { WorkerState } from '../../base/worker-status.js';
import { plainReason } from './plain-reason.js';

/** The facts from which it is decided if a handler is ready to take tasks. Times are epoch milliseconds. */
export interface HandlerSigns {
  readonly name: string;
  readonly polls: PollerStatus;
  /**
   * The number of free slots. A handler has a slot for each task that may run at once, and each open poll needs a free
   * one.
   */
  readonly freeSlots: number;
  /**
   * The number of tasks whose handler is still running. `ignoring`: how many of these are running although their signal
   * was aborted. `undelivered`: the number of tasks whose handler has ended, but whose result the service hasn't
   * accepted.
   */
  readonly running: number;
  readonly ignoring: number;
  readonly undelivered: number;
  /**
   * The time at which a heartbeat or a report of this handler's tasks was last accepted; undefined before the first.
   */
  readonly lastAcceptedAt: number | undefined;
  /**
   * The last time at which all slots were in use by running tasks; undefined if there was none. No poll could be open
   * then, so accepted heartbeats and reports show instead that the service can be reached.
   */
  readonly fullAt: number | undefined;
  /** True if heartbeats are sent for this handler's tasks; false with `heartbeat: false`. */
  readonly heartbeats: boolean;
  /** True if slots are free but no poll may be opened now, because of a pause, a breaker or a rate. */
  readonly heldBack: boolean;
  /** The last time at which `heldBack` was true; undefined if it never was. */
  readonly heldBackAt: number | undefined;
  /** The time since which no slot (place for a running task) can become free by itself; undefined if one can. */
  readonly stuckSince: number | undefined;
}

/**
 * If the last response to a poll is older than this, it no longer shows that polls work: no poll stays open for so
 * long.
 */
const STALE_MS = POLL_LIMIT_MS + 15_000;
/** If polls have failed for less than this, the worker still counts as ready. */
const BLIP_MS = 5_000;
/**
 * A handler counts as stuck if none of its slots could become free for this long. A shorter time may be harmless:
 * handlers may still be ending after their signal was aborted.
 */
export const STUCK_MS = 30_000;

/** Returns the reasons for which a worker isn't ready. If it is ready, the list is empty. */
export function unreadyReasons(state: WorkerState, handlers: readonly HandlerSigns[], now: number): string[] {
  if (state !== 'running') return [`the worker is ${state}`];
  return handlers.flatMap((handler) => {
    const reason = stuckReason(handler, now) ?? pollsReason(handler, now);
    return reason === undefined ? [] : [`${handler.name}: ${reason}`];
  });
}

/** Returns true if all slots of a handler are used by running tasks, so that no poll is open. */
export const isFull = ({
  polls,
  freeSlots,
  running,
}: Pick<HandlerSigns, 'polls' | 'freeSlots' | 'running'>): boolean =>
  freeSlots === 0 && polls.open === 0 && running > 0;

/**
 * Returns true if no slot (place for a running task) can become free by itself: no poll is open, and all handlers that
 * are still running ignore that their signal was aborted.
 */
export const isStuck = ({ polls, freeSlots, running, ignoring }: HandlerSigns): boolean =>
  freeSlots === 0 && polls.open === 0 && running === ignoring;

/** Describes, for people, why a handler is stuck: what uses all its slots. */
export function stuckBy({ ignoring, undelivered }: HandlerSigns): string {
  const held = [
    ...(ignoring > 0 ? [`${ignoring} by handlers that ignore their signal`] : []),
    ...(undelivered > 0 ? [`${undelivered} by results that the service does not take`] : []),
  ];
  return `no slot is left for a task: held ${held.join(', ')}`;
}

function stuckReason(handler: HandlerSigns, now: number): string | undefined {
  const { stuckSince } = handler;
  return stuckSince !== undefined && now - stuckSince >= STUCK_MS ? stuckBy(handler) : undefined;
}

function pollsReason(handler: HandlerSigns, now: number): string | undefined {
  const { polls, heartbeats, lastAcceptedAt, fullAt } = handler;
  // Nothing is asked, so nothing can be answered.
  if (handler.heldBack && polls.open === 0) return undefined;
  const { trouble, state, lastAnswerAt, heldSince, heldInVain } = polls;
  const troubled = trouble && `its polls are ${trouble.kind}: ${plainReason(trouble.error)}`;
  // The service refuses a poll at once, so it has let one through that it holds.
  const isHeld = heldSince !== undefined && now - heldSince >= HELD_MS && !heldInVain;
  // A poll for which the activity has no room is sent again soon; an answer to one before still shows that polls work.
  const isBlocked = state !== 'open' && trouble && trouble.kind !== 'crowded' && !isHeld;
  if (isBlocked && now - trouble.since >= BLIP_MS) return troubled;
  const wasFull = fullAt !== undefined && now - fullAt <= STALE_MS;
  const { heldBackAt } = handler;
  const wasHeldBack = lastAnswerAt !== undefined && heldBackAt !== undefined;
  const answeredAt = latest(
    lastAnswerAt,
    wasFull ? lastAcceptedAt : undefined,
    wasHeldBack ? heldBackAt : undefined,
  );
  const stands = isFull(handler) && !heartbeats;
  if (answeredAt !== undefined && (stands || now - answeredAt <= STALE_MS)) return undefined;
  if (isHeld) return undefined;
  const unanswered = lastAnswerAt === undefined ? 'no poll was answered yet' : 'no poll was answered lately';
  return troubled ?? unanswered;
}

function latest(...instants: readonly (number | undefined)[]): number | undefined {
  const known = instants.filter((each) => each !== undefined);
  return known.length > 0 ? Math.max(...known) : undefined;
}
