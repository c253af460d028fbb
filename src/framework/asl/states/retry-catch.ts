import type { Exit, Language } from '../definition/query-language.js';
import type { StateOutcome } from '../runtime/interpret.js';
import type { Soon, StateData } from '../expression.js';
import type { Branch } from '../runtime/branch.js';
import type { Json } from '../values/json.js';
import type { StateFailure } from '../runtime/state-failure.js';
import type { ErrorDetails, StateTestEnd } from '../runtime/state-test.js';
import { LONGEST_SECONDS, type Reader } from '../definition/reader.js';

/** The work of a state: one attempt (`once`), its Retry, its Catch, and its exit through a catcher. */
interface Attempts {
  /** Makes one attempt to run the state. Resolves with the state's output and the name of the next state. */
  readonly once: (branch: Branch, input: Json) => Soon<StateOutcome>;
  readonly retriers: readonly Retrier[];
  readonly catchers: readonly Catcher[];
  readonly leave: (
    branch: Branch,
    exit: Exit,
    data: StateData,
    next: string | undefined,
  ) => Soon<StateOutcome>;
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
): Promise<StateOutcome> {
  const made = attempts.retriers.map(() => 0);
  for (let error = thrown; ;) {
    const failure = branch.failureOf(error);
    if (made.length === 0 || !(await mayRetry(branch, attempts.retriers, made, failure)))
      return giveUp(branch, input, attempts, failure);
    try {
      return await attempts.once(branch, input);
    } catch (next) {
      error = next;
    }
  }
}

