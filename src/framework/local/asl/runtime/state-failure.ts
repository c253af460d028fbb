import type { TaskOutcome } from './running-execution.js';
import type { Json } from '../values/json.js';

const DATA_LIMIT = 'States.DataLimitExceeded';

export interface FailureOptions {
  /** Other names by which a Retry or Catch may match it. @default none */
  aliases?: readonly string[];
  /** The Cause that a Catch receives where the failure has none. @default null */
  missingCause?: Json;
  /** Ends the execution unless an alias is named: neither its own name nor States.ALL matches. @default false */
  fatal?: boolean;
  /** A States.Runtime of the state's own fields: the state leaves no event of its own for it. @default false */
  own?: boolean;
}

/**
 * The failure of a state. Has what the history shows (`error` and `reason`; no keys where undefined), and what a Catch
 * receives.
 */
export class StateFailure extends Error {
  override readonly name = 'StateFailure';

  constructor(
    readonly error: string | undefined,
    readonly reason: string | undefined,
    readonly options: FailureOptions = {},
  ) {
    super(`${error}: ${reason}`);
  }

  /** The details of a failure event. */
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

  /** Returns true where an ErrorEquals list names it, by the rules of the AWS page "Handling errors in Step Functions". */
  matches(names: readonly string[]): boolean {
    const { aliases = [], fatal = false } = this.options;
    return names.some((name) => {
      if (aliases.includes(name)) return true;
      if (fatal) return false;
      if (name === 'States.TaskFailed') return this.error !== 'States.Timeout';
      return name === this.error || (name === 'States.ALL' && this.error !== DATA_LIMIT);
    });
  }
}

/** Makes the failure of a result of more than 262,144 bytes. Recorded from the live service. */
export function dataLimitFailure(what: string): StateFailure {
  return new StateFailure(
    'States.DataLimitExceeded',
    `The state/task '${what}' returned a result with a size exceeding the maximum number of bytes service limit.`,
  );
}

/** Makes the failure of a Parallel or a Map of that of its branch. States.BranchFailed matches it too. */
export function branchFailure({ error, reason, options }: StateFailure): StateFailure {
  if (options.fatal) return new StateFailure(error, reason, { ...options, own: false });
  const aliases = [...(options.aliases ?? []), 'States.BranchFailed'];
  return new StateFailure(error, reason, { ...options, aliases });
}

/**
 * Makes the failure of a task. Recorded from the live service: a missed heartbeat is a States.Timeout too. The AWS page
 * "Handling errors" has States.HeartbeatTimeout for it, so a Retry or Catch may name either.
 */
export function taskFailure(outcome: Exclude<TaskOutcome, { kind: 'succeeded' }>): StateFailure {
  if (outcome.kind === 'failed') return new StateFailure(outcome.error, outcome.cause);
  const aliases = outcome.missed === 'heartbeat' ? ['States.HeartbeatTimeout'] : [];
  return new StateFailure('States.Timeout', undefined, { aliases, missingCause: '' });
}
