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

const ownErrors = new WeakSet<object>();

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
    return ownErrors.has(value as object);
  }

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    ownErrors.add(this);
  }
}

/** A rule that was broken, and the value that broke it. */
export interface Violation {
  /** The path of the value, such as `items[2].price`; an empty text for the whole value. */
  readonly path: string;
  readonly rule: string;
  readonly message: string;
  /** The rejected value. It is present only with `showValues`. */
  readonly value?: unknown;
}

/**
 * The search for violations ends when there are this many. A cause has no room for more, and the search could take
 * long.
 */
export const MOST_VIOLATIONS = 1_000;

const refusals = new WeakSet<object>();

/** Thrown if an input or an output is rejected. The task then fails with one of Stepwright's own error names. */
export class Refusal extends Error {
  override readonly name: OwnErrorName;
  readonly violations: readonly Violation[];
  /** Returns true for a Refusal. Never throws, unlike `instanceof`, which calls a proxy's own code. */
  static is(value: unknown): value is Refusal {
    return refusals.has(value as object);
  }

  constructor(name: OwnErrorName, message: string, violations: readonly Violation[] = []) {
    super(message);
    this.name = name;
    this.violations = violations;
    refusals.add(this);
  }
}

/**
 * Makes the Refusal for a value with these violations. Its message quotes the first of them.
 * @param what the beginning of the message, such as `the input is not a valid Order`
 */
export function refusalOf(name: OwnErrorName, what: string, violations: readonly Violation[]): Refusal {
  const ordered = inOrder(violations);
  const others = ordered.length - 1;
  const more =
    others > 0 ? ` (and ${ordered.length < MOST_VIOLATIONS ? others : `at least ${others}`} more)` : '';
  return new Refusal(name, `${what}: ${ordered[0]?.message}${more}`, ordered);
}

/**
 * Sorts violations by path, then by rule. Indexes in paths are compared as numbers. Without sorting, the violations of
 * asynchronous rules would be in random order.
 */
function inOrder(violations: readonly Violation[]): Violation[] {
  // Making a collator takes ten milliseconds, which would delay every start.
  collator ??= new Intl.Collator('en', { numeric: true });
  const { compare: comparePaths } = collator;
  return violations.toSorted((a, b) => comparePaths(a.path, b.path) || compare(a.rule, b.rule));
}

let collator: Intl.Collator | undefined;
const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
