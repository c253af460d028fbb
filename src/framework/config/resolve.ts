import { availableParallelism } from 'node:os';
import { type HandlerDefinition, methodName } from '../declare/definition.js';
import { HANDLER_OPTIONS, type HandlerOptions } from '../declare/handler-options.js';
import { checkAgainst, type Option } from '../declare/option-rules.js';
import { parseDuration } from '../base/time/duration.js';
import { type Problem, throwProblems } from '../base/errors.js';
import { isPlainObject } from '../base/json.js';
import { show } from '../base/show.js';
import {
  type ByHandler,
  type Flags,
  type Layer,
  mistakesIn,
  readEnvironment,
  readFlags,
  readHandlerFlags,
  readHandlers,
  readHandlersVariable,
} from './sources.js';
import { type Config, CONFIG_OPTIONS, OPTIONS, type PoolSettings } from './config.js';

/** The sources of options. Options of handlers can also be set in decorators. */
export interface ConfigSources {
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
  readonly flags?: Flags;
}

export interface Origin {
  readonly value: unknown;
  /** `--port`, `STEPWRIGHT_PORT`, `@Handle`, `the config`, or {@link BY_DEFAULT}. */
  readonly from: string;
}

/** The value of {@link Origin.from} if no source sets the option. */
export const BY_DEFAULT = 'default';

/**
 * The values of a table's options after all sources were read. An option with a default always has a value. A duration
 * is given in milliseconds, and its name ends with `Ms`.
 */
export type Filled<Values, Rows> = {
  readonly [K in keyof Values & keyof Rows & string as Rows[K] extends { unit: 'ms' } ? `${K}Ms` : K]-?:
    | (Rows[K] extends { unit: 'ms' } ? InMs<Values[K]> : Exclude<Values[K], undefined>)
    | (Rows[K] extends { default: unknown } ? never : undefined);
};
type InMs<Value> = Value extends string ? number : Exclude<Value, undefined>;

/** A config to which all defaults were added, and whose values are all valid. */
export interface Settings extends Filled<Config, typeof CONFIG_OPTIONS> {
  readonly origins: Readonly<Record<keyof typeof CONFIG_OPTIONS, Origin>>;
  /**
   * The options of handlers from all sources except decorators, in four groups. Within a group, an earlier source wins
   * over a later one.
   */
  readonly ofHandlers: {
    /** Options of individual handlers, from `--handler` and `STEPWRIGHT_HANDLERS`; they win over `all`. */
    readonly single: readonly ByHandler[];
    /** Options of all handlers, from flags and variables; they win over the group `config`. */
    readonly all: readonly Layer[];
    /** Options of individual handlers, from the config's `handlers`; they win over the decorators. */
    readonly config: ByHandler;
    /** Options of all handlers, from the config's top level. The decorators win over them. */
    readonly top: Layer;
  };
}

/** The options of one handler after all sources were read. */
export interface ResolvedOptions extends Omit<Filled<HandlerOptions, typeof HANDLER_OPTIONS>, 'pollers'> {
  readonly pollers: { readonly min: number; readonly max: number };
  /**
   * The most threads or processes in the handler's pool. `concurrency` is never larger. Undefined if the handler runs
   * on the main thread.
   */
  readonly poolSize: number | undefined;
}

/** The options of one handler, and the source that set each of them. */
export interface ResolvedHandler {
  readonly options: ResolvedOptions;
  readonly origins: Readonly<Record<keyof HandlerOptions, Origin>>;
  /**
   * Present if `concurrency` was reduced to the size of the handler's pool. `wanted` is the value that was set, and
   * `from` is the source that set it. `inherited` is true if the value was set for all handlers, not for this one.
   */
  readonly cut?: { readonly wanted: number; readonly from: string; readonly inherited: boolean };
}

const NO_FLAGS: Flags = { texts: {}, handlers: [] };

/**
 * Checks every option that is set, and fills in the defaults. A flag wins over an environment variable, and a variable
 * wins over the config.
 * @throws StartError with every mistake
 */
export function resolveConfig({ config, env, flags = NO_FLAGS }: ConfigSources): Settings {
  const all = [readFlags(flags), readEnvironment(env)];
  const single = [readHandlerFlags(flags.handlers), readHandlersVariable(env)];
  const inConfig = readHandlers(isPlainObject(config) ? config.handlers : {});
  const texts = [...single, ...all].flatMap(({ problems }) => problems);
  throwProblems([...texts, ...configProblems(config), ...inConfig.problems]);
  const top: Layer = { from: () => 'the config', values: config };
  const ofHandlers = {
    single: single.map(({ options }) => options),
    all: all.map(({ options }) => options),
    config: inConfig.options,
    top,
  };
  const filled = fill<Config, typeof CONFIG_OPTIONS>(CONFIG_OPTIONS, [...ofHandlers.all, top]);
  return Object.freeze({ ...filled.values, origins: filled.origins, ofHandlers });
}

