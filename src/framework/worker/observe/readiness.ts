import { HELD_MS, type PollerStatus, POLL_LIMIT_MS } from '../poll/poller.js';
import type { WorkerState } from '../../base/worker-status.js';
import { plainReason } from './plain-reason.js';

/** What readiness is read off, for one handler. Instants are epoch milliseconds. */
export interface HandlerSigns {
  readonly name: string;
  readonly polls: PollerStatus;
  /** Slots that a poll may take now. */
  readonly freeSlots: number;
  /** Handlers that have not settled, and of these the ones that ignore their signal. */
  readonly running: number;
  readonly ignoring: number;
  readonly undelivered: number;
  /** When the service last took a heartbeat or a report of this handler's tasks. */
  readonly lastAcceptedAt: number | undefined;
  /** When all places were last at work, so that no poll could be answered: what was accepted stands in for that. */
  readonly fullAt: number | undefined;
  /** Whether its tasks are beaten at all. */
  readonly beats: boolean;
  /** Since when no place can come free by itself. */
  readonly stuckSince: number | undefined;
}

/** An answer older than this says nothing about now: longer than any poll may take. */
const STALE_MS = POLL_LIMIT_MS + 15_000;
/** Trouble shorter than this is no reason to take a worker out. */
const BLIP_MS = 5_000;
/** Places that are taken for shorter than this may be a crowd. */
export const STUCK_MS = 30_000;

/** Why a worker is not ready; empty if it is. */
export function unreadyReasons(state: WorkerState, handlers: readonly HandlerSigns[], now: number): string[] {
  if (state !== 'running') return [`the worker is ${state}`];
  return handlers.flatMap((handler) => {
    const reason = stuckReason(handler, now) ?? pollsReason(handler, now);
    return reason === undefined ? [] : [`${handler.name}: ${reason}`];
  });
}

/** Whether all places are at work, so that nothing is polled. */
export const isFull = ({
  polls,
  freeSlots,
  running,
}: Pick<HandlerSigns, 'polls' | 'freeSlots' | 'running'>): boolean =>
  freeSlots === 0 && polls.open === 0 && running > 0;

/** Whether no place of a handler can come free by itself: nobody polls, and whoever runs ignores its signal. */
export const isStuck = ({ polls, freeSlots, running, ignoring }: HandlerSigns): boolean =>
  freeSlots === 0 && polls.open === 0 && running === ignoring;

/** How the places of a stuck handler are taken, for people. */
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
  const { polls, beats, lastAcceptedAt, fullAt } = handler;
  const { trouble, state, lastAnswerAt, heldSince, heldInVain } = polls;
  const troubled = trouble && `its polls are ${trouble.kind}: ${plainReason(trouble.error)}`;
  if (state !== 'open' && trouble && now - trouble.since >= BLIP_MS) return troubled;
  const wasFull = fullAt !== undefined && now - fullAt <= STALE_MS;
  const answeredAt = latest(lastAnswerAt, wasFull ? lastAcceptedAt : undefined);
  const stands = isFull(handler) && !beats;
  if (answeredAt !== undefined && (stands || now - answeredAt <= STALE_MS)) return undefined;
  if (heldSince !== undefined && now - heldSince >= HELD_MS && !heldInVain) return undefined;
  const unanswered = lastAnswerAt === undefined ? 'no poll was answered yet' : 'no poll was answered lately';
  return troubled ?? unanswered;
}

function latest(...instants: readonly (number | undefined)[]): number | undefined {
  const known = instants.filter((each) => each !== undefined);
  return known.length > 0 ? Math.max(...known) : undefined;
}
