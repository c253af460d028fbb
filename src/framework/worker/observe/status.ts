import type { TaskProgress } from '../task/progress.js';
import type { TaskPhase } from '../task/task.js';
import type { WorkerCounts } from './counts.js';
import type { WorkerState } from './events.js';
import type { PollerStatus } from '../poll/poller.js';

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
  /** Slots in use: handlers that have not settled, and open polls. */
  readonly used: number;
  /** Handlers that have not settled. */
  readonly running: number;
  /** Outcomes of settled handlers that the service has not taken yet. They hold no slot. */
  readonly undelivered: number;
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
  /** How far its handler is, as that last said; undefined where it says nothing. */
  readonly progress: TaskProgress | undefined;
}
