import { closest } from 'fastest-levenshtein';
import { checkAgainst, durationsFor, type Mistakes, type Option, record } from '../declare/option-rules.js';
import type { Problem } from '../base/errors.js';
import { OPTIONS } from './config.js';
import { HANDLER_OPTIONS, type HandlerOptions } from '../declare/handler-options.js';
import { isPlainObject, parseJson } from '../base/json.js';
import { show } from '../base/show.js';

/** The flags of a command line, before their values are read. */
export interface Flags {
  /** The flags' values as they were written, by the keys of the options that the flags set. */
  readonly texts: Readonly<Record<string, string | undefined>>;
  /** The values of all `--handler` flags, in order. */
  readonly handlers: readonly string[];
}

/** Returns the name of an option's flag: `--health-port` for `healthPort`. */
export const flagOf = (key: string): string =>
  `--${key.replaceAll(/[A-Z]/g, (each) => `-${each.toLowerCase()}`)}`;

/** Returns the name of an option's environment variable: `STEPWRIGHT_HEALTH_PORT` for `healthPort`. */
export const variableOf = (key: string): string =>
  `STEPWRIGHT_${key.replaceAll(/(?=[A-Z])/g, '_').toUpperCase()}`;

/** The options that one source, such as the flags or a decorator, sets for the worker, or for all handlers alike. */
export interface Layer {
  /** Returns the name that messages use for an option in this source: `--port`, `STEPWRIGHT_PORT`, `@Handle`. */
  readonly from: (key: string) => string;
  readonly values: object;
}

/** The options that one source sets, and the mistakes in it. Each mistake names its flag, variable or key. */
interface Read<Options> {
  readonly options: Options;
  readonly problems: readonly Problem[];
}

export const readFlags = ({ texts }: Flags): Read<Layer> => readLayer(flagOf, (key) => texts[key]);

/**
 * Reads the options that are set by environment variables. An empty variable counts as unset, and so does the
 * STEPWRIGHT_PORT that Kubernetes sets for a Service named `stepwright`, such as `tcp://10.0.0.1:8080`.
 */
export const readEnvironment = (env: NodeJS.ProcessEnv): Read<Layer> =>
  readLayer(variableOf, (key) => {
    const text = env[variableOf(key)];
    return text === '' || text?.startsWith('tcp://') ? undefined : text;
  });

/**
 * Returns the value that a text stands for. Returns the text itself if the option is unknown, or if a text can't
 * express its value.
 */
export function readText(table: Readonly<Record<string, Option>>, key: string, text: string): unknown {
  const row = Object.hasOwn(table, key) ? table[key] : undefined;
  return row?.text ? row.text.read(text) : text;
}

function readLayer(from: Layer['from'], textOf: (key: string) => string | undefined): Read<Layer> {
  const values: Record<string, unknown> = {};
  const problems: Problem[] = [];
  for (const [key, row] of Object.entries<Option>(OPTIONS)) {
    const text = row.text && textOf(key);
    if (text === undefined) continue;
    values[key] = readText(OPTIONS, key, text);
    if (!row.ok(values[key])) problems.push(badText(from(key), row, text, values[key]));
  }
  return { options: { from, values }, problems };
}

/** Returns the problem of a bad text. If texts have a form of their own, it names that form and the text itself. */
function badText(where: string, row: Option, text: string, value: unknown): Problem {
  const expected = row.text?.expected;
  return expected === undefined ? badValue(where, row, value) : badValue(where, { ...row, expected }, text);
}

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

export const HANDLERS_VARIABLE = 'STEPWRIGHT_HANDLERS';

/** Reads the options of individual handlers in the config's `handlers`. */
export const readHandlers = (values: unknown): Read<ByHandler> =>
  checked((handler) => `handlers['${handler}']`, isPlainObject(values) ? values : {});

/**
 * Reads the options of individual handlers in the variable `STEPWRIGHT_HANDLERS`, which contains JSON. An empty
 * variable counts as unset.
 */
export function readHandlersVariable(env: NodeJS.ProcessEnv): Read<ByHandler> {
  const text = env[HANDLERS_VARIABLE];
  const values = text ? parseJson(text) : {};
  const read = checked(
    (handler) => `${HANDLERS_VARIABLE}['${handler}']`,
    isPlainObject(values) ? values : {},
  );
  if (isPlainObject(values)) return read;
  const rule = { expected: `JSON such as '{"Class.method":{"concurrency":5}}'` };
  return { ...read, problems: [badValue(HANDLERS_VARIABLE, rule, text)] };
}

