/** Begins traces of tasks. */
export interface TaskTracing {
  /** Begins the trace of a task that has arrived. Returns undefined if tasks aren't traced. Never throws. */
  begin(task: TracedTask, handler: TracedHandler): TaskTrace | undefined;
}

export interface TracedTask {
  readonly token: string;
  readonly input: string;
  /** The time at which the worker received the task. All times in this file are epoch milliseconds. */
  readonly receivedAt: number;
  /** The time at which the task's poll was sent; undefined if that isn't known. */
  readonly polledAt?: number;
}

export interface TracedHandler {
  readonly name: string;
  readonly activityArn: string;
}

/** The trace of one task. */
export interface TaskTrace {
  /** Fields that are added to every line that the task's handler logs. */
  readonly logFields: Readonly<Record<string, string>>;
  /** Runs the handler inside this trace: spans of calls that the handler makes become part of it. */
  run<T>(fn: () => T): T;
  /** Ends the trace. Called when nothing more is sent for the task. */
  ended(end: TraceEnd): void;
}

export interface TraceEnd {
  readonly outcome: 'succeeded' | 'failed' | 'gone' | 'lost';
  /** The name of the error that was reported, or whose report was given up; undefined if there was none. */
  readonly error: string | undefined;
  /** The time of the decision; undefined if the service no longer wanted the task before a decision was made. */
  readonly decidedAt: number | undefined;
  /** How many more attempts to report the outcome followed the first one. */
  readonly retries: number;
  readonly at: number;
}
