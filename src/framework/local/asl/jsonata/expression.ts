import { turn } from '../../../base/time/turn.js';
import { EvaluationFailure } from '../expression/evaluation-failure.js';
import type { Expression, StateData } from '../expression/state-data.js';
import type { Json, JsonObject } from '../values/json.js';
import type { Bindings, Evaluated } from '../expression/evaluation.js';
import { compiled } from './compile-cache.js';
import { reasonOf } from './compiler.js';
import { LIMIT_TEXTS } from './limits/guard.js';

/**
 * Returns the expression if the string begins with `{%` and ends with `%}`, without spaces around them. Returns
 * undefined for any other string.
 */
export function expressionIn(text: string): string | undefined {
  return text.startsWith('{%') && text.endsWith('%}') && text.length >= 4
    ? text.slice(2, -2).trim()
    : undefined;
}

/**
 * If the current turn of the event loop has lasted this many milliseconds, an expression waits for the next turn, since
 * its evaluation may take as long again.
 */
const TURN_MS = 25;

/**
 * The most characters of an expression that is tried on the main thread. A longer one is evaluated in a thread at once,
 * since even parsing takes time.
 */
const LONGEST_ON_MAIN = 20_000;

/**
 * Compiles an expression of JSONata. It is first evaluated on the main thread, for what is left of the event loop's
 * turn. If that isn't enough, it is evaluated again, from the start, in a thread. The expression isn't parsed before
 * its first evaluation, but syntax.ts has checked it.
 * @param location the field of the expression, as messages and events name it: `Arguments/a[0]`
 */
export function compileExpression(source: string, location: string): Expression {
  const about = `The JSONata expression '${source}' specified for the field '${location}'`;
  const failure = (reason: string): EvaluationFailure =>
    new EvaluationFailure('States.QueryEvaluationError', `${about} ${reason}`, { location });
  return async (data) => {
    const next = data.environment.yieldIfBusy(TURN_MS);
    if (next) await next;
    const bindings = bindingsOf(data);
    const first = source.length <= LONGEST_ON_MAIN ? await onMain(source, bindings, data) : undefined;
    const result =
      first ?? (await data.environment.evaluateInThread({ source, bindings, now: data.environment.now() }));
    if (result.kind === 'unsupported') throw failure('returned an unsupported result type.');
    if (result.kind === 'failed') throw failure(reasonOf(result.reason));
    if (result.text === undefined) throw failure('returned nothing (undefined).');
    data.environment.budget.spendText(result.text);
    return JSON.parse(result.text) as Json;
  };
}

/**
 * Evaluates an expression on the main thread. Resolves with undefined if the expression exceeds the limits that apply
 * there.
 */
async function onMain(source: string, bindings: Bindings, data: StateData): Promise<Evaluated | undefined> {
  const result = await unlessStuck(compiled(source)(bindings, data.environment));
  return result.kind === 'failed' && result.limit ? undefined : result;
}

function bindingsOf(data: StateData): Bindings {
  const states: JsonObject = { input: data.input, context: data.context() };
  if (data.result !== undefined) states['result'] = data.result;
  if (data.errorOutput !== undefined) states['errorOutput'] = data.errorOutput;
  return { ...data.environment.variables.all(), states };
}

const STUCK: Evaluated = { kind: 'failed', reason: `: ${LIMIT_TEXTS.time}` };

/**
 * Makes an evaluation fail that would never settle. An evaluation awaits only its own promises, so if it isn't done by
 * the end of the turn, it never will be.
 */
function unlessStuck(evaluation: Promise<Evaluated>): Promise<Evaluated> {
  return new Promise((resolve) => {
    void evaluation.then(resolve);
    turn.after(() => resolve(STUCK));
  });
}
