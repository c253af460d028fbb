import type { Option } from '../declare/rule.js';
import type { Environment } from '../base/environment.js';
import type { Problem } from '../base/errors.js';
import { OPTIONS } from './config.js';
import { badValue } from './mistakes.js';

/** Flags as they were typed. */
export interface Flags {
  /** By the keys of their options. */
  readonly texts: Readonly<Record<string, string | undefined>>;
  /** Each `--handler`, in order. */
  readonly handlers: readonly string[];
}

/** The flag of an option: `--health-port`. */
export const flagOf = (key: string): string =>
  `--${key.replaceAll(/[A-Z]/g, (each) => `-${each.toLowerCase()}`)}`;

/** The environment variable of an option: `STEPWRIGHT_HEALTH_PORT`. */
export const variableOf = (key: string): string =>
  `STEPWRIGHT_${key.replaceAll(/(?=[A-Z])/g, '_').toUpperCase()}`;

/** Options of all handlers and of the worker, said in one place. */
export interface Layer {
  /** Its name for people: `--port`, `STEPWRIGHT_PORT`, `@Handle`. */
  readonly from: (key: string) => string;
  readonly values: object;
}

/** A layer that was read from texts, and what is wrong in it: each mistake by the name of its flag or variable. */
export interface ReadLayer {
  readonly layer: Layer;
  readonly problems: readonly Problem[];
}

export const readFlags = ({ texts }: Flags): ReadLayer => readLayer(flagOf, (key) => texts[key]);

/** An empty variable counts as unset. */
export const readEnvironment = (env: Environment): ReadLayer =>
  readLayer(variableOf, (key) => env[variableOf(key)] || undefined);

/** What a text means for an option; where no text can say it, or there is no such option, the text itself. */
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
