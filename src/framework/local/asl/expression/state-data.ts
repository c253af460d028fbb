import type { Evaluated, EvaluationJob } from './evaluation.js';
import type { WorkBudget } from './work-budget.js';
import type { Json, JsonObject } from '../values/json.js';

/** The variables that a state can read. Names are without the `$`. */
export interface Variables {
  get(name: string): Json | undefined;
  /** Every variable that can be seen, for the languages that want them all at once. */
  all(): JsonObject;
}

/** What the fields of a state have around them. */
export interface Environment {
  readonly variables: Variables;
  /** What is left of the work that the field may make. */
  readonly budget: WorkBudget;
  /** From 0 up to 1. */
  random(): number;
  /** The instant, in epoch milliseconds. */
  now(): number;
  /** As `turn.share`: undefined where there is time left in this turn of the event loop, else to be waited for. */
  yieldIfBusy(ms: number): Promise<void> | undefined;
  /** Evaluates, in a thread, an expression that is too much for the main one. */
  evaluateInThread(job: EvaluationJob): Promise<Evaluated>;
}

/** What the expressions of a state can see. */
export interface StateData {
  /** The state's input as it came. */
  readonly input: Json;
  /** What `$` is to a path: the input after InputPath, later the result. */
  readonly root: Json;
  /** The context object, `$$` to a path and `$states.context` to JSONata. */
  readonly context: () => JsonObject;
  /** What is the same for all fields of the state. */
  readonly environment: Environment;
  /** The result of the work, once there is one. */
  readonly result?: Json;
  /** What a Catch receives. */
  readonly errorOutput?: Json;
}

/** A field of a definition, compiled. May give a promise, or throw an EvaluationFailure. */
export type Expression = (data: StateData) => Json | Promise<Json>;
