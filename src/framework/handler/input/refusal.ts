import type { OWN_ERROR } from '../outcome.js';

export type OwnErrorName = (typeof OWN_ERROR)[keyof typeof OWN_ERROR];

/** One rule that a value broke. */
export interface Violation {
  /** As in `items[2].price`; empty for the value as a whole. */
  readonly path: string;
  readonly rule: string;
  readonly message: string;
  /** The refused value; only with `showValues`. */
  readonly value?: unknown;
}

const own = new WeakSet<object>();

/** The pipeline's own refusal of an input or an output, under one of our names. */
export class Refusal extends Error {
  override readonly name: OwnErrorName;
  readonly violations: readonly Violation[];
  /** Safe for anything that can be thrown: `instanceof` asks a proxy for its prototype, and it may throw. */
  static is(value: unknown): value is Refusal {
    return own.has(value as object);
  }

  constructor(name: OwnErrorName, message: string, violations: readonly Violation[] = []) {
    super(message);
    this.name = name;
    this.violations = violations;
    own.add(this);
  }
}
