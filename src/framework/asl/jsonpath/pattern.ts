import { createContext, Script } from 'node:vm';
import { runtimeFailure } from '../expression.js';
import { NotHere } from './steps.js';

/** Returns true if a whole text matches a regular expression. */
export type Pattern = (text: string) => boolean;

const FLAGS = /^[ism]*$/;

/**
 * Compiles a regular expression of Java by JavaScript's own engine, whose notation is nearly the same. A match can take
 * very long, so that it must run inside {@link limited}.
 * @throws NotHere if JavaScript doesn't have the expression, such as a possessive repetition
 */
export function compilePattern(source: string, flags: string): Pattern {
  if (!FLAGS.test(flags)) throw new NotHere(`the flags '${flags}' of regular expressions`);
  const regexp = source.includes('&&') ? undefined : regexpOf(source, flags);
  if (!regexp) throw new NotHere(`the regular expression /${source}/`);
  return (text) => {
    regexp.lastIndex = 0;
    return regexp.test(text);
  };
}

function regexpOf(source: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(`(?:${source})(?![^])`, `${flags}uy`);
  } catch {
    return undefined;
  }
}

/** The milliseconds that a path with a regular expression may take. Paths without one are limited by what they visit. */
const LIMIT_MS = 250;
const context = createContext({ run: (): unknown => undefined });
const script = new Script('run()');

/** Calls a function, which is ended after LIMIT_MS. @throws EvaluationFailure if it has not returned by then */
export function limited<T>(run: () => T): T {
  try {
    context['run'] = run;
    return script.runInContext(context, { timeout: LIMIT_MS }) as T;
  } catch (error) {
    if (Reflect.get(Object(error), 'code') !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw runtimeFailure(`The regular expressions of the path take more than ${LIMIT_MS} ms.`);
  }
}
