/**
 * Returns true for an error name that is reserved, so that users can't give it: the service's names begin with
 * `States.`, and the worker's with `Stepwright.`
 */
export function isReserved(name: string): boolean {
  return name.startsWith('States.') || name.startsWith('Stepwright.');
}

/** A failure with a name that a state machine can match in Retry and Catch. */
export class ActivityFailure extends Error {
  /**
   * The error name, cut to 256 characters, with which the task is reported as failed. A name that begins with `States.`
   * or `Stepwright.` is reserved, so it isn't sent.
   */
  override readonly name: string;
  /** Details of the failure. They are sent as `data` in the failure's cause, which is JSON. */
  readonly data: unknown;

  /** @param data any value that JSON can express. @param options `cause`: the error that led to this one. */
  constructor(name: string, message: string, data?: unknown, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
    this.data = data;
  }
}
