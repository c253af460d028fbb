import type { HandlerRef } from '../../declare/worker-events.js';

/** A task that the worker has received from a poll: its token and its input. */
export interface ReceivedTask {
  readonly token: string;
  readonly input: string;
  /** The time at which the worker received the task. Times are epoch milliseconds. */
  readonly receivedAt: number;
  /** The time at which the poll that returned the task was sent; undefined if that isn't known. */
  readonly polledAt?: number;
  /**
   * The earliest time at which the service may have given out the task, if the poll's response may have waited unread
   * because the process was blocked or stopped. The handler is then called only after a heartbeat was accepted.
   */
  readonly unreadSince?: number;
}

/** Makes a trace for each task, such as an OpenTelemetry span. */
export interface TaskTracing {
  /** Undefined if tasks aren't traced. */
  readonly traces:
    | {
        /** Begins the trace of a task that has arrived. Returns undefined if that fails. Never throws. */
        begin(task: ReceivedTask, handler: HandlerRef): TaskTrace | undefined;
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
