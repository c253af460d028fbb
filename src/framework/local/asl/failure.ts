import type { Json } from './json.js';

export interface FailureOptions {
  /** Other names under which a Retry or Catch may match it. @default none */
  aliases?: readonly string[];
  /** What a Catch receives as Cause where the failure has none. @default null */
  missingCause?: Json;
  /** Ends the execution whatever Retry and Catch say. @default false */
  fatal?: boolean;
}

/**
 * Why a state failed. Carries what the history shows (`error`, `reason`: absent keys where undefined), and what a
 * Catch receives.
 */
export class StateFailure extends Error {
  override readonly name = 'StateFailure';
  readonly fatal: boolean;
  readonly #aliases: readonly string[];
  readonly #missingCause: Json;

  constructor(
    readonly error: string | undefined,
    readonly reason: string | undefined,
    { aliases = [], missingCause = null, fatal = false }: FailureOptions = {},
  ) {
    super(`${error}: ${reason}`);
    this.fatal = fatal;
    this.#aliases = aliases;
    this.#missingCause = missingCause;
  }

  /** The details of a failure event. */
  get details(): { error?: string; cause?: string } {
    return {
      ...(this.error !== undefined && { error: this.error }),
      ...(this.reason !== undefined && { cause: this.reason }),
    };
  }

  /** What a Catch receives. */
  get output(): { Error: Json; Cause: Json } {
    return { Error: this.error ?? null, Cause: this.reason ?? this.#missingCause };
  }

  /** Whether an ErrorEquals list names it, by the rules of the AWS page "Handling errors in Step Functions". */
  matches(names: readonly string[]): boolean {
    if (this.fatal) return false;
    return names.some((name) => {
      if (name === this.error || name === 'States.ALL' || this.#aliases.includes(name)) return true;
      return name === 'States.TaskFailed' && this.error !== 'States.Timeout';
    });
  }
}

/** Thrown by an expression. The state that it stands in makes a StateFailure of it that says where. */
export class EvaluationFailure extends Error {
  override readonly name = 'EvaluationFailure';

  /** @param location the field that failed, where the history has an EvaluationFailed event for it */
  constructor(
    readonly error: string,
    readonly reason: string,
    readonly location?: string,
  ) {
    super(`${error}: ${reason}`);
  }
}

/** An expression that ends the execution whatever Retry and Catch say, such as a path that leads nowhere. */
export function runtimeFailure(reason: string): EvaluationFailure {
  return new EvaluationFailure('States.Runtime', reason);
}

/** Recorded from the live service for a result that is larger than 262,144 bytes. */
export function dataLimitFailure(what: string): StateFailure {
  return new StateFailure(
    'States.DataLimitExceeded',
    `The state/task '${what}' returned a result with a size exceeding the maximum number of bytes service limit.`,
  );
}
