/** The error names that Stepwright itself reports. They are stable, since state machines match them. */
export const OWN_ERROR = {
  invalidInput: 'Stepwright.InvalidInput',
  invalidOutput: 'Stepwright.InvalidOutput',
  outputTooLarge: 'Stepwright.OutputTooLarge',
  deadlineExceeded: 'Stepwright.DeadlineExceeded',
  workerShutdown: 'Stepwright.WorkerShutdown',
  handlerCrashed: 'Stepwright.HandlerCrashed',
  commandFailed: 'Stepwright.CommandFailed',
  alreadyRunning: 'Stepwright.AlreadyRunning',
  payloadUnavailable: 'Stepwright.PayloadUnavailable',
} as const;

export type OwnErrorName = (typeof OWN_ERROR)[keyof typeof OWN_ERROR];

const own = new WeakSet<object>();

/**
 * An error that Stepwright throws inside a handler and that the handler may catch. If the handler doesn't, its task
 * fails with one of Stepwright's own error names.
 */
export abstract class OwnError extends Error {
  abstract readonly reported: OwnErrorName;
  /** Details that are sent in the failure's cause, as `data`. */
  abstract readonly data: object;

  /** Returns true for an OwnError. Never throws, unlike `instanceof`, which calls a proxy's own code. */
  static is(value: unknown): value is OwnError {
    return own.has(value as object);
  }

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    own.add(this);
  }
}
