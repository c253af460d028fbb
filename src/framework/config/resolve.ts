import type { HandlerDefinition } from '../declare/definition.js';
import { HANDLER_OPTIONS, type HandlerOptions } from '../declare/options.js';
import type { Option } from '../declare/rule.js';
import { parseDuration } from '../duration.js';
import type { Environment } from '../environment.js';
import { throwProblems } from '../errors.js';
import { configProblems } from './check.js';
import { type Config, CONFIG_OPTIONS } from './config.js';
import { readEnvironment, readFlags, type Flags } from './texts.js';

/** Everything that can say an option, but for decorators. */
export interface ConfigSources {
  readonly config: Config;
  readonly env: Environment;
  /** @default none */
  readonly flags?: Flags;
}

/** One place that options were said in. */
export interface Layer {
  /** Its name for people: `--port`, `STEPWRIGHT_PORT`, `@Handle`. */
  readonly from: (key: string) => string;
  readonly values: object;
}

/** A value as it was said, and where. */
export interface Origin {
  readonly value: unknown;
  readonly from: string;
}

/** Where nobody said anything. */
export const BY_DEFAULT = 'default';

/** Options with all layers applied: none without a value that has a default, durations in milliseconds under `…Ms`. */
export type Filled<Values, Rows> = {
  readonly [K in keyof Values & keyof Rows & string as Rows[K] extends { unit: 'ms' } ? `${K}Ms` : K]-?:
    | (Rows[K] extends { unit: 'ms' } ? InMs<Values[K]> : Exclude<Values[K], undefined>)
    | (Rows[K] extends { default: unknown } ? never : undefined);
};
type InMs<Value> = Value extends string ? number : Exclude<Value, undefined>;

/** A config with every default filled in and every value checked. */
export interface Settings extends Filled<Config, typeof CONFIG_OPTIONS> {
  readonly origins: Readonly<Record<keyof typeof CONFIG_OPTIONS, Origin>>;
  /** What was said of all handlers: over each handler's own options, and below them. */
  readonly ofAllHandlers: { readonly over: readonly Layer[]; readonly below: Layer };
}

/** A handler's options with every layer applied. */
export interface ResolvedOptions extends Omit<Filled<HandlerOptions, typeof HANDLER_OPTIONS>, 'pollers'> {
  readonly pollers: { readonly min: number; readonly max: number };
}

/**
 * Checks everything that was set, and fills it: the flag wins over the environment, that over the config.
 * @throws StartError with all that is wrong with it.
 */
export function resolveConfig({ config, env, flags = {} }: ConfigSources): Settings {
  const typed = readFlags(flags);
  const variables = readEnvironment(env);
  throwProblems([...typed.problems, ...variables.problems, ...configProblems(config)]);
  const over = [typed.layer, variables.layer];
  const below: Layer = { from: () => 'the config', values: config };
  const { values, origins } = fill<Config, typeof CONFIG_OPTIONS>(CONFIG_OPTIONS, [...over, below]);
  return Object.freeze({ ...values, origins, ofAllHandlers: { over, below } });
}

/**
 * The first layer that sets an option wins: flag, environment, the config's `handlers`, `@Handle`, `@Activity`, the
 * config's top level, the default.
 */
export function resolveHandler(
  { name, options: declared }: HandlerDefinition,
  { handlers, ofAllHandlers: { over, below } }: Settings,
): { options: ResolvedOptions; origins: Readonly<Record<keyof HandlerOptions, Origin>> } {
  const { values, origins } = fill<HandlerOptions, typeof HANDLER_OPTIONS>(HANDLER_OPTIONS, [
    ...over,
    { from: () => `handlers['${name}']`, values: (Object.hasOwn(handlers, name) && handlers[name]) || {} },
    { from: () => '@Handle', values: declared.handle },
    { from: () => '@Activity', values: declared.activity },
    below,
  ]);
  const { pollers, ...rest } = values;
  return { options: { ...rest, pollers: pollersWithin(rest.concurrency, pollers) }, origins };
}

/** Never more than the slots there are: a poll holds one. */
function pollersWithin(concurrency: number, value: HandlerOptions['pollers']): ResolvedOptions['pollers'] {
  const { min, max } = typeof value === 'object' ? value : { min: value ?? 1, max: value ?? concurrency };
  return { min: Math.min(min, concurrency), max: Math.min(max, concurrency) };
}

/** Takes each option of a table from the first layer that sets it, strongest first. */
function fill<Values, Rows extends object>(
  table: Rows,
  layers: readonly Layer[],
): { values: Filled<Values, Rows>; origins: Readonly<Record<keyof Rows, Origin>> } {
  const values: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  for (const [key, row] of Object.entries<Option>(table as Record<string, Option>)) {
    const layer = layers.find((each) => said(each, key) !== undefined);
    const value = layer ? said(layer, key) : row.default;
    origins[key] = { value, from: layer?.from(key) ?? BY_DEFAULT };
    if (row.unit === 'ms') values[`${key}Ms`] = parseDuration(value) ?? value;
    else values[key] = value;
  }
  return { values: values as Filled<Values, Rows>, origins: origins as Record<keyof Rows, Origin> };
}

const said = ({ values }: Layer, key: string): unknown =>
  Object.hasOwn(values, key) ? Reflect.get(values, key) : undefined;
