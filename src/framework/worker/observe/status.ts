import type { PublicHandler, PublicPause, PublicStatus, PublicTask } from '../../base/worker-status.js';
import type { PollerStatus } from '../poll/poller.js';
import type { TaskProgress } from '../task/progress.js';

/**
 * A worker's status for the code that runs the worker. Unlike the public status, it contains tokens and the service's
 * errors.
 */
export interface WorkerStatus extends Pick<
  PublicStatus,
  'name' | 'state' | 'ready' | 'reasons' | 'counts' | 'protection'
> {
  readonly handlers: readonly HandlerStatus[];
  readonly tasks: readonly TaskStatus[];
}

export interface HandlerStatus extends Omit<PublicHandler, 'polls' | 'paused'> {
  /** @default the handler takes tasks */
  readonly paused?: PublicPause & { readonly reason: string };
  readonly polls: PollerStatus;
}

/** A task in flight, for the code that runs the worker. */
export interface TaskStatus extends Pick<PublicTask, 'handler' | 'ageMs' | 'phase' | 'lastHeartbeatAt'> {
  readonly activityArn: string;
  readonly token: string;
  /** The progress that the handler last reported; undefined before the first. */
  readonly progress: TaskProgress | undefined;
}
