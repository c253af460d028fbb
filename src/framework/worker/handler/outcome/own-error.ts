/** The error names that Stepwright itself reports. They are stable: state machines match on them. */
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

/** An error of Stepwright that a handler may catch. Uncaught, it is reported under one of our own names. */
export abstract class OwnError extends Error {
  abstract readonly reported: OwnErrorName;
  /** Sent in the cause, as `data`. */
  abstract readonly data: object;

  /** Safe for any thrown value: `instanceof` would ask a proxy for its prototype, and may throw. */
  static is(value: unknown): value is OwnError {
    return own.has(value as object);
  }

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    own.add(this);
  }
}
