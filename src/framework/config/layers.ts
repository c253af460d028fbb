import type { Option } from '../declare/rule.js';
import type { Problem } from '../base/errors.js';
import { OPTIONS } from './config.js';
import { badValue } from './mistakes.js';

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

/**
 * The options that one source sets as texts, with their values read, and the mistakes in those texts. Each mistake
 * names its flag or variable.
 */
export interface ReadLayer {
  readonly layer: Layer;
  readonly problems: readonly Problem[];
}

/** Reads the options that are set by flags. */
export const readFlags = ({ texts }: Flags): ReadLayer => readLayer(flagOf, (key) => texts[key]);

/**
 * Reads the options that are set by environment variables. An empty variable counts as unset, and so does the
 * STEPWRIGHT_PORT that Kubernetes sets for a Service named `stepwright`, such as `tcp://10.0.0.1:8080`.
 */
export const readEnvironment = (env: NodeJS.ProcessEnv): ReadLayer =>
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

function readLayer(from: Layer['from'], textOf: (key: string) => string | undefined): ReadLayer {
  const values: Record<string, unknown> = {};
  const problems: Problem[] = [];
  for (const [key, row] of Object.entries<Option>(OPTIONS)) {
    const text = row.text && textOf(key);
    if (text === undefined) continue;
    values[key] = readText(OPTIONS, key, text);
    if (!row.ok(values[key])) problems.push(badText(from(key), row, text, values[key]));
  }
  return { layer: { from, values }, problems };
}

/** Returns the problem of a bad text. If texts have a form of their own, it names that form and the text itself. */
function badText(where: string, row: Option, text: string, value: unknown): Problem {
  const expected = row.text?.expected;
  return expected === undefined ? badValue(where, row, value) : badValue(where, { ...row, expected }, text);
}
