/** Follows tasks for whoever listens. */
export interface TaskTracing {
  /** A lease has arrived; undefined where nobody listens. Never throws. */
  begin(task: TracedTask, handler: TracedHandler): TaskTrace | undefined;
}

export interface TracedTask {
  readonly token: string;
  readonly input: string;
  /** Epoch milliseconds, as all instants here. */
  readonly receivedAt: number;
  /** When its poll was sent. */
  readonly polledAt?: number;
}

export interface TracedHandler {
  readonly name: string;
  readonly activityArn: string;
}

/** What is told of one task. */
export interface TaskTrace {
  /** For every line that its handler logs. */
  readonly logFields: Readonly<Record<string, string>>;
  /** Runs the handler where it and what it calls are part of this trace. */
  run<T>(fn: () => T): T;
  /** Nothing more is sent of it. */
  ended(end: TraceEnd): void;
}

export interface TraceEnd {
  readonly outcome: 'succeeded' | 'failed' | 'gone' | 'lost';
  /** The name that it failed by. */
  readonly error: string | undefined;
  /** When the outcome was decided; undefined where the task was gone before. */
  readonly decidedAt: number | undefined;
  /** Attempts to report the outcome after the first. */
  readonly retries: number;
  readonly at: number;
}
