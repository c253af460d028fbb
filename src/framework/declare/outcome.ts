/** The outcome of a task that is reported to the service. */
export type Outcome =
  | { readonly status: 'succeeded'; /** The handler's result as JSON text. */ readonly output: string }
  | {
      readonly status: 'failed';
      readonly error: string;
      /** JSON text with the fields that AWS Lambda gives its errors. */ readonly cause: string;
    };

/** Says that a task has no outcome yet: somebody else completes it later. */
export interface Deferred {
  readonly status: 'deferred';
}

/** The end of a handler: with the task's outcome, or with a deferral. */
export type HandlerEnd = Outcome | Deferred;

/** The outcome of a task that failed. */
export type Failure = Extract<Outcome, { status: 'failed' }>;
