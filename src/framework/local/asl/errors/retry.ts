import type { StateFailure } from '../runtime/state-failure.js';
import type { Reader } from '../definition/reader.js';
import type { Branch } from '../runtime/branch.js';
import { LONGEST_SECONDS } from '../values/limits.js';

interface Retrier {
  readonly names: readonly string[];
  readonly intervalSeconds: number;
  readonly maxAttempts: number;
  readonly backoffRate: number;
  readonly maxDelaySeconds: number;
  readonly fullJitter: boolean;
}

/**
 * Resolves with true if a retrier allows another attempt, after waiting for the retrier's delay. Resolves with false if
 * no retrier allows one.
 */
export type Retry = (failure: StateFailure, branch: Branch) => Promise<boolean>;

/** The retriers of a state. */
export interface Retriers {
  /** Must be called once each time the state is entered: the `Retry` counts the attempts from 0. */
  readonly begin: () => Retry;
  /**
   * Returns the first retrier that matches a failure, and its delay before the attempt after `made` attempts. The delay
   * is undefined if no attempt is left.
   */
  readonly find: (
    failure: StateFailure,
    made: number,
  ) => { index: number; delay: number | undefined } | undefined;
}

/** Compiles a Retry field; undefined if there is no retrier. */
export function compileRetry(reader: Reader): Retriers | undefined {
  const retriers = (reader.objects('Retry') ?? []).map(readRetrier);
  checkAll(reader, retriers, 'Retry', 'retrier');
  const find: Retriers['find'] = (failure, made) => {
    const [index, retrier] = matching(retriers, failure);
    if (!retrier) return undefined;
    return { index, delay: made < retrier.maxAttempts ? delaySeconds(retrier, made, () => 1) : undefined };
  };
  return retriers.length === 0 ? undefined : { find, begin: () => beginRetry(retriers) };
}

function beginRetry(retriers: readonly Retrier[]): Retry {
  const attempts = retriers.map(() => 0);
  return async (failure, branch) => {
    const [index, retrier] = matching(retriers, failure);
    const made = attempts[index] ?? 0;
    if (!retrier || made >= retrier.maxAttempts) return false;
    attempts[index] = made + 1;
    await pause(branch, delaySeconds(retrier, made, branch.execution.world.random) * 1000);
    branch.visit.retryCount++;
    return true;
  };
}

/** Returns the first retrier that matches a failure, and its index. */
function matching(
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

/**
 * Resolves after `ms` milliseconds on the execution's clock. The promise never settles if the branch is cancelled before
 * then.
 */
export function pause({ scope, execution }: Branch, ms: number): Promise<undefined> {
  // The clock keeps `resolve` itself: a function around it would take memory for each execution that waits.
  return scope.wait<undefined>((resolve) => execution.world.clock.after(ms, resolve as () => void));
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
export function checkAll(
  reader: Reader,
  list: readonly { readonly names: readonly string[] }[],
  field: string,
  what: string,
): void {
  for (const [i, { names }] of list.entries())
    if (names.includes('States.ALL') && (names.length > 1 || i < list.length - 1))
      reader.problem(`States.ALL must stand alone, and in the last ${what}`, field);
}

export function readErrorEquals(reader: Reader): readonly string[] {
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
