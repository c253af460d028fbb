import type { Json } from '../values/json.js';

/** The way in which a task ended: with the result or the failure that a worker has sent, or with a timeout. */
export type TaskOutcome =
  | { readonly kind: 'succeeded'; readonly output: string }
  | { readonly kind: 'failed'; readonly error?: string | undefined; readonly cause?: string | undefined }
  | { readonly kind: 'timedOut'; readonly missed: 'timeout' | 'heartbeat' };

/** The error of a result that is larger than Step Functions accepts. */
export const DATA_LIMIT = 'States.DataLimitExceeded';

export interface FailureOptions {
  /** Further error names by which a Retry or Catch can match the failure. @default none */
  aliases?: readonly string[];
  /** The Cause that a Catch receives if the failure has no cause. @default null */
  missingCause?: Json;
  /**
   * True for a States.Runtime error. Neither its own name nor States.ALL in a Retry or Catch matches it, only `aliases`
   * can; and no event for the failure of the state, such as MapStateFailed, is recorded.
   * @default false
   */
  fatal?: boolean;
}

/** The failure of a state. `details` are shown in the history; `output` is what a Catch gets as the error output. */
export class StateFailure extends Error {
  override readonly name = 'StateFailure';

  constructor(
    readonly error: string | undefined,
    readonly reason: string | undefined,
    readonly options: FailureOptions = {},
  ) {
    super(`${error}: ${reason}`);
  }

  /**
   * The error and the cause for the history event that records the failure. A key is absent if its value is undefined.
   */
  get details(): { error?: string; cause?: string } {
    return {
      ...(this.error !== undefined && { error: this.error }),
      ...(this.reason !== undefined && { cause: this.reason }),
    };
  }

  /** The error output that a Catch receives. */
  get output(): { Error: Json; Cause: Json } {
    return { Error: this.error ?? null, Cause: this.reason ?? this.options.missingCause ?? null };
  }

  /**
   * Returns true if the failure matches an ErrorEquals list. AWS page "Handling errors in Step Functions". Recorded from
   * the live service: unlike that page says, States.ALL of a Catch takes States.DataLimitExceeded.
   * @param inCatch true for the list of a Catch, false for that of a Retry
   */
  matches(names: readonly string[], inCatch: boolean): boolean {
    const { aliases = [], fatal = false } = this.options;
    return names.some((name) => {
      if (aliases.includes(name)) return true;
      if (fatal) return false;
      if (name === 'States.TaskFailed') return this.error !== 'States.Timeout';
      return name === this.error || (name === 'States.ALL' && (inCatch || this.error !== DATA_LIMIT));
    });
  }
}

/**
 * Creates the failure for a result of more than 262,144 bytes. The text was recorded from the live service.
 * @param what the state or the resource that returned the result
 */
export function dataLimitFailure(what: string): StateFailure {
  return new StateFailure(
    DATA_LIMIT,
    `The state/task '${what}' returned a result with a size exceeding the maximum number of bytes service limit.`,
  );
}

/**
 * Returns the failure of a Parallel or Map state whose branch or iteration has failed. It has the same error and cause.
 * States.BranchFailed in a Retry or Catch matches it too, unless the branch's failure is `fatal`.
 */
export function branchFailure(failure: StateFailure): StateFailure {
  const { error, reason, options } = failure;
  if (options.fatal) return failure;
  const aliases = [...(options.aliases ?? []), 'States.BranchFailed'];
  return new StateFailure(error, reason, { ...options, aliases });
}

/**
 * Returns the failure of a Task state whose task has failed or timed out. Recorded from the live service: a missed
 * heartbeat also has the error States.Timeout. The AWS page "Handling errors" calls it States.HeartbeatTimeout, so a
 * Retry or Catch may use either name.
 */
export function taskFailure(outcome: Exclude<TaskOutcome, { kind: 'succeeded' }>): StateFailure {
  if (outcome.kind === 'failed') return new StateFailure(outcome.error, outcome.cause);
  const aliases = outcome.missed === 'heartbeat' ? ['States.HeartbeatTimeout'] : [];
  return new StateFailure('States.Timeout', undefined, { aliases, missingCause: '' });
}
