import { turn } from '../../../base/time/turn.js';
import { EvaluationFailure } from '../expression/evaluation-failure.js';
import { contextOf, type Expression, type StateData } from '../expression/state-data.js';
import type { Json, JsonObject } from '../values/json.js';
import type { Bindings, Evaluated } from '../expression/evaluation.js';
import { compiled } from './compile-cache.js';
import { reasonOf } from './compiler.js';
import { LIMIT_TEXTS } from './limits/guard.js';

/**
 * Returns the JSONata expression in a string of the form `{% … %}`. Returns undefined for any other string, also for
 * one with a space before `{%` or after `%}`.
 */
export function expressionIn(text: string): string | undefined {
  return text.startsWith('{%') && text.endsWith('%}') && text.length >= 4
    ? text.slice(2, -2).trim()
    : undefined;
}

/**
 * If the current turn of the event loop has already lasted this many milliseconds, an evaluation is postponed to the
 * next turn: it may take about the same time again.
 */
const TURN_MS = 25;

/**
 * An expression with more characters is evaluated in a thread at once, not first on the main thread, since even parsing
 * it takes long.
 */
const LONGEST_ON_MAIN = 20_000;

/**
 * Compiles a JSONata expression. It is evaluated on the main thread until the turn of the event loop has lasted too
 * long; then the evaluation is started again in a thread. The expression is parsed at its first evaluation; syntax.ts
 * has already checked that it can be.
 * @param location the field of the expression, such as `Arguments/a[0]`, for error messages and history events
 */
export function compileExpression(source: string, location: string): Expression {
  const about = `The JSONata expression '${source}' specified for the field '${location}'`;
  const failure = (reason: string): EvaluationFailure =>
    new EvaluationFailure('States.QueryEvaluationError', `${about} ${reason}`, { location });
  return async (data) => {
    const next = data.environment.yieldIfBusy(TURN_MS);
    if (next) await next;
    if (data.environment.budget.leftMs === 0) throw failure(reasonOf(`: ${LIMIT_TEXTS.time}`));
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
 * Evaluates an expression on the main thread. Resolves with undefined if this exceeds the limits for the main thread.
 */
async function onMain(source: string, bindings: Bindings, data: StateData): Promise<Evaluated | undefined> {
  const result = await unlessStuck(compiled(source)(bindings, data.environment));
  data.environment.budget.spendMs(result.ms ?? 0);
  return result.kind === 'failed' && result.limit ? undefined : result;
}

function bindingsOf(data: StateData): Bindings {
  const states: JsonObject = { input: data.input, context: contextOf(data) };
  if (data.result !== undefined) states['result'] = data.result;
  if (data.errorOutput !== undefined) states['errorOutput'] = data.errorOutput;
  return { ...data.environment.variables.all(), states };
}

const STUCK: Evaluated = { kind: 'failed', reason: `: ${LIMIT_TEXTS.time}` };

/**
 * Resolves with a failure if an evaluation would never settle. An expression can only await its own promises, so an
 * evaluation that hasn't settled by the end of the event loop's turn never will.
 */
function unlessStuck(evaluation: Promise<Evaluated>): Promise<Evaluated> {
  return new Promise((resolve) => {
    if (!watching) turn.after(endStuck);
    watching = true;
    unsettled.add(resolve);
    void evaluation.then((result) => {
      unsettled.delete(resolve);
      resolve(result);
    });
  });
}

/** The evaluations of this turn that haven't settled, and true if `endStuck` is called at its end. */
const unsettled = new Set<(result: Evaluated) => void>();
let watching = false;

function endStuck(): void {
  watching = false;
  for (const resolve of unsettled) resolve(STUCK);
  unsettled.clear();
}
