import { randomUUID } from 'node:crypto';
import jsonata from 'jsonata';
import type { Bindings, Evaluated } from '../expression/evaluation.js';
import { weigh } from '../values/json.js';
import { addStepFunctions, HOST, rewrittenFunctions, type Host } from './functions.js';
import { depthsOf } from './limits/depth.js';
import { LIMIT_TEXTS, LimitReached, NEW_FRAME, watchFrames, type Limits } from './limits/guard.js';
import { guardedRegExp } from './limits/regexp.js';
import { mayNeedRewriting, rewrite } from './rewrite.js';

/** A compiled expression. Never rejects. Stays pending if the expression awaits something that never settles. */
export type Compiled = (bindings: Bindings, host: Host) => Promise<Evaluated>;

/** Compiles JSONata expressions so that their evaluations stay within limits. */
export class Compiler {
  readonly #limits: Limits;
  readonly #options: object;
  readonly #rewritten: [name: string, rewritten: unknown][];

  constructor(limits: Limits) {
    this.#limits = limits;
    // The library's types require an instance here, but the library calls it as a constructor.
    this.#options = { RegexEngine: guardedRegExp(limits.mayMatch, () => new LimitReached('time')) };
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
    this.#limit(expression, source);
    addStepFunctions(expression, source);
    return async (bindings, host) => {
      try {
        const all = { [HOST]: host, ...bindings };
        return toText((await expression.evaluate(undefined, all)) as unknown, this.#limits);
      } catch (error) {
        return failed(error);
      }
    };
  }

  /**
   * Makes an expression stay within limits: its frames of variables are watched, and what the library would do without
   * a limit is rewritten.
   */
  #limit(expression: jsonata.Expression, source: string): void {
    const assign = assignerOf(expression);
    if (mayNeedRewriting(source)) {
      rewrite(expression);
      for (const [name, rewritten] of this.#rewritten) assign(name, rewritten);
    }
    assign(NEW_FRAME, watchFrames(this.#limits, depthsOf(expression.ast())));
  }
}

/**
 * Returns the expression's method `assign`, typed so that it accepts names of any type: in the library's types a name
 * must be a string, but the library's hooks are symbols.
 */
function assignerOf(expression: jsonata.Expression): (name: unknown, value: unknown) => void {
  return expression.assign.bind(expression) as (name: unknown, value: unknown) => void;
}

/**
 * Returns the result for a failed evaluation. Recorded from the live service: a message of JSONata is shown after its
 * error code, and the message of a limit, which has no code, is shown alone. JavaScript's own errors are not shown.
 */
function failed(error: unknown): Evaluated {
  if (error instanceof LimitReached) {
    const limit = error.what === 'depth' ? undefined : error.what;
    return { kind: 'failed', reason: `: ${error.message}`, ...(limit && { limit }) };
  }
  const { code, message } = Object(error) as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && /^[A-Z]\d{4}$/.test(code))
    return { kind: 'failed', reason: `. ${code}: ${String(message)}` };
  if (error instanceof RangeError && /length|size/i.test(error.message))
    return { kind: 'failed', reason: `: ${LIMIT_TEXTS.size}`, limit: 'size' };
  return { kind: 'failed', reason: INTERNAL };
}

/** The reason for an error inside the engine. The live service shows its own number instead, a new one each time. */
const INTERNAL = 'internal';

/** Returns the reason of a failure in the form in which a message shows it, after "threw an error". */
export function reasonOf(reason: string): string {
  return reason === INTERNAL
    ? `threw an internal error during evaluation. ${randomUUID()}`
    : `threw an error during evaluation${reason}`;
}

/**
 * Describes why an expression can't be parsed, as the live service does: with the library's message, but without its
 * code.
 */
function complaint(error: unknown): string {
  const { code, message } = Object(error) as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && typeof message === 'string') return message;
  return error instanceof SyntaxError ? 'Invalid regular expression' : 'The expression is nested too deeply';
}

/**
 * Writes a result as JSON. The library's marks on arrays are dropped. If the result contains a function, it is
 * unsupported. Seen at the live service: a number that JSON can't express becomes a string.
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

/** Records in `odd` whether a value contains something that JSON would leave out or change. */
function inspect(value: unknown, odd: { functions: boolean; numbers: boolean }): void {
  if (typeof value === 'number' && !Number.isFinite(value)) odd.numbers = true;
  else if (typeof value === 'function') odd.functions = true;
  else if (Array.isArray(value)) for (const item of value as unknown[]) inspect(item, odd);
  else if (typeof value === 'object' && value !== null) {
    if ('_jsonata_function' in value || '_jsonata_lambda' in value) odd.functions = true;
    else for (const key in value) inspect((value as Record<string, unknown>)[key], odd);
  }
}
