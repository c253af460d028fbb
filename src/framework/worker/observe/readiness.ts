import { HELD_MS, type PollerStatus, POLL_LIMIT_MS } from '../poll/poller.js';
import type { WorkerState } from '../../base/worker-status.js';
import { plainReason } from './plain-reason.js';

/** The facts that decide whether a handler is ready. Instants are epoch milliseconds. */
export interface HandlerSigns {
  readonly name: string;
  readonly polls: PollerStatus;
  /** The number of slots that are free for a poll. */
  readonly freeSlots: number;
  /** The number of handlers that have not settled; `ignoring` is the number of these whose signal has aborted. */
  readonly running: number;
  readonly ignoring: number;
  readonly undelivered: number;
  /** The instant of the last accepted heartbeat or report of this handler's tasks; undefined before the first. */
  readonly lastAcceptedAt: number | undefined;
  /**
   * The last instant at which all slots were at work. No poll could be answered then, so that accepted heartbeats and
   * reports count as signs instead. Undefined before the first such instant.
   */
  readonly fullAt: number | undefined;
  /** True where heartbeats are sent for this handler's tasks; false with `heartbeat: false`. */
  readonly heartbeats: boolean;
  /** The instant since which no slot can come free; undefined while one can. */
  readonly stuckSince: number | undefined;
}

/** The age at which an answer says nothing about now: no poll is open for so long. */
const STALE_MS = POLL_LIMIT_MS + 15_000;
/** Trouble that is shorter than this does not make a worker unready. */
const BLIP_MS = 5_000;
/**
 * The time without a slot that can come free after which a handler counts as stuck. Before, it may be a burst, and
 * handlers may need it to end after their signal has aborted.
 */
export const STUCK_MS = 30_000;

/** Returns the reasons for which a worker is not ready; an empty list for a ready worker. */
export function unreadyReasons(state: WorkerState, handlers: readonly HandlerSigns[], now: number): string[] {
  if (state !== 'running') return [`the worker is ${state}`];
  return handlers.flatMap((handler) => {
    const reason = stuckReason(handler, now) ?? pollsReason(handler, now);
    return reason === undefined ? [] : [`${handler.name}: ${reason}`];
  });
}

/** Returns true where all slots of a handler are at work, so that no poll is open. */
export const isFull = ({
  polls,
  freeSlots,
  running,
}: Pick<HandlerSigns, 'polls' | 'freeSlots' | 'running'>): boolean =>
  freeSlots === 0 && polls.open === 0 && running > 0;

/**
 * Returns true where no slot can come free by itself: no poll is open, and all running handlers ignore their signal.
 */
export const isStuck = ({ polls, freeSlots, running, ignoring }: HandlerSigns): boolean =>
  freeSlots === 0 && polls.open === 0 && running === ignoring;

/** Returns the words that say what holds the slots of a stuck handler. */
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
  const { trouble, state, lastAnswerAt, heldSince, heldInVain } = polls;
  const troubled = trouble && `its polls are ${trouble.kind}: ${plainReason(trouble.error)}`;
  if (state !== 'open' && trouble && now - trouble.since >= BLIP_MS) return troubled;
  const wasFull = fullAt !== undefined && now - fullAt <= STALE_MS;
  const answeredAt = latest(lastAnswerAt, wasFull ? lastAcceptedAt : undefined);
  const stands = isFull(handler) && !heartbeats;
  if (answeredAt !== undefined && (stands || now - answeredAt <= STALE_MS)) return undefined;
  if (heldSince !== undefined && now - heldSince >= HELD_MS && !heldInVain) return undefined;
  const unanswered = lastAnswerAt === undefined ? 'no poll was answered yet' : 'no poll was answered lately';
  return troubled ?? unanswered;
}

function latest(...instants: readonly (number | undefined)[]): number | undefined {
  const known = instants.filter((each) => each !== undefined);
  return known.length > 0 ? Math.max(...known) : undefined;
}
