import { randomUUID } from 'node:crypto';
import jsonata from 'jsonata';
import { turn } from '../../base/time/turn.js';
import { weigh } from '../values/json.js';
import { generator } from '../values/functions.js';
import { depthsOf, LIMIT_TEXTS, LimitReached, MOST_BYTES } from './limits.js';
import type { Bindings, Evaluated, EvaluationJob } from '../expression.js';
import { addStepFunctions, type Host, REWRITTEN, stepFunctions } from './functions.js';
import { isFunction, NEW_FRAME, rewrite, watchFrames } from './guard.js';

/**
 * The most characters in all expressions that are cached. A compiled expression takes about 500 bytes of memory for each
 * of its characters, plus a fixed amount of memory, for which CHARS_EACH characters are added.
 */
const CHARS = 100_000;
const CHARS_EACH = 40;

/** Parses an expression. @throws Error if the text can't be parsed */
export function parse(source: string): jsonata.Expression {
  try {
    return jsonata(source);
  } catch (error) {
    throw new Error(complaint(error), { cause: error });
  }
}

/** Compiles and evaluates JSONata expressions, one job after another, and caches those that were used recently. */
export class Compiler {
  readonly #known = new Map<string, jsonata.Expression>();
  #chars = 0;
  #host: Host = { now: 0, random: Math.random };
  readonly #functions = stepFunctions(() => this.#host);

  /**
   * @param isOver returns true if the evaluation that runs has used up its time. @default it is ended from outside
   * @param onBegun called with the index of an expression before it is evaluated
   */
  constructor(
    private readonly isOver?: () => boolean,
    private readonly onBegun?: (index: number) => void,
  ) {}

  /** Evaluates the expressions of a job, up to the first that fails. Never rejects. */
  async evaluate({ sources, bindings, now, random }: EvaluationJob): Promise<Evaluated> {
    this.#host = { now, random: generator(random) };
    const texts: string[] = [];
    let left = MOST_BYTES;
    for (const [index, source] of sources.entries()) {
      this.onBegun?.(index);
      const result = await this.#evaluate(source, bindings);
      if (result.text === undefined) return { failed: index, reason: result.reason };
      texts.push(result.text);
      left -= result.text.length;
      if (left < 0) return { failed: index, reason: limitReason('size') };
    }
    return { texts };
  }

  async #evaluate(source: string, bindings: Bindings): Promise<Outcome> {
    try {
      const expression = this.#compiled(source);
      return toText(await unlessStuck(expression.evaluate(undefined, bindings)));
    } catch (error) {
      return failed(error);
    }
  }

  #compiled(source: string): jsonata.Expression {
    let known = this.#known.get(source);
    if (known) return known;
    this.#chars += CHARS_EACH + source.length;
    if (this.#chars > CHARS) {
      this.#known.clear();
      this.#chars = 0;
    }
    this.#known.set(source, (known = this.#compile(source)));
    return known;
  }

  #compile(source: string): jsonata.Expression {
    const expression = parse(source);
    // The library's types allow only strings, but the names under which it looks up its hooks are symbols.
    const assign = expression.assign.bind(expression) as (name: unknown, value: unknown) => void;
    rewrite(expression);
    for (const [name, rewritten] of Object.entries(REWRITTEN)) assign(name, rewritten);
    assign(NEW_FRAME, watchFrames(depthsOf(expression.ast()), this.isOver));
    addStepFunctions(expression, source, this.#functions);
    return expression;
  }
}

/** The JSON of an expression's result, or the end of the message about it. */
type Outcome = { readonly text: string } | { readonly text?: undefined; readonly reason: string };

/**
 * Rejects if an evaluation would never settle, as one that awaits `{"then": /x/}`. An expression can only await its own
 * promises, so an evaluation that hasn't settled by the end of the event loop's turn never will.
 */
function unlessStuck(evaluation: Promise<unknown>): Promise<unknown> {
  let isSettled = false;
  return new Promise((resolve, reject) => {
    evaluation.finally(() => (isSettled = true)).then(resolve, reject);
    turn.after(() => {
      if (!isSettled) reject(new LimitReached('time'));
    });
  });
}

/**
 * Returns the outcome of a failed evaluation. The texts were recorded from the live service: an error of JSONata is
 * shown with its code, an exceeded limit by its message alone, and an error that JavaScript itself throws isn't shown
 * at all.
 */
function failed(error: unknown): Outcome {
  const { code } = Object(error) as { code?: unknown };
  if (error instanceof LimitReached) return { reason: limitReason(error.what) };
  // D2014: the library's own limit of a range, which is larger.
  const isSize = error instanceof RangeError && /length|size/i.test(error.message);
  if (isSize || code === 'D2014') return { reason: limitReason('size') };
  if (typeof code === 'string' && /^[A-Z]\d{4}$/.test(code))
    return { reason: `threw an error during evaluation. ${code}: ${messageOf(error as LibraryError)}` };
  // In place of a reason, the live service shows an id that is new each time.
  return { reason: `threw an internal error during evaluation. ${randomUUID()}` };
}

/** Returns the end of the message about an expression that exceeds a limit. */
export const limitReason = (limit: keyof typeof LIMIT_TEXTS): string =>
  `threw an error during evaluation: ${LIMIT_TEXTS[limit]}`;

/** An error of the JSONata library. Its message contains the two values as JSON. */
type LibraryError = Readonly<Record<'message', string> & Partial<Record<'value' | 'value2', unknown>>>;

/**
 * Returns the message of an error. A function among the values that it shows is shown as an empty string, as `$string`
 * does. The library would show its own object for the function.
 */
function messageOf({ message, value, value2 }: LibraryError): string {
  if (!message.includes('"_jsonata_')) return message;
  return [value, value2].reduce<string>((text, shown) => {
    const json = typeof shown === 'object' && shown !== null ? JSON.stringify(shown) : '';
    return json ? text.replace(json, () => JSON.stringify(shown, withoutFunction)) : text;
  }, message);
}

const withoutFunction = (_key: string, value: unknown): unknown => (isFunction(value) ? '' : value);

/**
 * Returns the error message for an expression that can't be parsed: the library's message without the error code, as in
 * the live service.
 */
function complaint(error: unknown): string {
  const { code, message } = Object(error) as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && typeof message === 'string') return message;
  return error instanceof SyntaxError ? 'Invalid regular expression' : 'The expression is nested too deeply';
}

/**
 * Returns the result of an evaluation as JSON, unless it is nothing or contains a function. Properties with which the
 * library marks arrays are left out. Seen at the live service: a number that JSON can't express, such as Infinity,
 * becomes a string.
 * @throws LimitReached if the result is too large
 */
function toText(value: unknown): Outcome {
  if (value === undefined) return { reason: 'returned nothing (undefined).' };
  if (!weigh(value, MOST_BYTES)) throw new LimitReached('size');
  const odd = { functions: false, numbers: false };
  inspect(value, odd);
  if (odd.functions) return { reason: 'returned an unsupported result type.' };
  return { text: odd.numbers ? JSON.stringify(value, finite) : JSON.stringify(value) };
}

function finite(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

/**
 * Sets `odd.functions` if a value contains a function, and `odd.numbers` if it contains a number that JSON can't
 * express.
 */
function inspect(value: unknown, odd: { functions: boolean; numbers: boolean }): void {
  if (isFunction(value)) odd.functions = true;
  else if (typeof value === 'number') odd.numbers ||= !Number.isFinite(value);
  else if (typeof value === 'object' && value !== null)
    for (const each of Object.values(value)) inspect(each, odd);
}
