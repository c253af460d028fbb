import type { Cancel } from '../base/time/clock.js';
import type { Stage } from './kinds.js';
import type { Json, JsonObject } from './values/json.js';

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

interface EvaluationOptions {
  /**
   * The field of the state whose expression failed, such as `Arguments/a[0]`. Undefined if the failure belongs to no
   * field.
   */
  readonly location?: string;
  /**
   * The `previousEventId` of the EvaluationFailed event in the history. True: it is the id of the state's StateEntered
   * event. False: it is the id of the event before that one.
   * @default false
   */
  readonly afterEntry?: boolean;
  /**
   * The error name that AWS documents for this failure. The live service reports the error as States.Runtime instead,
   * but lets a Retry or Catch match it by the documented name.
   */
  readonly documented?: string;
}

/**
 * Thrown when an expression of a state fails. The caller turns it into a StateFailure, which also contains the name of
 * the state.
 */
export class EvaluationFailure extends Error {
  override readonly name = 'EvaluationFailure';

  constructor(
    readonly error: string,
    readonly reason: string,
    readonly options: EvaluationOptions = {},
  ) {
    super(`${error}: ${reason}`);
  }
}

/**
 * Creates the error for an expression that fails with States.Runtime, such as a path that leads to no value. A Catch
 * can only match this failure by `documented`, the error name in AWS's documentation. Seen in executions of the live
 * service.
 */
export function runtimeFailure(reason: string, documented?: string): EvaluationFailure {
  return new EvaluationFailure('States.Runtime', reason, documented === undefined ? {} : { documented });
}

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
  /** Called with what a field of the state has made of its data. Set only if the state is tested by itself. */
  readonly see?: ((stage: Stage, value: Json) => void) | undefined;
}

/** Returns the context object, which is `$$` in a path and `$states.context` in JSONata. */
export function contextOf({ environment, item }: StateData): JsonObject {
  const context = environment.context();
  return item ? { ...context, Map: item } : context;
}

/** A compiled field of a definition. It may return a promise, or throw an EvaluationFailure. */
export type Expression = (data: StateData) => Json | Promise<Json>;

/** A value, or the promise of one. Code that needs no promise avoids one, because most states wait for nothing. */
export type Soon<T> = T | Promise<T>;

/** Calls `fn` with a value: at once, or when its promise has resolved. */
export function soon<T, R>(value: Soon<T>, fn: (value: T) => Soon<R>): Soon<R> {
  return value instanceof Promise ? value.then(fn) : fn(value);
}
