import { HANDLER_OPTIONS, type HandlerOptions } from '../declare/options.js';
import { checkAgainst, record } from '../declare/rule.js';
import type { Problem } from '../base/errors.js';
import { isPlainObject } from '../base/plain-object.js';
import { badValue, mistakesIn } from './mistakes.js';
import { readText } from './layers.js';

/**
 * The options that one source, such as an environment variable, sets for individual handlers. The keys of `values` are
 * handlers' names, `Class.method`.
 */
export interface ByHandler {
  /**
   * Returns the text with which messages name a handler's options in this source: `--handler A.b`,
   * `STEPWRIGHT_HANDLERS['A.b']`, `handlers['A.b']`.
   */
  readonly from: (handler: string) => string;
  readonly values: Readonly<Record<string, HandlerOptions>>;
}

/** The options of individual handlers that one source sets, and the mistakes in those options. */
export interface ReadByHandler {
  readonly options: ByHandler;
  readonly problems: readonly Problem[];
}

export const HANDLERS_VARIABLE = 'STEPWRIGHT_HANDLERS';

/** Reads the options of individual handlers in the config's `handlers`. */
export const readHandlers = (values: unknown): ReadByHandler =>
  checked((handler) => `handlers['${handler}']`, isPlainObject(values) ? values : {});

/**
 * Reads the options of individual handlers in the variable `STEPWRIGHT_HANDLERS`, which contains JSON. An empty
 * variable counts as unset.
 */
export function readHandlersVariable(env: NodeJS.ProcessEnv): ReadByHandler {
  const text = env[HANDLERS_VARIABLE];
  const values = text ? parse(text) : {};
  const read = checked(
    (handler) => `${HANDLERS_VARIABLE}['${handler}']`,
    isPlainObject(values) ? values : {},
  );
  if (isPlainObject(values)) return read;
  const rule = { expected: `JSON such as '{"Class.method":{"concurrency":5}}'` };
  return { ...read, problems: [badValue(HANDLERS_VARIABLE, rule, text)] };
}

/** Reads the options that the values of `--handler` set. Each value has the form `Class.method.option=value`. */
export function readHandlerFlags(flags: readonly string[]): ReadByHandler {
  const values = new Map<string, Record<string, unknown>>();
  const problems: Problem[] = [];
  for (const flag of flags) {
    const [, handler = '', key = '', text = ''] = /^(.+)\.([^.=]+)=(.*)$/s.exec(flag) ?? [];
    if (handler === '') problems.push(badValue('--handler', { expected: 'Class.method.option=value' }, flag));
    else values.set(handler, { ...values.get(handler), [key]: readText(HANDLER_OPTIONS, key, text) });
  }
  const read = checked((handler) => `--handler ${handler}`, Object.fromEntries(values));
  return { ...read, problems: [...problems, ...read.problems] };
}

function checked(from: ByHandler['from'], values: Readonly<Record<string, unknown>>): ReadByHandler {
  const problems = Object.entries(values).flatMap(([handler, set]) =>
    isPlainObject(set)
      ? checkAgainst(HANDLER_OPTIONS, set, mistakesIn(`${from(handler)}.`))
      : [badValue(from(handler), record, set)],
  );
  // The cast is safe: if there are problems, the start ends before any value is used.
  return { options: { from, values: values as Record<string, HandlerOptions> }, problems };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
