import type { OwnErrorName } from '../input/refusal.js';

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
