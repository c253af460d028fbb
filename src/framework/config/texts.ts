import { HANDLER_OPTIONS } from '../declare/options.js';
import type { Option } from '../declare/rule.js';
import type { Environment } from '../environment.js';
import type { Problem } from '../errors.js';
import { badValue } from './check.js';
import { OPTIONS } from './config.js';
import type { Layer } from './resolve.js';

/** Texts as they were typed, by the keys of their options. */
export type Flags = Readonly<Record<string, string | undefined>>;

/** The flag of an option: `--health-port`. */
export const flagOf = (key: string): string =>
  `--${key.replaceAll(/[A-Z]/g, (each) => `-${each.toLowerCase()}`)}`;

/** The environment variable of an option: `STEPWRIGHT_HEARTBEAT`. */
export const variableOf = (key: string): string =>
  `STEPWRIGHT_${key.replaceAll(/(?=[A-Z])/g, '_').toUpperCase()}`;

/** A layer that was read from texts, and what is wrong in it: each mistake by the name of its flag or variable. */
export interface ReadLayer {
  readonly layer: Layer;
  readonly problems: readonly Problem[];
}

export const readFlags = (flags: Flags): ReadLayer => read(OPTIONS, flagOf, (key) => flags[key]);

/** An empty variable counts as unset. */
export const readEnvironment = (env: Environment): ReadLayer =>
  read(HANDLER_OPTIONS, variableOf, (key) => env[variableOf(key)] || undefined);

function read(
  table: Readonly<Record<string, Option>>,
  from: (key: string) => string,
  textOf: (key: string) => string | undefined,
): ReadLayer {
  const values: Record<string, unknown> = {};
  const problems: Problem[] = [];
  for (const [key, row] of Object.entries(table)) {
    const text = row.text && textOf(key);
    if (!row.text || text === undefined) continue;
    values[key] = row.text.read(text);
    if (!row.ok(values[key])) problems.push(badValue(from(key), row, values[key]));
  }
  return { layer: { from, values }, problems };
}
