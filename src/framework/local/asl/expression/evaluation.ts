import type { Cancel } from '../../../base/time/clock.js';

/** The values that a JSONata expression can read by name: `states`, and the variables. */
export type Bindings = Readonly<Record<string, unknown>>;

/** The expressions of a field, which are evaluated one after another with the same values. */
export interface EvaluationJob {
  readonly sources: readonly string[];
  readonly bindings: Bindings;
  /** The execution's time in epoch milliseconds. */
  readonly now: number;
  /** The first random number, from 0 (included) to 1 (excluded). The others follow from it. */
  readonly random: number;
}

/**
 * The outcome of a job: the JSON of each expression's result or, if an expression has failed, its index and the end of
 * the message about it.
 */
export type Evaluated =
  | { readonly texts: readonly string[] }
  | { readonly failed: number; readonly reason: string };

/** Evaluates JSONata expressions. */
export interface Evaluator {
  /** The number of jobs that are running or waiting. */
  readonly busy: number;
  /**
   * Evaluates the expressions of a job, and calls `done` with the outcome in a later turn of the event loop.
   * @param owner the execution. Jobs of the same owner are done in their order
   * @returns a function that cancels the job; `done` is then never called
   */
  evaluate(job: EvaluationJob, owner: object, done: (result: Evaluated) => void): Cancel;
  /** Drops all jobs without an outcome. */
  close(): void;
}
