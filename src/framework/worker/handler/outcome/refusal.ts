import type { OwnErrorName } from './own-error.js';

/** One rule that a value broke. */
export interface Violation {
  /** As in `items[2].price`; empty for the value as a whole. */
  readonly path: string;
  readonly rule: string;
  readonly message: string;
  /** The refused value; only with `showValues`. */
  readonly value?: unknown;
}

/** More of them are not looked for: a cause has no room for them, and finding them could take long. */
export const MOST_VIOLATIONS = 1_000;

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

/**
 * The refusal of a value for its violations, the first of which stands in the message.
 * @param what begins the message, as in `the input is not a valid Order`.
 */
export function refusalOf(name: OwnErrorName, what: string, violations: readonly Violation[]): Refusal {
  const ordered = inOrder(violations);
  const others = ordered.length - 1;
  const more =
    others > 0 ? ` (and ${ordered.length < MOST_VIOLATIONS ? others : `at least ${others}`} more)` : '';
  return new Refusal(name, `${what}: ${ordered[0]?.message}${more}`, ordered);
}

/** In the order of their paths, numbers as numbers, then of their rules: asynchronous rules come in as they end. */
function inOrder(violations: readonly Violation[]): Violation[] {
  // To make one takes ten milliseconds, which a start need not wait for.
  collator ??= new Intl.Collator('en', { numeric: true });
  const { compare: comparePaths } = collator;
  return violations.toSorted((a, b) => comparePaths(a.path, b.path) || compare(a.rule, b.rule));
}

let collator: Intl.Collator | undefined;
const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
