import jsonata from 'jsonata';
import type { Bindings, Evaluated } from '../expression/evaluation.js';
import { measure } from '../values/json.js';
import { rewrittenFunctions, stepFunctionsIn, type Outside } from './functions.js';
import { guardedFunctions, LimitReached, NEW_FRAME, watchFrames, type Frame, type Limits } from './guard.js';
import { guardedRegExp } from './regexp.js';
import { mayNeedRewriting, rewrite } from './rewrite.js';

/** An expression, ready to be evaluated. Never rejects; stays pending where the expression waits for what never comes. */
export type Compiled = (bindings: Bindings, outside: Outside) => Promise<Evaluated>;

/** Makes something of expressions of JSONata. Both throw an Error where one cannot be parsed. */
export interface Compiler {
  compile(source: string): Compiled;
  parse(source: string): jsonata.Expression;
}

/** Makes a compiler of expressions that stay within limits. */
export function createCompiler(limits: Limits): Compiler {
  // Its declaration takes an instance here, where it makes instances.
  const options = { RegexEngine: guardedRegExp(limits.mayMatch, () => new LimitReached('time')) };
  const watch = watchFrames(limits);
  const guarded = Object.entries(guardedFunctions(builtins(), limits));
  const rewritten = Object.entries(rewrittenFunctions(limits));
  // The library keeps its engine of regular expressions in one place: whatever is parsed names ours again.
  const parse = (source: string): jsonata.Expression => parseWith(source, options as object);
  const compile = (source: string): Compiled => {
    const compiled = parse(source);
    // The declaration takes strings only; the library's own hooks are symbols.
    const assign = compiled.assign.bind(compiled) as (name: unknown, value: unknown) => void;
    assign(NEW_FRAME, watch);
    // Only what the expression calls: a definition may have very many of them. `|` clones behind the scenes.
    for (const [name, value] of guarded)
      if (source.includes(`$${name}`) || (name === 'clone' && source.includes('|'))) assign(name, value);
    if (mayNeedRewriting(source)) {
      rewrite(compiled);
      for (const [name, value] of rewritten) assign(name, value);
    }
    const stepFunctions = stepFunctionsIn(source);
    return async (bindings, outside) => {
      try {
        const all = { ...stepFunctions(outside), ...bindings };
        return toText((await compiled.evaluate(undefined, all)) as unknown, limits);
      } catch (error) {
        return {
          kind: 'failed',
          reason: describe(error),
          ...(error instanceof LimitReached && { limit: error.what }),
        };
      }
    };
  };
  return { compile, parse };
}

/** Where the library keeps its functions. It shows it to whoever watches a new frame, before anything is awaited. */
function builtins(): Frame {
  const found: Frame[] = [];
  const probe = jsonata('1');
  const assign = probe.assign.bind(probe) as (name: unknown, value: unknown) => void;
  assign(NEW_FRAME, (_enclosing: Frame, frame: Frame) => void found.push(frame));
  void probe.evaluate(undefined, {});
  const [frame] = found;
  if (!frame) throw new Error('the library of JSONata does not show its functions');
  return frame;
}

function parseWith(source: string, options: jsonata.JsonataOptions): jsonata.Expression {
  try {
    return jsonata(source, options);
  } catch (error) {
    throw new Error(describe(error), { cause: error });
  }
}

/** JSONata throws plain objects with a code, and errors. */
function describe(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { code, message } = error as { code?: unknown; message?: unknown };
  const text = typeof message === 'string' ? message : JSON.stringify(error);
  return typeof code === 'string' ? `${code}: ${text}` : text;
}

/** What JSON makes of a result: its own marks on arrays fall away, functions are refused. */
function toText(value: unknown, { places, chars }: Limits): Evaluated {
  if (!measure(value, places, chars)) throw new LimitReached('size');
  return holdsFunction(value) ? { kind: 'unsupported' } : { kind: 'value', text: JSON.stringify(value) };
}

/** JSON would leave a function out. */
function holdsFunction(value: unknown): boolean {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(holdsFunction);
  if ('_jsonata_function' in value || '_jsonata_lambda' in value) return true;
  for (const key in value) if (holdsFunction((value as Record<string, unknown>)[key])) return true;
  return false;
}
