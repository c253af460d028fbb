/** A failure with a name that a state machine can match in Retry and Catch. */
export class ActivityFailure extends Error {
  /** Cut at 256 characters. Names that begin with `States.` or `Stepwright.` are not the user's to give. */
  override readonly name: string;
  /** Goes into the cause as `data`. */
  readonly data: unknown;

  /** @param data anything that JSON can hold. @param options `cause`, the error behind this one. */
  constructor(name: string, message: string, data?: unknown, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
    this.data = data;
  }
}