function configProblems(config: unknown): Problem[] {
  if (isPlainObject(config)) return checkAgainst(OPTIONS, config, mistakesIn(''));
  return [
    {
      code: 'CONFIG_BAD_VALUE',
      where: 'the config',
      what: `expected an object, got ${show(config)}`,
      fix: 'export it: `export default defineConfig({});`',
    },
  ];
}

/**
 * Resolves the options of a handler. An option's value comes from the first of these sources that sets it: `--handler`,
 * `STEPWRIGHT_HANDLERS`, the option's flag, its variable, the config's `handlers`, `@Handle`, `@Activity`, the config's
 * top level, the default.
 */
export function resolveHandler(
  definition: HandlerDefinition,
  { ofHandlers, pool }: Settings,
): ResolvedHandler {
  const layers = layersOf(definition, ofHandlers);
  const { values, origins } = fill<HandlerOptions, typeof HANDLER_OPTIONS>(HANDLER_OPTIONS, layers);
  const poolSize = sizeOf(pool, values.run);
  const concurrency = Math.min(values.concurrency, poolSize ?? Infinity);
  const pollers = pollersWithin(concurrency, values.pollers);
  const { from } = origins.concurrency;
  const inherited = [...ofHandlers.all, ofHandlers.top].some((layer) => layer.from('concurrency') === from);
  return {
    options: { ...values, concurrency, pollers, poolSize },
    origins: {
      ...origins,
      concurrency: { value: concurrency, from },
      pollers: { ...origins.pollers, value: pollers },
    },
    ...(concurrency < values.concurrency &&
      from !== BY_DEFAULT && { cut: { from, inherited, wanted: values.concurrency } }),
  };
}

/** Returns the sources of a handler's options. A source wins over those after it. */
function layersOf(
  definition: HandlerDefinition,
  { single, all, config, top }: Settings['ofHandlers'],
): Layer[] {
  // What names one handler of a method wins over what names them all.
  const names = [...new Set([definition.name, methodName(definition)])];
  const layersIn = (each: ByHandler): Layer[] => names.map((name) => layerOf(name, each));
  return [
    ...single.flatMap(layersIn),
    ...all,
    ...layersIn(config),
    { from: () => '@Handle', values: definition.options.handle },
    { from: () => '@Activity', values: definition.options.activity },
    top,
  ];
}

/**
 * Returns the most threads or processes in a handler's pool, each of which works on one task at a time; undefined if
 * the handler runs on the main thread.
 */
function sizeOf({ threads, processes }: PoolSettings, run: HandlerOptions['run']): number | undefined {
  if (run === 'thread') return threads ?? availableParallelism();
  return run === 'process' ? (processes ?? availableParallelism()) : undefined;
}

const layerOf = (handler: string, { from, values }: ByHandler): Layer => ({
  from: () => from(handler),
  values: (Object.hasOwn(values, handler) && values[handler]) || {},
});

/** Limits the number of polls to `concurrency`, since each open poll may bring a task. */
function pollersWithin(concurrency: number, value: HandlerOptions['pollers']): ResolvedOptions['pollers'] {
  const { min, max } = typeof value === 'object' ? value : { min: value ?? 1, max: value ?? concurrency };
  return { min: Math.min(min, concurrency), max: Math.min(max, concurrency) };
}

/** Takes the value of each option from the first layer that sets it, or else the default. */
function fill<Values, Rows extends object>(
  table: Rows,
  layers: readonly Layer[],
): { values: Filled<Values, Rows>; origins: Readonly<Record<keyof Rows, Origin>> } {
  const values: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  for (const [key, row] of Object.entries<Option>(table as Record<string, Option>)) {
    const layer = layers.find((each) => valueIn(each, key) !== undefined);
    const value = layer ? valueIn(layer, key) : row.default;
    origins[key] = { value, from: layer?.from(key) ?? BY_DEFAULT };
    if (row.unit === 'ms') values[`${key}Ms`] = parseDuration(value) ?? value;
    else values[key] = value;
  }
  return { values: values as Filled<Values, Rows>, origins: origins as Record<keyof Rows, Origin> };
}

const valueIn = ({ values }: Layer, key: string): unknown =>
  Object.hasOwn(values, key) ? Reflect.get(values, key) : undefined;
