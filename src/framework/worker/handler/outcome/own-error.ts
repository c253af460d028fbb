/** The names that Stepwright itself reports. Stable: state machines match on them. */
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

/** An error that the framework throws in a handler's hands, reported under one of our own names. It may be caught. */
export abstract class OwnError extends Error {
  abstract readonly reported: OwnErrorName;
  /** Goes into the cause as `data`. */
  abstract readonly data: object;

  /** Safe for anything that can be thrown: `instanceof` asks a proxy for its prototype, and it may throw. */
  static is(value: unknown): value is OwnError {
    return own.has(value as object);
  }

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    own.add(this);
  }
}
