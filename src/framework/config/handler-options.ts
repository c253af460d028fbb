import { checkKeys, defined, HANDLER_RULES, type Settings } from './config.js';
import type { HandlerDefinition, HandlerOptions } from '../declare/definition.js';
import { parseDuration } from '../duration.js';
import type { Problem } from '../errors.js';

/** A handler's options with every layer applied. Durations are milliseconds. */
export interface ResolvedOptions {
  readonly concurrency: number;
  readonly pollers: { readonly min: number; readonly max: number };
  readonly heartbeatMs: number | false;
  readonly timeoutMs: number | false;
}

const DEFAULTS = { concurrency: 10, heartbeat: '20s', timeout: false } as const satisfies HandlerOptions;

/**
 * The first layer that sets an option wins: `overrides` (flag or environment), the config's `handlers`, `@Handle`
 * over `@Activity`, the config's top level, the default.
 */
export function resolveOptions(
  { name, options }: HandlerDefinition,
  settings: Settings,
  overrides: HandlerOptions,
): { resolved: ResolvedOptions; problems: Problem[] } {
  const layers = [settings.options, options, settings.handlers[name] ?? {}, overrides].map(defined);
  const merged = layers.reduce<HandlerOptions>((weaker, stronger) => ({ ...weaker, ...stronger }), DEFAULTS);
  const concurrency = merged.concurrency ?? DEFAULTS.concurrency;
  const resolved = {
    concurrency,
    pollers: pollers(merged.pollers, concurrency),
    heartbeatMs: milliseconds(merged.heartbeat),
    timeoutMs: milliseconds(merged.timeout),
  };
  return { resolved, problems: checkKeys(`${name} `, defined(options), HANDLER_RULES) };
}

/** Never more than the slots there are: a poll holds one. */
function pollers(value: HandlerOptions['pollers'], concurrency: number): ResolvedOptions['pollers'] {
  const { min, max } =
    typeof value === 'number' ? { min: value, max: value } : (value ?? { min: 1, max: concurrency });
  return { min: Math.min(min, concurrency), max: Math.min(max, concurrency) };
}

const milliseconds = (value: string | false | undefined): number | false =>
  value ? (parseDuration(value) ?? false) : false;

/** Reads `STEPWRIGHT_CONCURRENCY`, `_POLLERS`, `_HEARTBEAT` and `_TIMEOUT`. A bad value is a problem that names the variable. */
export function environmentOptions(env: Readonly<Record<string, string | undefined>>): {
  options: HandlerOptions;
  problems: Problem[];
} {
  return readOptions((key) => {
    const name = `STEPWRIGHT_${key.toUpperCase()}`;
    return { name, text: env[name] || undefined };
  });
}

/** Reads options from texts: flags, or variables. Each is named in its own way. */
export function readOptions(
  read: (key: keyof HandlerOptions) => { name: string; text: string | undefined },
): {
  options: HandlerOptions;
  problems: Problem[];
} {
  const options: Record<string, unknown> = {};
  const problems: Problem[] = [];
  for (const key of ['concurrency', 'pollers', 'heartbeat', 'timeout'] as const) {
    const { name, text } = read(key);
    if (text === undefined) continue;
    options[key] = parseText(key, text);
    problems.push(...checkKeys('', { [name]: options[key] }, { [name]: HANDLER_RULES[key] }));
  }
  return { options, problems };
}

/** `5`, and for pollers also `1-5`; `false` and `none` for no heartbeat or timeout. */
function parseText(key: keyof HandlerOptions, text: string): unknown {
  if (key === 'heartbeat' || key === 'timeout') return text === 'false' || text === 'none' ? false : text;
  const range = key === 'pollers' ? /^(\d+)-(\d+)$/.exec(text) : null;
  if (range) return { min: Number(range[1]), max: Number(range[2]) };
  return /^\d+$/.test(text) ? Number(text) : text;
}
