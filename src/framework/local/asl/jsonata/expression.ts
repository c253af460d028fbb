import jsonata from 'jsonata';
import { jsonataFunctions } from './functions.js';
import { EvaluationFailure } from '../errors/failure.js';
import type { Json, JsonObject } from '../values/json.js';
import type { Expression, StateData } from '../runtime/state-data.js';

/** The most steps and the deepest nesting of one evaluation; beyond them it fails. */
const MAX_STEPS = 250_000;
const MAX_DEPTH = 1_000;

const ENTER = Symbol.for('jsonata.__evaluate_entry');
const LEAVE = Symbol.for('jsonata.__evaluate_exit');
/** Where an evaluation finds its own budget: expressions are shared, and evaluations overlap. */
const BUDGET = '\u0000budget';

interface Budget {
  steps: number;
  depth: number;
}

interface Environment {
  lookup(name: string): unknown;
}

/** The expression in a string `{% … %}`, or undefined for any other string. */
export function expressionIn(text: string): string | undefined {
  const trimmed = text.trim();
  return trimmed.startsWith('{%') && trimmed.endsWith('%}') && trimmed.length >= 4
    ? trimmed.slice(2, -2).trim()
    : undefined;
}

/**
 * Compiles an expression of JSONata.
 * @param location the field it stands in, as messages and events name it: `Arguments/a[0]`
 * @throws Error where it cannot be parsed
 */
export function compileExpression(source: string, location: string): Expression {
  const compiled = parse(source);
  // The declaration takes strings only; the library's own hooks are symbols.
  const assign = compiled.assign.bind(compiled) as (name: unknown, value: unknown) => void;
  assign(ENTER, enter);
  assign(LEAVE, leave);
  const about = `The JSONata expression '${source}' specified for the field '${location}'`;
  return async (data) => {
    const value = await evaluate(compiled, data).catch((error: unknown) => {
      throw failure(`${about} threw an error during evaluation. ${describe(error)}`, location);
    });
    const json = toJson(value, about, location);
    if (json === undefined) throw failure(`${about} returned nothing (undefined).`, location);
    return json;
  };
}

function parse(source: string): jsonata.Expression {
  try {
    return jsonata(source);
  } catch (error) {
    throw new Error(describe(error), { cause: error });
  }
}

function evaluate(compiled: jsonata.Expression, data: StateData): Promise<unknown> {
  const states: JsonObject = { input: data.input, context: data.context() };
  if (data.result !== undefined) states['result'] = data.result;
  if (data.errorOutput !== undefined) states['errorOutput'] = data.errorOutput;
  const budget: Budget = { steps: 0, depth: 0 };
  return compiled.evaluate(undefined, {
    ...jsonataFunctions(data),
    ...data.variables.all(),
    states,
    [BUDGET]: budget,
  });
}

function enter(_expression: unknown, _input: unknown, environment: Environment): void {
  const budget = environment.lookup(BUDGET) as Budget;
  budget.steps++;
  budget.depth++;
  if (budget.steps > MAX_STEPS) throw new Error('The expression takes too long to evaluate.');
  if (budget.depth > MAX_DEPTH) throw new Error('The expression is nested or recurses too deeply.');
}

function leave(_expression: unknown, _input: unknown, environment: Environment): void {
  (environment.lookup(BUDGET) as Budget).depth--;
}

function failure(reason: string, location: string): EvaluationFailure {
  return new EvaluationFailure('States.QueryEvaluationError', reason, { location });
}

/** JSONata throws plain objects with a code, and errors. */
function describe(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { code, message } = error as { code?: unknown; message?: unknown };
  const text = typeof message === 'string' ? message : JSON.stringify(error);
  return typeof code === 'string' ? `${code}: ${text}` : text;
}

/** What JSON makes of a result: its own marks on arrays fall away, functions are refused. */
function toJson(value: unknown, about: string, location: string): Json | undefined {
  if (value === undefined) return undefined;
  const text = JSON.stringify(value, (_key, inner: unknown) => {
    if (isFunction(inner)) throw failure(`${about} returned a function.`, location);
    return inner;
  }) as string | undefined;
  return text === undefined ? undefined : (JSON.parse(text) as Json);
}

function isFunction(value: unknown): boolean {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null) return false;
  return '_jsonata_function' in value || '_jsonata_lambda' in value;
}
