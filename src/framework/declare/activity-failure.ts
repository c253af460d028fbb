/** The most characters that the name of an error may have (SendTaskFailure, "error"). */
export const ERROR_NAME_LIMIT = 256;

/**
 * Returns true for error names that users can't give: the prefix `States.` belongs to the service, `Stepwright.` to the
 * worker.
 */
export function isReserved(name: string): boolean {
  return name.startsWith('States.') || name.startsWith('Stepwright.');
}

/** A failure with a name that a state machine can match in Retry and Catch. */
export class ActivityFailure extends Error {
  /** Up to 256 characters of the name are sent. A name that begins with `States.` or `Stepwright.` is not sent. */
  override readonly name: string;
  /** Details of the failure, which are sent in the cause, as `data`. */
  readonly data: unknown;

  /**
   * @param data anything that JSON can hold.
   * @param options `cause`: the error that led to this one.
   */
  constructor(name: string, message: string, data?: unknown, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
    this.data = data;
  }
}
