import type { Option } from '../declare/rule.js';
import type { Environment } from '../base/environment.js';
import type { Problem } from '../base/errors.js';
import { OPTIONS } from './config.js';
import { badValue } from './mistakes.js';

/** The flags of a command line, as texts. */
export interface Flags {
  /** The texts of the flags, by the keys of their options. */
  readonly texts: Readonly<Record<string, string | undefined>>;
  /** The values of `--handler`, in order. */
  readonly handlers: readonly string[];
}

/** Returns the flag of an option, such as `--health-port`. */
export const flagOf = (key: string): string =>
  `--${key.replaceAll(/[A-Z]/g, (each) => `-${each.toLowerCase()}`)}`;

/** Returns the environment variable of an option, such as `STEPWRIGHT_HEALTH_PORT`. */
export const variableOf = (key: string): string =>
  `STEPWRIGHT_${key.replaceAll(/(?=[A-Z])/g, '_').toUpperCase()}`;

/** The options that one source sets for the worker and for all handlers. */
export interface Layer {
  /** Returns the name of an option in this source, for messages: `--port`, `STEPWRIGHT_PORT`, `@Handle`. */
  readonly from: (key: string) => string;
  readonly values: object;
}

/**
 * A layer whose values were read from texts, and the mistakes in the texts, each by the name of its flag or variable.
 */
export interface ReadLayer {
  readonly layer: Layer;
  readonly problems: readonly Problem[];
}

/** Reads the options that flags set. */
export const readFlags = ({ texts }: Flags): ReadLayer => readLayer(flagOf, (key) => texts[key]);

/** Reads the options that environment variables set. An empty variable counts as unset. */
export const readEnvironment = (env: Environment): ReadLayer =>
  readLayer(variableOf, (key) => env[variableOf(key)] || undefined);

/**
 * Returns the value that a text stands for. The text itself where the option is unknown, or can't be written as text.
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
    if (!row.ok(values[key])) problems.push(badValue(from(key), row, values[key]));
  }
  return { layer: { from, values }, problems };
}
