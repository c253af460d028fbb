/** Traces tasks. */
export interface TaskTracing {
  /** Begins the trace of a task whose lease has arrived; returns undefined where tasks are not traced. Never throws. */
  begin(task: TracedTask, handler: TracedHandler): TaskTrace | undefined;
}

export interface TracedTask {
  readonly token: string;
  readonly input: string;
  /** In epoch milliseconds, as all instants here. */
  readonly receivedAt: number;
  /** The time at which its poll was sent. */
  readonly polledAt?: number;
}

export interface TracedHandler {
  readonly name: string;
  readonly activityArn: string;
}

/** The trace of one task. */
export interface TaskTrace {
  /** Fields for every line that its handler logs. */
  readonly logFields: Readonly<Record<string, string>>;
  /** Runs the handler, so that the spans of its calls are part of this trace. */
  run<T>(fn: () => T): T;
  /** Ends the trace: nothing more is sent for the task. */
  ended(end: TraceEnd): void;
}

export interface TraceEnd {
  readonly outcome: 'succeeded' | 'failed' | 'gone' | 'lost';
  /** The error's name, where it failed. */
  readonly error: string | undefined;
  /** The time of the decision; undefined where the task was gone before. */
  readonly decidedAt: number | undefined;
  /** Attempts to report the outcome after the first. */
  readonly retries: number;
  readonly at: number;
}
