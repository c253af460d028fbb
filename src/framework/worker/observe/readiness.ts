import type { PollStatus, WorkerState } from '../../base/worker-status.js';
import { HELD_MS, POLL_LIMIT_MS } from '../poll/poll.js';

/** The facts from which it is decided if a handler is ready to take tasks. Times are epoch milliseconds. */
export interface HandlerProof {
  readonly name: string;
  readonly polls: Pick<PollStatus, 'heldSince' | 'heldInVain' | 'trouble'>;
  /**
   * The time at which the service last answered a poll, a report or a heartbeat of the handler; undefined before the
   * first answer.
   */
  readonly provedAt: number | undefined;
  /** True if nothing is asked of the service, so that nothing can be answered: the handler is paused, for example. */
  readonly isStill: boolean;
  /** The time since which no slot (place for a running task) can become free by itself; undefined if one can. */
  readonly stuckSince: number | undefined;
  readonly holders: SlotHolders;
}

/** What uses the slots of a handler without an end in sight. */
export interface SlotHolders {
  /** The number of tasks that are still running although their signal was aborted. */
  readonly ignoring: number;
  /** The number of tasks whose handler has ended, but whose result the service hasn't accepted. */
  readonly undelivered: number;
}

/** An older answer shows nothing any more: no poll stays open for so long. */
const STALE_MS = POLL_LIMIT_MS + 15_000;
/**
 * A handler counts as stuck if none of its slots could become free for this long. A shorter time may be harmless:
 * handlers may still be ending after their signal was aborted.
 */
export const STUCK_MS = 30_000;

/** Returns the reasons for which a worker isn't ready. If it is ready, the list is empty. */
export function unreadyReasons(state: WorkerState, handlers: readonly HandlerProof[], now: number): string[] {
  if (state !== 'running') return [`the worker is ${state}`];
  return handlers.flatMap((handler) => {
    const reason = reasonOf(handler, now);
    return reason === undefined ? [] : [`${handler.name}: ${reason}`];
  });
}

/** Describes, for people, why a handler is stuck: what uses all its slots. */
export function stuckBy({ ignoring, undelivered }: SlotHolders): string {
  const held = [
    ...(ignoring > 0 ? [`${ignoring} by handlers that ignore their signal`] : []),
    ...(undelivered > 0 ? [`${undelivered} by results that the service does not take`] : []),
  ];
  return `no slot is left for a task: held ${held.join(', ')}`;
}

function reasonOf({ polls, provedAt, isStill, stuckSince, holders }: HandlerProof, now: number) {
  if (stuckSince !== undefined && now - stuckSince >= STUCK_MS) return stuckBy(holders);
  const { heldSince, heldInVain, trouble } = polls;
  // The service refuses a poll at once, so it has let one through that it holds.
  const isHeld = heldSince !== undefined && now - heldSince >= HELD_MS && !heldInVain;
  if (isStill || isHeld || (provedAt !== undefined && now - provedAt <= STALE_MS)) return undefined;
  if (trouble) return `its polls are ${trouble.kind}: ${trouble.reason}`;
  return provedAt === undefined ? 'no poll was answered yet' : 'no poll was answered lately';
}
