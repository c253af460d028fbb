import { randomUUID } from 'node:crypto';
import jsonata from 'jsonata';
import type { Bindings, Evaluated } from '../expression/evaluation.js';
import { weigh } from '../values/json.js';
import { addStepFunctions, HOST, rewrittenFunctions, type Host } from './functions.js';
import { depthsOf } from './limits/depth.js';
import {
  LIMIT_TEXTS,
  LimitReached,
  NEW_FRAME,
  watchFrames,
  type Limits,
  type Present,
  type Watch,
} from './limits/guard.js';
import { guardedRegExp } from './limits/regexp.js';
import { mayNeedRewriting, rewrite } from './rewrite.js';
import { isFunction } from './limits/text.js';

/** The milliseconds that it takes to measure, inspect and write a character of a result. */
const CHAR_MS = 0.00002;

/**
 * A compiled JSONata expression. The promise never rejects: an error is returned as an outcome. The promise never
 * settles if the expression awaits something that never settles.
 */
export type Compiled = (bindings: Bindings, host: Host) => Promise<Evaluated>;

/** Compiles JSONata expressions so that evaluating one can't take more time or memory than `limits` allow. */
export class Compiler {
  readonly #limits: Limits;
  readonly #options: object;
  readonly #rewritten: [name: string, rewritten: unknown][];
  readonly #present: Present = { usage: undefined };

  constructor(limits: Limits) {
    this.#limits = limits;
    // The library's types require an instance here, but the library calls it as a constructor.
    const spend = (ms: number): void => {
      if (this.#present.usage) this.#present.usage.callMs += ms;
    };
    this.#options = { RegexEngine: guardedRegExp(limits.matchMs, () => new LimitReached('time'), spend) };
    this.#rewritten = Object.entries(rewrittenFunctions(limits));
  }

  /** Parses an expression. @throws Error if the text can't be parsed */
  parse(source: string): jsonata.Expression {
    try {
      // The library has one global setting for the class of regular expressions, so it is set again with each parse.
      return jsonata(source, this.#options);
    } catch (error) {
      throw new Error(complaint(error), { cause: error });
    }
  }

  /** Compiles an expression. @throws Error if the text can't be parsed */
  compile(source: string): Compiled {
    const expression = this.parse(source);
    const watch = this.#limit(expression, source);
    addStepFunctions(expression, source);
    return async (bindings, host) => {
      const evaluation = expression.evaluate(undefined, { [HOST]: host, ...bindings });
      const usedMs = watch.started();
      try {
        const result = toText((await evaluation) as unknown, this.#limits);
        const chars = result.kind === 'value' ? (result.text?.length ?? 0) : 0;
        return { ...result, ms: usedMs() + chars * CHAR_MS };
      } catch (error) {
        return { ...failed(error), ms: usedMs() };
      }
    };
  }

  /**
   * Applies the limits to an expression. It registers a function with which the library lets us count every step, and
   * replaces the operations on which the library itself has no limit.
   */
  #limit(expression: jsonata.Expression, source: string): Watch {
    const assign = assignerOf(expression);
    if (mayNeedRewriting(source)) {
      rewrite(expression);
      for (const [name, rewritten] of this.#rewritten) assign(name, rewritten);
    }
    const watch = watchFrames(this.#limits, depthsOf(expression.ast()), this.#present);
    assign(NEW_FRAME, watch.onFrame);
    return watch;
  }
}

/**
 * Returns the expression's method `assign`, typed to accept any name. The library's types allow only strings, but the
 * names under which it looks up its hooks are symbols.
 */
function assignerOf(expression: jsonata.Expression): (name: unknown, value: unknown) => void {
  return expression.assign.bind(expression) as (name: unknown, value: unknown) => void;
}

/**
 * Returns the outcome of a failed evaluation. The texts were recorded from the live service: an error of JSONata is
 * shown with its code, an exceeded limit by its message alone, and an error that JavaScript itself throws isn't shown
 * at all.
 */
function failed(error: unknown): Evaluated {
  if (error instanceof LimitReached) {
    const limit = error.what === 'depth' ? undefined : error.what;
    return { kind: 'failed', reason: `: ${error.message}`, ...(limit && { limit }) };
  }
  const { code } = Object(error) as { code?: unknown };
  if (typeof code === 'string' && /^[A-Z]\d{4}$/.test(code))
    return { kind: 'failed', reason: `. ${code}: ${messageOf(error as LibraryError)}` };
  if (error instanceof RangeError && /length|size/i.test(error.message))
    return { kind: 'failed', reason: `: ${LIMIT_TEXTS.size}`, limit: 'size' };
  return { kind: 'failed', reason: INTERNAL };
}

/** An error of the JSONata library. Its message contains the two values as JSON. */
interface LibraryError {
  readonly message: string;
  readonly value?: unknown;
  readonly value2?: unknown;
}

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
 * The reason for an error that the JSONata library didn't mean to throw, such as a TypeError. In place of a reason, the
 * live service shows an id that is new each time.
 */
const INTERNAL = 'internal';

/**
 * Returns the end of the error message about a failed expression: "threw an error during evaluation", followed by the
 * reason.
 */
export function reasonOf(reason: string): string {
  return reason === INTERNAL
    ? `threw an internal error during evaluation. ${randomUUID()}`
    : `threw an error during evaluation${reason}`;
}

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
 * Returns the result of an evaluation as JSON; `unsupported` if it contains a function. Properties with which the
 * library marks arrays are left out. Seen at the live service: a number that JSON can't express, such as Infinity,
 * becomes a string.
 * @throws LimitReached if the result is too large
 */
function toText(value: unknown, { bytes }: Limits): Evaluated {
  if (!weigh(value, bytes)) throw new LimitReached('size');
  const odd = { functions: false, numbers: false };
  inspect(value, odd);
  if (odd.functions) return { kind: 'unsupported' };
  return { kind: 'value', text: odd.numbers ? JSON.stringify(value, finite) : JSON.stringify(value) };
}

function finite(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

/**
 * Sets `odd.functions` if a value contains a function, and `odd.numbers` if it contains a number that JSON can't
 * express.
 */
function inspect(value: unknown, odd: { functions: boolean; numbers: boolean }): void {
  if (typeof value === 'number' && !Number.isFinite(value)) odd.numbers = true;
  else if (typeof value === 'function') odd.functions = true;
  else if (Array.isArray(value)) for (const item of value as unknown[]) inspect(item, odd);
  else if (typeof value === 'object' && value !== null) {
    if ('_jsonata_function' in value || '_jsonata_lambda' in value) odd.functions = true;
    else for (const key in value) inspect((value as Record<string, unknown>)[key], odd);
  }
}
