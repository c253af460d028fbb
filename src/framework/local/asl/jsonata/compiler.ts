import { randomUUID } from 'node:crypto';
import jsonata from 'jsonata';
import type { Bindings, Evaluated } from '../expression/evaluation.js';
import { weigh } from '../values/json.js';
import { addStepFunctions, HOST, rewrittenFunctions, type Host } from './functions.js';
import { depthsOf } from './limits/depth.js';
import { LIMIT_TEXTS, LimitReached, NEW_FRAME, watchFrames, type Limits } from './limits/guard.js';
import { guardedRegExp } from './limits/regexp.js';
import { mayNeedRewriting, rewrite } from './rewrite.js';

/** A compiled expression. Never rejects; stays pending where the expression awaits what never settles. */
export type Compiled = (bindings: Bindings, host: Host) => Promise<Evaluated>;

/** Compiles JSONata expressions whose evaluations stay within limits. */
export class Compiler {
  readonly #limits: Limits;
  readonly #options: object;
  readonly #rewritten: [name: string, rewritten: unknown][];

  constructor(limits: Limits) {
    this.#limits = limits;
    // The library's declaration takes an instance here, where the library makes instances.
    this.#options = { RegexEngine: guardedRegExp(limits.mayMatch, () => new LimitReached('time')) };
    this.#rewritten = Object.entries(rewrittenFunctions(limits));
  }

  /** Parses an expression. @throws Error where the text cannot be parsed */
  parse(source: string): jsonata.Expression {
    try {
      // The library keeps one engine of regular expressions for all: each parse sets ours again.
      return jsonata(source, this.#options);
    } catch (error) {
      throw new Error(complaint(error), { cause: error });
    }
  }

  /** Compiles an expression. @throws Error where the text cannot be parsed */
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

  /** Limits an expression: watches its frames of variables, and rewrites what the library does without a limit. */
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
 * Returns the expression's `assign` for names of any type: its declaration takes strings only, but the library's hooks
 * are symbols.
 */
function assignerOf(expression: jsonata.Expression): (name: unknown, value: unknown) => void {
  return expression.assign.bind(expression) as (name: unknown, value: unknown) => void;
}

/**
 * Makes the outcome of a failed evaluation. Recorded from the live service: after a code of JSONata's its message stands
 * behind the code, and for a limit, which has no code, alone. The engine's own errors are not shown.
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

/** Marks an error inside the engine; the live service shows a number of its own, new each time. */
const INTERNAL = 'internal';

/** Returns the reason of a failure as a message shows it behind "threw an error". */
export function reasonOf(reason: string): string {
  return reason === INTERNAL
    ? `threw an internal error during evaluation. ${randomUUID()}`
    : `threw an error during evaluation${reason}`;
}

/** Describes why an expression cannot be parsed, as the live service does: the library's message, without its code. */
function complaint(error: unknown): string {
  const { code, message } = Object(error) as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && typeof message === 'string') return message;
  return error instanceof SyntaxError ? 'Invalid regular expression' : 'The expression is nested too deeply';
}

/**
 * Writes a result as JSON, which drops the library's marks on arrays. A result that holds a function is unsupported.
 * Seen at the live service: a number that JSON cannot hold becomes a text.
 * @throws LimitReached where the result is too large
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

/** Notes what JSON would leave out of a value, or change. */
function inspect(value: unknown, odd: { functions: boolean; numbers: boolean }): void {
  if (typeof value === 'number' && !Number.isFinite(value)) odd.numbers = true;
  else if (typeof value === 'function') odd.functions = true;
  else if (Array.isArray(value)) for (const item of value as unknown[]) inspect(item, odd);
  else if (typeof value === 'object' && value !== null) {
    if ('_jsonata_function' in value || '_jsonata_lambda' in value) odd.functions = true;
    else for (const key in value) inspect((value as Record<string, unknown>)[key], odd);
  }
}
