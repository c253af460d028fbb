/** The error names that Stepwright itself reports. Stable: state machines match on them. */
export const OWN_ERROR = {
  invalidInput: 'Stepwright.InvalidInput',
  invalidOutput: 'Stepwright.InvalidOutput',
  outputTooLarge: 'Stepwright.OutputTooLarge',
  deadlineExceeded: 'Stepwright.DeadlineExceeded',
  workerShutdown: 'Stepwright.WorkerShutdown',
  handlerCrashed: 'Stepwright.HandlerCrashed',
  commandFailed: 'Stepwright.CommandFailed',
} as const;

export type OwnErrorName = (typeof OWN_ERROR)[keyof typeof OWN_ERROR];

const own = new WeakSet<object>();

/** An error of Stepwright that a handler may catch. An uncaught one is reported under one of Stepwright's own names. */
export abstract class OwnError extends Error {
  abstract readonly reported: OwnErrorName;
  /** Details that are sent in the cause, as `data`. */
  abstract readonly data: object;

  /**
   * Returns true for an OwnError, and never throws: `instanceof` may throw, since it asks a proxy for its prototype.
   */
  static is(value: unknown): value is OwnError {
    return own.has(value as object);
  }

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    own.add(this);
  }
}
