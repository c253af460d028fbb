import type { Evaluated, EvaluationJob } from './evaluation.js';
import type { WorkBudget } from './work-budget.js';
import type { Json, JsonObject } from '../values/json.js';

/** The variables that a state can read. Names are without the `$`. */
export interface Variables {
  get(name: string): Json | undefined;
  /** Returns every visible variable, for a language that takes all of them at once. */
  all(): JsonObject;
}

/** The environment of an expression, the same for all fields of a state. */
export interface Environment {
  readonly variables: Variables;
  readonly budget: WorkBudget;
  /** Returns a number from 0 up to 1. */
  random(): number;
  /** Returns the time in epoch milliseconds. */
  now(): number;
  /**
   * Returns undefined while this turn of the event loop has lasted at most `ms`; else a promise that resolves in a later
   * turn.
   */
  yieldIfBusy(ms: number): Promise<void> | undefined;
  /** Evaluates in a thread an expression that takes too much for the main thread. */
  evaluateInThread(job: EvaluationJob): Promise<Evaluated>;
}

/** The data that the expressions of a state read. */
export interface StateData {
  /** The state's input, before InputPath. */
  readonly input: Json;
  /** The value that `$` means in a path: the input after InputPath, later the result. */
  readonly root: Json;
  /** Returns the context object: `$$` in a path, `$states.context` in JSONata. */
  readonly context: () => JsonObject;
  readonly environment: Environment;
  /** The result of the state's work; undefined until there is one. */
  readonly result?: Json;
  /** The error output of a failure that a Catch has caught; undefined elsewhere. */
  readonly errorOutput?: Json;
}

/** A compiled field of a definition. May return a promise, or throw an EvaluationFailure. */
export type Expression = (data: StateData) => Json | Promise<Json>;
