import type { OwnErrorName } from './own-error.js';

/** A rule that a value broke. */
export interface Violation {
  /** The path of the value, as in `items[2].price`; empty for the value as a whole. */
  readonly path: string;
  readonly rule: string;
  readonly message: string;
  /** The refused value; present only with `showValues`. */
  readonly value?: unknown;
}

/** The most violations that are looked for: a cause has no room for more, and the search could take long. */
export const MOST_VIOLATIONS = 1_000;

const own = new WeakSet<object>();

/** Thrown where an input or an output is refused; reported under one of Stepwright's own names. */
export class Refusal extends Error {
  override readonly name: OwnErrorName;
  readonly violations: readonly Violation[];
  /** Returns true for a Refusal, and never throws: `instanceof` may throw, since it asks a proxy for its prototype. */
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

/**
 * Makes the refusal of a value with these violations. The message quotes the first of them.
 * @param what the beginning of the message, as in `the input is not a valid Order`
 */
export function refusalOf(name: OwnErrorName, what: string, violations: readonly Violation[]): Refusal {
  const ordered = inOrder(violations);
  const others = ordered.length - 1;
  const more =
    others > 0 ? ` (and ${ordered.length < MOST_VIOLATIONS ? others : `at least ${others}`} more)` : '';
  return new Refusal(name, `${what}: ${ordered[0]?.message}${more}`, ordered);
}

/**
 * Sorts violations by path, with indexes as numbers, then by rule. Without sorting, asynchronous rules would come in
 * any order.
 */
function inOrder(violations: readonly Violation[]): Violation[] {
  // Making a collator takes ten milliseconds, which would delay every start.
  collator ??= new Intl.Collator('en', { numeric: true });
  const { compare: comparePaths } = collator;
  return violations.toSorted((a, b) => comparePaths(a.path, b.path) || compare(a.rule, b.rule));
}

let collator: Intl.Collator | undefined;
const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