/** Reads the options that the values of `--handler` set. Each value has the form `Class.method.option=value`. */
export function readHandlerFlags(flags: readonly string[]): Read<ByHandler> {
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

function checked(from: ByHandler['from'], values: Readonly<Record<string, unknown>>): Read<ByHandler> {
  const problems = Object.entries(values).flatMap(([handler, set]) =>
    isPlainObject(set)
      ? checkAgainst(HANDLER_OPTIONS, set, mistakesIn(`${from(handler)}.`))
      : [badValue(from(handler), record, set)],
  );
  // The cast is safe: if there are problems, the start ends before any value is used.
  return { options: { from, values: values as Record<string, HandlerOptions> }, problems };
}

/** Options that belong into the second argument of `createWorker`, but that a user may have put into the config. */
const OF_CREATE_WORKER = new Set(['baseDir', 'clock', 'log', 'module', 'random', 'signal']);

/**
 * Returns functions that make the problems, with their texts, for mistakes in a config, in flags and in variables.
 * @param prefix the text that messages show before an option's key
 */
export const mistakesIn = (prefix: string): Mistakes => ({
  unknown: (key, known) => ({
    code: 'CONFIG_UNKNOWN_KEY',
    where: prefix + key,
    what: prefix === '' ? 'the config has no such option' : 'there is no such option',
    fix: OF_CREATE_WORKER.has(key)
      ? `it goes into the second argument: createWorker(config, { ${key} })`
      : `did you mean '${closest(key, known)}'? The keys are ${known.join(', ')}`,
  }),
  refused: (key, rule, value) => badValue(prefix + key, rule, value),
});

/**
 * Returns the problem of an option whose value isn't allowed.
 * @param where the option's name in the source that sets it
 */
export function badValue(
  where: string,
  rule: Pick<Option, 'expected' | 'fix' | 'unit' | 'keysOnly' | 'shown'>,
  value: unknown,
): Problem {
  const { expected, keysOnly, shown = same, fix = `set ${where} to ${expected}` } = rule;
  const durations = durationsFor(rule, value);
  return {
    code: 'CONFIG_BAD_VALUE',
    where,
    what: `expected ${expected}, got ${keysOnly ? kindOf(value) : show(shown(value))}`,
    fix: durations === undefined ? fix : `write ${durations}`,
  };
}

const same = (value: unknown): unknown => value;

/** Returns the name of a value's type. Messages show it instead of the value if the value may be secret. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/**
 * The variables with the prefix `STEPWRIGHT_` that set no option of the config. The first three are read by the
 * commands; the others are set by `exec` for the program that handles a task.
 */
const OTHERS = [
  HANDLERS_VARIABLE,
  'STEPWRIGHT_LOG_LEVEL',
  'STEPWRIGHT_INPUT',
  'STEPWRIGHT_INPUT_FILE',
  'STEPWRIGHT_OUTPUT_FILE',
];
/**
 * Matches the variables that Kubernetes sets in each container for a Service named `stepwright…`. They aren't mistakes
 * of the user. STEPWRIGHT_PORT isn't matched here: Kubernetes sets it too, but it is also the variable of the option
 * `port`.
 */
const OF_KUBERNETES = /_SERVICE_(HOST|PORT)(_\w+)?$|_PORT_\d+_(TCP|UDP)/;

/** Finds the variables whose names begin with `STEPWRIGHT_` but that nothing reads, such as a mistyped one. */
export function unknownVariables(env: NodeJS.ProcessEnv): Problem[] {
  const known = [
    ...Object.entries<Option>(OPTIONS).flatMap(([key, { text }]) => (text ? variableOf(key) : [])),
    ...OTHERS,
  ];
  return Object.keys(env)
    .filter((name) => name.startsWith('STEPWRIGHT_') && !known.includes(name) && !OF_KUBERNETES.test(name))
    .map((name) => ({
      code: 'CONFIG_UNKNOWN_KEY',
      where: name,
      what: 'no option has this variable, so it is ignored',
      fix: `did you mean ${closest(name, known)}? \`npx stepwright config\` lists all options; otherwise unset it`,
    }));
}
