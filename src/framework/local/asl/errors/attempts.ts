import type { Exit } from '../definition/query-language.js';
import type { Step } from '../runtime/interpret.js';
import type { StateData } from '../expression/state-data.js';
import type { Branch } from '../runtime/branch.js';
import type { Json } from '../values/json.js';
import type { Catcher } from './catch.js';
import type { StateFailure } from '../runtime/state-failure.js';
import type { Retry } from './retry.js';

/**
 * The functions of a state that `runAttempts` calls: one attempt (`once`), its Retry, its Catch (`caught`), and its
 * exit through a catcher (`leave`).
 */
export interface Attempts {
  /** Makes one attempt to run the state. Resolves with the state's output and the name of the next state. */
  readonly once: (branch: Branch, input: Json) => Promise<Step>;
  readonly retry: Retry | undefined;
  readonly caught: ((failure: StateFailure) => Catcher | undefined) | undefined;
  readonly leave: (branch: Branch, exit: Exit, data: StateData, next: string | undefined) => Promise<Step>;
}

/**
 * Runs a state until an attempt succeeds, or its Retry allows no further attempt. Only the failure of the last attempt
 * is recorded in the history as the state's failure, and is handed to the state's Catch.
 * @throws StateFailure if the state doesn't catch the failure
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

/** Leaves a failed state through its Catch. @throws StateFailure if the Catch's own Output or Assign fails */
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
    const found = branch.failureOf(error);
    // Measured at the live service: the state then fails a second time.
    if (found.error === 'States.QueryEvaluationError') branch.recordFailure(found);
    throw found;
  }
}
