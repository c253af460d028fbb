import type { Bindings, Evaluated } from './evaluation.js';
import type { Json, JsonObject } from '../values/json.js';

/** The variables that a state can read. The names are without the `$`. */
export interface Variables {
  get(name: string): Json | undefined;
  /** Returns all visible variables, for a query language that needs all of them at once. */
  all(): JsonObject;
}

/** What an expression needs besides its data. It is the same for all fields of a state. */
export interface Environment {
  readonly variables: Variables;
  /** Returns the context object of the state. */
  context(): JsonObject;
  /** Returns a random number from 0 (included) to 1 (excluded). */
  random(): number;
  /** Returns a promise to await if the turn of the event loop has lasted too long; otherwise undefined. */
  pause(): Promise<void> | undefined;
  /** Evaluates JSONata expressions one after another, with the same values. */
  evaluateAll(sources: readonly string[], bindings: Bindings): Promise<Evaluated>;
}

/** The data that the expressions of a state can read. */
export interface StateData {
  /** The state's input, before InputPath is applied. */
  readonly input: Json;
  /** The value of `$` in a path: the input after InputPath and, once the work is done, the result. */
  readonly root: Json;
  readonly environment: Environment;
  /** The value of `Map` in the context object, for a field that a Map evaluates for each item; otherwise undefined. */
  readonly item?: JsonObject;
  /** The result of the state's work; undefined until the work is done. */
  readonly result?: Json;
  /** The error output of a failure that a Catch has caught; otherwise undefined. */
  readonly errorOutput?: Json;
  /** Takes note of what a field of the state has made of its data. Set only if the state is tested by itself. */
  readonly see?: ((stage: DataStage, value: Json) => void) | undefined;
}

/** Returns the context object, which is `$$` in a path and `$states.context` in JSONata. */
export function contextOf({ environment, item }: StateData): JsonObject {
  const context = environment.context();
  return item ? { ...context, Map: item } : context;
}

/** The fields of a state whose values are noted. */
export type DataStage =
  | 'afterInputPath'
  | 'afterParameters'
  | 'afterArguments'
  | 'afterResultSelector'
  | 'afterResultPath';

/** A compiled field of a definition. It may return a promise, or throw an EvaluationFailure. */
export type Expression = (data: StateData) => Json | Promise<Json>;
