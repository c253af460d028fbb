import type { Exit } from '../definition/language.js';
import type { Step } from '../runtime/interpret.js';
import type { StateData } from '../expression/state-data.js';
import type { Branch } from '../runtime/branch.js';
import type { Json } from '../values/json.js';
import type { Catcher } from './catch.js';
import type { StateFailure } from '../runtime/state-failure.js';
import type { Retry } from './retry.js';

/** What a state does about its failures, and how it leaves. */
export interface Attempts {
  /** One attempt, from the input to the exit. */
  readonly once: (branch: Branch, input: Json) => Promise<Step>;
  readonly retry: Retry | undefined;
  readonly caught: ((failure: StateFailure) => Catcher | undefined) | undefined;
  readonly leave: (branch: Branch, exit: Exit, data: StateData, next: string | undefined) => Promise<Step>;
}

/**
 * Tries a state until an attempt succeeds, its Retry is spent, or its Catch takes the failure. The one place that
 * records a failed state: never while a Retry may still undo it.
 * @throws StateFailure that nothing held
 */
export async function runAttempts(branch: Branch, input: Json, attempts: Attempts): Promise<Step> {
  for (;;) {
    try {
      return await attempts.once(branch, input);
    } catch (error) {
      const failure = branch.failureOf(error);
      if (attempts.retry && (await attempts.retry(failure, branch))) continue;
      branch.recordFailure(failure);
      const catcher = attempts.caught?.(failure);
      if (!catcher) throw failure;
      return await recover(branch, attempts, catcher, input, failure);
    }
  }
}

/** Leaves a failed state through its catcher. What fails on the way fails the state for good. */
async function recover(
  branch: Branch,
  { leave }: Attempts,
  catcher: Catcher,
  input: Json,
  failure: StateFailure,
): Promise<Step> {
  try {
    const data = { ...branch.data(input), errorOutput: failure.output };
    return await leave(branch, catcher.exit, data, catcher.next);
  } catch (error) {
    throw branch.failureOf(error);
  }
}
