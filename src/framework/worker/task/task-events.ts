import type { Outcome } from '../handler/outcome/outcome.js';
import type { TaskProgress } from './progress.js';

/** The task that an event is about. */
export interface TaskRef {
  /** `Class.method`. */
  readonly handler: string;
  readonly activityArn: string;
  readonly token: string;
}

/**
 * The events of a task. Each is emitted once a task, except for `task:progress`, for `report:retried` (once for each
 * failed attempt) and for `task:ignored-abort` (again when the handler is abandoned).
 */
export interface TaskEvents {
  /** A lease has arrived. */
  'task:received': TaskRef & { readonly receivedAt: Date };
  /** The handler has settled or was abandoned, `handlerMs` after the receipt. */
  'task:settled': TaskRef & { readonly handlerMs: number };
  /** The service accepted the result, `durationMs` after the receipt and `reportMs` after the decision. */
  'task:succeeded': TaskRef & { readonly durationMs: number; readonly reportMs: number };
  /** The service accepted the failure. */
  'task:failed': TaskRef & {
    readonly durationMs: number;
    readonly reportMs: number;
    readonly error: string;
    readonly cause: string;
  };
  /**
   * The service no longer wants the task, so nothing more is sent.
   * `probablyDelivered`: an earlier attempt to report lost its answer, so the service most likely accepted it.
   */
  'task:gone': TaskRef & {
    readonly durationMs: number;
    readonly probablyDelivered: boolean;
    readonly error: Error;
  };
  /** A handler reported progress. At most once a second for each task; the latest is always emitted. */
  'task:progress': TaskRef & TaskProgress;
  /** A handler still runs long after its signal aborted. */
  'task:ignored-abort': TaskRef & { readonly afterMs: number; readonly abandoned: boolean };
  /** An attempt to report failed and will be repeated. */
  'report:retried': TaskRef & { readonly attempt: number; readonly delayMs: number; readonly error: Error };
  /** A report was given up: the service is not known to have accepted this outcome. */
  'report:lost': TaskRef & {
    readonly durationMs: number;
    readonly reportMs: number;
    readonly attempts: number;
    readonly outcome: Outcome;
    readonly error: Error;
  };
}

/** Emits an event. Never throws. */
export type EmitTask = <K extends keyof TaskEvents>(event: K, payload: TaskEvents[K]) => void;
