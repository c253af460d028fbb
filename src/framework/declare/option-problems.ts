import { closest } from 'fastest-levenshtein';
import { show, type Problem } from '../errors.js';

const SHARED = ['concurrency', 'pollers', 'heartbeat', 'timeout', 'interceptors'];
const KNOWN = {
  Activity: [...SHARED, 'scope'],
  Handle: [...SHARED, 'activity', 'input', 'output', 'unknownKeys', 'showValues', 'groups'],
};

/** Options that a decorator does not have, with the one that was probably meant. */
export function unknownOptions(decorator: keyof typeof KNOWN, where: string, options: object): Problem[] {
  const unknown = Object.keys(options).filter((key) => !KNOWN[decorator].includes(key));
  return unknown.map((key) => ({
    code: 'HANDLER_OPTION_INVALID',
    where,
    what: `@${decorator} has no option '${key}'`,
    fix: `did you mean '${closest(key, KNOWN[decorator])}'? It has: ${KNOWN[decorator].join(', ')}`,
  }));
}

/** Options whose value is not among those that there are. */
export function choiceProblems(
  where: string,
  options: object,
  choices: Readonly<Record<string, readonly unknown[]>>,
): Problem[] {
  return Object.entries(choices).flatMap(([key, allowed]): Problem[] => {
    const value: unknown = Reflect.get(options, key);
    if (value === undefined || allowed.includes(value)) return [];
    const list = allowed.map((each) => (typeof each === 'string' ? `'${each}'` : String(each))).join(' or ');
    return [
      {
        code: 'HANDLER_OPTION_INVALID',
        where,
        what: `${key}: expected ${list}, got ${show(value)}`,
        fix: `write ${list}, or leave it out`,
      },
    ];
  });
}

/** Interceptors that are no classes with an `intercept` method. */
export function interceptorProblems(where: string, interceptors: unknown): Problem[] {
  if (interceptors === undefined) return [];
  const list: readonly unknown[] = Array.isArray(interceptors) ? interceptors : [interceptors];
  return list
    .filter((each) => !isInterceptor(each))
    .map((each) => ({
      code: 'HANDLER_OPTION_INVALID',
      where,
      what: `interceptors: expected classes with an intercept(task, next) method, got ${show(each)}`,
      fix:
        each === undefined
          ? 'the class is not defined yet when the decorator runs: move it above, or break the circular import'
          : 'give the class itself, not an instance; it is made by the container',
    }));
}

function isInterceptor(value: unknown): boolean {
  if (typeof value !== 'function') return false;
  const { prototype } = value as { prototype?: { intercept?: unknown } };
  return typeof prototype?.intercept === 'function';
}