/** Ends the attempts at a state, which leaves through its Catch if that matches the failure. */
function giveUp(
  branch: Branch,
  input: Json,
  attempts: Attempts,
  failure: StateFailure,
): Promise<StateOutcome> {
  branch.recordFailure(failure);
  const catcher = catcherOf(attempts, failure);
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
): Promise<StateOutcome> {
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
export async function testOnce(
  branch: Branch,
  input: Json,
  attempts: Attempts,
  retries: number,
): Promise<StateTestEnd> {
  try {
    return { status: 'SUCCEEDED', ...(await attempts.once(branch, input)) };
  } catch (error) {
    const failure = branch.failureOf(error);
    const [retryIndex, retrier] = retrierOf(attempts.retriers, failure);
    const details: ErrorDetails = retrier ? { retryIndex } : {};
    const failed = { error: failure.error, cause: failure.reason, details };
    if (retrier && retries < retrier.maxAttempts) {
      const retryBackoffIntervalSeconds = delaySeconds(retrier, retries, () => 1);
      return { ...failed, status: 'RETRIABLE', details: { ...details, retryBackoffIntervalSeconds } };
    }
    const catcher = catcherOf(attempts, failure);
    if (!catcher) return { ...failed, status: 'FAILED' };
    try {
      const { output } = await recover(branch, attempts, catcher, input, failure);
      const shown = { ...details, catchIndex: attempts.catchers.indexOf(catcher) };
      return { ...failed, details: shown, status: 'CAUGHT_ERROR', output, next: catcher.next };
    } catch (thrown) {
      const { error: name, reason: cause } = branch.failureOf(thrown);
      return { status: 'FAILED', error: name, cause, details };
    }
  }
}

interface Retrier {
  readonly names: readonly string[];
  readonly intervalSeconds: number;
  readonly maxAttempts: number;
  readonly backoffRate: number;
  readonly maxDelaySeconds: number;
  readonly fullJitter: boolean;
}

/** Compiles a Retry field. */
export function compileRetry(reader: Reader): readonly Retrier[] {
  const retriers = (reader.objects('Retry') ?? []).map(readRetrier);
  checkAll(reader, retriers, 'Retry', 'retrier');
  return retriers;
}

/**
 * Resolves with true if a retrier allows another attempt, after its delay. Resolves with false if none allows one.
 * @param made the number of attempts that each retrier has allowed; the attempt is added to it
 */
async function mayRetry(
  branch: Branch,
  retriers: readonly Retrier[],
  made: number[],
  failure: StateFailure,
): Promise<boolean> {
  const [index, retrier] = retrierOf(retriers, failure);
  const count = made[index] ?? 0;
  if (!retrier || count >= retrier.maxAttempts) return false;
  made[index] = count + 1;
  const { clock, random } = branch.execution.services;
  await branch.scope.sleep(clock, delaySeconds(retrier, count, random) * 1000);
  branch.visit.retryCount++;
  return true;
}

/** Returns the first retrier that matches a failure, and its index. */
function retrierOf(
  retriers: readonly Retrier[],
  failure: StateFailure,
): [index: number, retrier: Retrier | undefined] {
  const index = retriers.findIndex(({ names }) => failure.matches(names, false));
  return [index, retriers[index]];
}

/**
 * Returns the delay before a retry, in seconds: `interval × rate^made`, but at most the retrier's maximum, and with
 * jitter if the retrier has it. AWS page "Handling errors in Step Functions".
 */
function delaySeconds(retrier: Retrier, made: number, random: () => number): number {
  const { intervalSeconds, backoffRate, maxDelaySeconds, fullJitter } = retrier;
  const delay = Math.min(intervalSeconds * backoffRate ** made, maxDelaySeconds);
  return fullJitter ? delay * random() : delay;
}

function readRetrier(reader: Reader): Retrier {
  const retrier = {
    names: readErrorEquals(reader),
    intervalSeconds: reader.integer('IntervalSeconds', 1, LONGEST_SECONDS) ?? 1,
    maxAttempts: reader.integer('MaxAttempts', 0, LONGEST_SECONDS) ?? 3,
    backoffRate: reader.number('BackoffRate') ?? 2,
    maxDelaySeconds: reader.integer('MaxDelaySeconds', 1, 31_622_400) ?? LONGEST_SECONDS,
    fullJitter: readJitter(reader) === 'FULL',
  };
  if (retrier.backoffRate < 1) reader.problem("Expected 'BackoffRate' to be 1 or more", 'BackoffRate');
  reader.finish();
  return retrier;
}

/** Adds a problem if States.ALL is not alone in the last ErrorEquals of a Retry or Catch. */
function checkAll(
  reader: Reader,
  list: readonly { readonly names: readonly string[] }[],
  field: string,
  what: string,
): void {
  for (const [i, { names }] of list.entries())
    if (names.includes('States.ALL') && (names.length > 1 || i < list.length - 1))
      reader.problem(`States.ALL must stand alone, and in the last ${what}`, field);
}

function readErrorEquals(reader: Reader): readonly string[] {
  const names = reader.strings('ErrorEquals');
  if (names === undefined || names.length === 0) {
    reader.problem("The field 'ErrorEquals' must name at least one error", 'ErrorEquals');
  }
  return names ?? [];
}

function readJitter(reader: Reader): string {
  const strategy = reader.string('JitterStrategy') ?? 'NONE';
  if (strategy !== 'FULL' && strategy !== 'NONE') {
    reader.problem("Expected 'JitterStrategy' to be FULL or NONE", 'JitterStrategy');
  }
  return strategy;
}

interface Catcher {
  readonly names: readonly string[];
  readonly next: string;
  readonly exit: Exit;
}

/** Compiles a Catch field. */
export function compileCatch(reader: Reader, language: Language): readonly Catcher[] {
  const catchers = (reader.objects('Catch') ?? []).map((each) => readCatcher(each, language));
  checkAll(reader, catchers, 'Catch', 'catcher');
  return catchers;
}

/** Returns the first catcher that matches a failure; undefined if none does. */
const catcherOf = ({ catchers }: Attempts, failure: StateFailure): Catcher | undefined =>
  catchers.find(({ names }) => failure.matches(names, true));

function readCatcher(reader: Reader, language: Language): Catcher {
  const names = readErrorEquals(reader);
  const next = reader.requiredString('Next');
  const exit = language.catcher(reader);
  reader.finish((field) => language.explainUnread(field));
  return { names, next, exit };
}
