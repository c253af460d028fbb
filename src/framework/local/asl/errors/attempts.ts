import type { Exit } from '../definition/query-language.js';
import type { Step } from '../runtime/interpret.js';
import type { Soon } from '../expression/soon.js';
import type { StateData } from '../expression/state-data.js';
import type { Branch } from '../runtime/branch.js';
import type { Json } from '../values/json.js';
import type { Catcher } from './catch.js';
import type { StateFailure } from '../runtime/state-failure.js';
import type { ErrorDetails, TrialEnd } from '../runtime/trial.js';
import type { Retriers } from './retry.js';

/** The functions of a state: one attempt (`once`), its Retry, its Catch (`caught`), and its exit through a catcher. */
export interface Attempts {
  /** Makes one attempt to run the state. Resolves with the state's output and the name of the next state. */
  readonly once: (branch: Branch, input: Json) => Soon<Step>;
  readonly retry: Retriers | undefined;
  readonly caught: ((failure: StateFailure) => Catcher | undefined) | undefined;
  readonly leave: (branch: Branch, exit: Exit, data: StateData, next: string | undefined) => Soon<Step>;
}

/**
 * Continues a state whose first attempt has failed, until an attempt succeeds or its Retry allows no further one. Only
 * the failure of the last attempt is recorded in the history as the state's failure, and is handed to the state's Catch.
 * @param thrown what the first attempt has thrown
 * @throws StateFailure if the state doesn't catch the failure
 */
export async function afterFailure(
  branch: Branch,
  input: Json,
  attempts: Attempts,
  thrown: unknown,
): Promise<Step> {
  const retry = attempts.retry?.begin();
  for (let error = thrown; ;) {
    const failure = branch.failureOf(error);
    if (!retry || !(await retry(failure, branch))) return giveUp(branch, input, attempts, failure);
    try {
      return await attempts.once(branch, input);
    } catch (next) {
      error = next;
    }
  }
}

/** Ends the attempts at a state, which leaves through its Catch if that matches the failure. */
function giveUp(branch: Branch, input: Json, attempts: Attempts, failure: StateFailure): Promise<Step> {
  branch.recordFailure(failure);
  const catcher = attempts.caught?.(failure);
  if (!catcher) throw failure;
  return recover(branch, attempts, catcher, input, failure);
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

/**
 * Makes one attempt to run a state that is tested by itself.
 * @param retries the number of attempts that the retrier which matches the failure has made already
 */
export async function tryOnce(
  branch: Branch,
  input: Json,
  attempts: Attempts,
  retries: number,
): Promise<TrialEnd> {
  try {
    return { status: 'SUCCEEDED', ...(await attempts.once(branch, input)) };
  } catch (error) {
    const failure = branch.failureOf(error);
    const retrier = attempts.retry?.find(failure, retries);
    const details: ErrorDetails = retrier ? { retryIndex: retrier.index } : {};
    const failed = { error: failure.error, cause: failure.reason, details };
    if (retrier?.delay !== undefined) {
      const shown = { ...details, retryBackoffIntervalSeconds: retrier.delay };
      return { ...failed, status: 'RETRIABLE', details: shown };
    }
    const catcher = attempts.caught?.(failure);
    if (!catcher) return { ...failed, status: 'FAILED' };
    try {
      const { output } = await recover(branch, attempts, catcher, input, failure);
      const shown = { ...details, catchIndex: catcher.index };
      return { ...failed, details: shown, status: 'CAUGHT_ERROR', output, next: catcher.next };
    } catch (thrown) {
      const { error: name, reason: cause } = branch.failureOf(thrown);
      return { status: 'FAILED', error: name, cause, details };
    }
  }
}
