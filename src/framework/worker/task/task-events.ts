import type { Outcome } from '../handler/outcome/outcome.js';
import type { TaskProgress } from './progress.js';
import type { Lease, TaskHandler } from './task.js';

/** The task that an event is about. */
export interface TaskRef {
  /** The handler's name, `Class.method`. */
  readonly handler: string;
  readonly activityArn: string;
  readonly token: string;
}

/**
 * The events of a task. Each is emitted at most once per task, with three exceptions: `task:progress`;
 * `report:retried`, for each failed attempt; and `task:ignored-abort`, which is emitted again if the worker abandons
 * the handler.
 */
export interface TaskEvents {
  /** A task has arrived. */
  'task:received': TaskRef & { readonly receivedAt: Date };
  /**
   * The handler has returned or thrown, or the worker has stopped waiting for it. `handlerMs`: milliseconds since the
   * task was received.
   */
  'task:settled': TaskRef & { readonly handlerMs: number };
  /**
   * The service has accepted the handler's result. `durationMs`: milliseconds since the task was received. `reportMs`:
   * milliseconds since it was decided what to report.
   */
  'task:succeeded': TaskRef & { readonly durationMs: number; readonly reportMs: number };
  /** The service accepted the failure. `durationMs` and `reportMs` are measured as in `task:succeeded`. */
  'task:failed': TaskRef & {
    readonly durationMs: number;
    readonly reportMs: number;
    readonly error: string;
    readonly cause: string;
  };
  /** The handler has deferred the task, and has ended: somebody else completes it. `id`: the id that it is under. */
  'task:deferred': TaskRef & {
    readonly durationMs: number;
    readonly reportMs: number;
    readonly id: string | undefined;
  };
  /**
   * The service no longer wants the task, so nothing more is sent for it.
   *
   * `probablyDelivered`: true if an earlier report of the task got no response, so that the service has most likely
   * accepted that report.
   */
  'task:gone': TaskRef & {
    readonly durationMs: number;
    readonly probablyDelivered: boolean;
    readonly error: Error;
  };
  /**
   * A handler has reported progress. Emitted at most once per second for each task, always with the latest progress.
   */
  'task:progress': TaskRef & TaskProgress;
  /**
   * A handler is still running long after its signal was aborted. `afterMs`: milliseconds since the abort. `abandoned`:
   * true if the worker stops waiting for the handler.
   */
  'task:ignored-abort': TaskRef & { readonly afterMs: number; readonly abandoned: boolean };
  /** An attempt to report a task's outcome has failed, and will be repeated after `delayMs`. */
  'report:retried': TaskRef & { readonly attempt: number; readonly delayMs: number; readonly error: Error };
  /**
   * The report of a task was given up. As far as the worker knows, the service has not accepted the outcome.
   *
   * `kept`: true if the outbox has the outcome, so that it is offered again.
   */
  'report:lost': TaskRef & {
    readonly durationMs: number;
    readonly reportMs: number;
    readonly attempts: number;
    readonly outcome: Outcome;
    readonly error: Error;
    readonly kept: boolean;
  };
}

/** Emits an event. Never throws. */
export type EmitTask = <K extends keyof TaskEvents>(event: K, payload: TaskEvents[K]) => void;

/** Makes a trace for each task, such as an OpenTelemetry span. */
export interface TaskTracing {
  /** Undefined if tasks aren't traced. */
  readonly traces:
    | {
        /** Begins the trace of a task that has arrived. Returns undefined if that fails. Never throws. */
        begin(task: Lease, handler: TaskHandler): TaskTrace | undefined;
      }
    | undefined;
}

/** The trace of one task. */
export interface TaskTrace {
  /** Fields that are added to every line that the task's handler logs. */
  readonly logFields: Readonly<Record<string, string>>;
  /**
   * Runs the handler inside this trace: the spans of calls that the handler makes become children of the task's span.
   */
  run<T>(fn: () => T): T;
  /** Ends the trace. Called when nothing more is sent for the task. */
  ended(end: TraceEnd): void;
}

export interface TraceEnd {
  readonly outcome: 'succeeded' | 'failed' | 'gone' | 'lost' | 'deferred';
  /** The error name of the task's failure, even if its report was given up; undefined if the task didn't fail. */
  readonly error: string | undefined;
  /**
   * The time at which it was decided what to report; undefined if the service no longer wanted the task before that, and
   * for a deferred task, of which nothing is reported.
   */
  readonly decidedAt: number | undefined;
  /** The number of times that the report was repeated after the first attempt. */
  readonly retries: number;
  readonly at: number;
}
