import type { TaskPhase } from '../../task/task.js';
import type { WorkerCounts } from './counts.js';
import type { WorkerState } from './events.js';
import { POLL_LIMIT_MS, type PollerStatus } from '../poller.js';

/** What a worker is doing, at one moment. */
export interface WorkerStatus {
  readonly name: string;
  readonly state: WorkerState;
  /** Whether it does what it is there for; the reasons say why not. */
  readonly ready: boolean;
  readonly reasons: readonly string[];
  readonly handlers: readonly HandlerStatus[];
  readonly tasks: readonly TaskStatus[];
  readonly counts: Readonly<WorkerCounts>;
}

export interface HandlerStatus {
  /** `Class.method`. */
  readonly name: string;
  readonly activityArn: string;
  readonly concurrency: number;
  /** Slots in use: tasks and open polls. */
  readonly used: number;
  readonly polls: PollerStatus;
}

/** A task in flight. */
export interface TaskStatus {
  readonly handler: string;
  readonly activityArn: string;
  readonly token: string;
  readonly ageMs: number;
  readonly phase: TaskPhase;
  /** Epoch milliseconds; undefined before the first. */
  readonly lastHeartbeatAt: number | undefined;
}

/** A poll that the service has held this long is a good sign, also after trouble: what it refuses, it refuses at once. */
const HELD_MS = 1_000;
/** An answer older than this says nothing about now: longer than any poll may take. */
const STALE_MS = POLL_LIMIT_MS + 15_000;

/** Why a worker is not ready; empty if it is. */
export function unreadyReasons(
  state: WorkerState,
  handlers: readonly HandlerStatus[],
  now: number,
): string[] {
  if (state !== 'running') return [`the worker is ${state}`];
  return handlers.flatMap((handler) => {
    const reason = pollsUnready(handler, now);
    return reason ? [`${handler.name}: ${reason}`] : [];
  });
}

function pollsUnready({ polls, used, concurrency }: HandlerStatus, now: number): string | undefined {
  const { trouble, lastAnswerAt, sentAt, open } = polls;
  const heldMs = sentAt === undefined ? -1 : now - sentAt;
  if (heldMs >= HELD_MS && heldMs <= STALE_MS) return undefined;
  if (trouble) return `its polls are ${trouble.kind}: ${trouble.error.name}: ${trouble.error.message}`;
  if (used >= concurrency && open === 0) return undefined;
  if (lastAnswerAt !== undefined && now - lastAnswerAt <= STALE_MS) return undefined;
  return lastAnswerAt === undefined ? 'no poll was answered yet' : 'no poll was answered lately';
}
