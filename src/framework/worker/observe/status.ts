import type { PublicHandler, PublicPause, PublicStatus, PublicTask } from '../../base/worker-status.js';
import type { PollerStatus } from '../poll/poll-record.js';
import type { TaskProgress } from '../task/progress.js';

/**
 * A worker's status, for code in the worker's own process. Unlike the public status, it contains task tokens and the
 * service's error messages.
 */
export interface WorkerStatus extends Pick<
  PublicStatus,
  | 'name'
  | 'version'
  | 'startedAt'
  | 'state'
  | 'drain'
  | 'ready'
  | 'reasons'
  | 'counts'
  | 'protection'
  | 'outbox'
> {
  readonly handlers: readonly HandlerStatus[];
  readonly tasks: readonly TaskStatus[];
}

export interface HandlerStatus extends Omit<PublicHandler, 'polls' | 'paused'> {
  /** Present while the handler is paused, so that it gets no tasks. @default the handler isn't paused */
  readonly paused?: PublicPause & { readonly reason: string };
  readonly polls: PollerStatus;
}

/** A task that isn't finished, for code in the worker's own process. */
export interface TaskStatus extends Pick<PublicTask, 'handler' | 'ageMs' | 'phase' | 'lastHeartbeatAt'> {
  readonly activityArn: string;
  readonly token: string;
  /** The progress that the handler last reported; undefined before the first. */
  readonly progress: TaskProgress | undefined;
}
