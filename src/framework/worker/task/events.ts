import type { Outcome } from '../handler/outcome/outcome.js';
import type { TaskProgress } from './progress.js';

/** Which task an event is about. */
export interface TaskRef {
  /** `Class.method`. */
  readonly handler: string;
  readonly activityArn: string;
  readonly token: string;
}

/**
 * What happens to tasks. Each is emitted once a task, but for `task:progress`, for `report:retried`, once a failed
 * attempt, and `task:ignored-abort`, again when the handler is left behind.
 */
export interface TaskEvents {
  /** A lease has arrived. */
  'task:received': TaskRef & { readonly receivedAt: Date };
  /** The handler has settled, or was left behind; how long after the receipt. */
  'task:settled': TaskRef & { readonly handlerMs: number };
  /** The service took the result. `durationMs` is since the receipt, `reportMs` since the decision. */
  'task:succeeded': TaskRef & { readonly durationMs: number; readonly reportMs: number };
  /** The service took the failure. */
  'task:failed': TaskRef & {
    readonly durationMs: number;
    readonly reportMs: number;
    readonly error: string;
    readonly cause: string;
  };
  /**
   * The service no longer wants the task, so nothing (more) is sent.
   * `probablyDelivered`: an earlier attempt to report had lost its answer, so the service most likely took it.
   */
  'task:gone': TaskRef & {
    readonly durationMs: number;
    readonly probablyDelivered: boolean;
    readonly error: Error;
  };
  /** A handler said how far it is. At most once a second for each task; the latest is always told. */
  'task:progress': TaskRef & TaskProgress;
  /** A handler still runs long after its signal aborted. */
  'task:ignored-abort': TaskRef & { readonly afterMs: number; readonly abandoned: boolean };
  /** An attempt to report failed and will be repeated. */
  'report:retried': TaskRef & { readonly attempt: number; readonly delayMs: number; readonly error: Error };
  /** A report was given up: the service was never heard to take this outcome. */
  'report:lost': TaskRef & {
    readonly durationMs: number;
    readonly reportMs: number;
    readonly attempts: number;
    readonly outcome: Outcome;
    readonly error: Error;
  };
}

/** Tells an event. Never throws. */
export type EmitTask = <K extends keyof TaskEvents>(event: K, payload: TaskEvents[K]) => void;
