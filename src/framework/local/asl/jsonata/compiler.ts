import jsonata from 'jsonata';
import type { Bindings, Evaluated } from '../expression/evaluation.js';
import { measure } from '../values/json.js';
import { rewrittenFunctions, stepFunctionsIn, type Host } from './functions.js';
import { guardedFunctions, LimitReached, NEW_FRAME, watchFrames, type Frame, type Limits } from './guard.js';
import { guardedRegExp } from './regexp.js';
import { mayNeedRewriting, rewrite } from './rewrite.js';

/** A compiled expression. Never rejects; stays pending where the expression awaits what never settles. */
export type Compiled = (bindings: Bindings, host: Host) => Promise<Evaluated>;

/** Compiles JSONata expressions whose evaluations stay within limits. */
export class Compiler {
  readonly #limits: Limits;
  readonly #options: object;
  readonly #watchFrame: ReturnType<typeof watchFrames>;
  readonly #guarded: [name: string, guarded: unknown][];
  readonly #rewritten: [name: string, rewritten: unknown][];

  constructor(limits: Limits) {
    this.#limits = limits;
    // The library's declaration takes an instance here, where the library makes instances.
    this.#options = { RegexEngine: guardedRegExp(limits.mayMatch, () => new LimitReached('time')) };
    this.#watchFrame = watchFrames(limits);
    this.#guarded = Object.entries(guardedFunctions(builtins(), limits));
    this.#rewritten = Object.entries(rewrittenFunctions(limits));
  }

  /** Parses an expression. @throws Error where the text cannot be parsed */
  parse(source: string): jsonata.Expression {
    try {
      // The library keeps one engine of regular expressions for all: each parse sets ours again.
      return jsonata(source, this.#options);
    } catch (error) {
      throw new Error(describe(error), { cause: error });
    }
  }

  /** Compiles an expression. @throws Error where the text cannot be parsed */
  compile(source: string): Compiled {
    const expression = this.parse(source);
    this.#limit(expression, source);
    const stepFunctions = stepFunctionsIn(source);
    return async (bindings, host) => {
      try {
        const all = { ...stepFunctions(host), ...bindings };
        return toText((await expression.evaluate(undefined, all)) as unknown, this.#limits);
      } catch (error) {
        return failed(error);
      }
    };
  }

  /**
   * Limits an expression: watches its frames of variables, guards the functions that it calls, and rewrites what the
   * library does without a limit.
   */
  #limit(expression: jsonata.Expression, source: string): void {
    const assign = assignerOf(expression);
    assign(NEW_FRAME, this.#watchFrame);
    // Only the functions that it calls: a definition may have very many expressions. `|` calls clone.
    for (const [name, guarded] of this.#guarded)
      if (source.includes(`$${name}`) || (name === 'clone' && source.includes('|'))) assign(name, guarded);
    if (!mayNeedRewriting(source)) return;
    rewrite(expression);
    for (const [name, rewritten] of this.#rewritten) assign(name, rewritten);
  }
}

/**
 * Returns the expression's `assign` for names of any type: its declaration takes strings only, but the library's hooks
 * are symbols.
 */
function assignerOf(expression: jsonata.Expression): (name: unknown, value: unknown) => void {
  return expression.assign.bind(expression) as (name: unknown, value: unknown) => void;
}

function failed(error: unknown): Evaluated {
  const reason = describe(error);
  return { kind: 'failed', reason, ...(error instanceof LimitReached && { limit: error.what }) };
}

/**
 * Returns the frame of the library's functions. The library shows each new frame to a watcher before it awaits
 * anything, so that the frame is there at once.
 */
function builtins(): Frame {
  const found: Frame[] = [];
  const probe = jsonata('1');
  assignerOf(probe)(NEW_FRAME, (_enclosing: Frame, frame: Frame) => void found.push(frame));
  void probe.evaluate(undefined, {});
  const [frame] = found;
  if (!frame) throw new Error('the library of JSONata does not show its functions');
  return frame;
}

/** Describes a thrown value: JSONata throws errors, and plain objects with a code. */
function describe(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { code, message } = error as { code?: unknown; message?: unknown };
  const text = typeof message === 'string' ? message : JSON.stringify(error);
  return typeof code === 'string' ? `${code}: ${text}` : text;
}

/**
 * Writes a result as JSON, which drops the library's marks on arrays. A result that holds a function is unsupported.
 * @throws LimitReached where the result is too large
 */
function toText(value: unknown, { nodes, chars }: Limits): Evaluated {
  if (!measure(value, nodes, chars)) throw new LimitReached('size');
  return holdsFunction(value) ? { kind: 'unsupported' } : { kind: 'value', text: JSON.stringify(value) };
}

/** Returns true for a value that is or holds a function, which JSON would leave out. */
function holdsFunction(value: unknown): boolean {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(holdsFunction);
  if ('_jsonata_function' in value || '_jsonata_lambda' in value) return true;
  for (const key in value) if (holdsFunction((value as Record<string, unknown>)[key])) return true;
  return false;
}
