/** Begins the traces of tasks. */
export interface TaskTracing {
  /** Begins the trace of a task whose lease has arrived; returns undefined where tasks are not traced. Never throws. */
  begin(task: TracedTask, handler: TracedHandler): TaskTrace | undefined;
}

export interface TracedTask {
  readonly token: string;
  readonly input: string;
  /** The time at which the task arrived. Epoch milliseconds, as all instants here. */
  readonly receivedAt: number;
  /** The time at which the task's poll was sent; undefined where that is not known. */
  readonly polledAt?: number;
}

export interface TracedHandler {
  readonly name: string;
  readonly activityArn: string;
}

/** The trace of one task. */
export interface TaskTrace {
  /** Fields for every line that the task's handler logs. */
  readonly logFields: Readonly<Record<string, string>>;
  /** Runs the handler, so that the spans of the calls that it makes are part of this trace. */
  run<T>(fn: () => T): T;
  /** Ends the trace, when nothing more is sent for the task. */
  ended(end: TraceEnd): void;
}

export interface TraceEnd {
  readonly outcome: 'succeeded' | 'failed' | 'gone' | 'lost';
  /** The name of the error that was reported or given up; undefined where there was none. */
  readonly error: string | undefined;
  /** The time of the decision; undefined where the task was gone before a decision. */
  readonly decidedAt: number | undefined;
  /** The number of attempts to report the outcome after the first. */
  readonly retries: number;
  readonly at: number;
}
