import { EvaluationFailure } from '../expression/evaluation-failure.js';
import { contextOf, type StateData } from '../expression/state-data.js';
import { setOwn, type Json, type JsonObject } from '../values/json.js';
import type { Bindings } from '../expression/evaluation.js';

/** A JSONata expression, and the field in which it is written, such as `Arguments/a[0]`. */
export interface Source {
  readonly text: string;
  readonly location: string;
}

/**
 * Returns the JSONata expression in a string of the form `{% … %}`. Returns undefined for any other string, also for
 * one with a space before `{%` or after `%}`.
 */
export function expressionIn(text: string): string | undefined {
  return text.startsWith('{%') && text.endsWith('%}') && text.length >= 4
    ? text.slice(2, -2).trim()
    : undefined;
}

/** Creates the failure of an expression. @param reason the end of the message, after the expression and its field */
export function expressionFailure({ text, location }: Source, reason: string): EvaluationFailure {
  const about = `The JSONata expression '${text}' specified for the field '${location}'`;
  return new EvaluationFailure('States.QueryEvaluationError', `${about} ${reason}`, { location });
}

/** Evaluates expressions one after another, and returns their results. Rejects with the first one's failure. */
export async function evaluateAll(sources: readonly Source[], data: StateData): Promise<Json[]> {
  const texts = sources.map(({ text }) => text);
  const result = await data.environment.evaluateAll(texts, bindingsOf(texts.join('\n'), data));
  if ('texts' in result) return result.texts.map((text) => JSON.parse(text) as Json);
  const source = sources[result.failed];
  throw source ? expressionFailure(source, result.reason) : new Error(result.reason);
}

/** Matches `$states`, unless one of its fields follows at once. */
const ALL_FIELDS = /\$states(?!\.(?:input|result|context|errorOutput)\b)/;

/** Returns the values that expressions can read. Those that can't be among them are left out, since all are copied. */
function bindingsOf(texts: string, data: StateData): Bindings {
  const bindings: JsonObject = {};
  for (const [name, value] of Object.entries(data.environment.variables.all()))
    if (texts.includes(`$${name}`)) setOwn(bindings, name, value);
  if (!texts.includes('$states')) return bindings;
  const reads = ALL_FIELDS.test(texts) ? () => true : (field: string) => texts.includes(`$states.${field}`);
  const states: JsonObject = {};
  if (reads('input')) states['input'] = data.input;
  if (reads('context')) states['context'] = contextOf(data);
  if (data.result !== undefined && reads('result')) states['result'] = data.result;
  if (data.errorOutput !== undefined && reads('errorOutput')) states['errorOutput'] = data.errorOutput;
  return { ...bindings, states };
}
