import { hostname } from 'node:os';
import { closest } from 'fastest-levenshtein';
import type { DependencyContainer } from 'tsyringe';
import type { Constructor, HandlerOptions } from '../declare/definition.js';
import type { Interceptor } from '../declare/interceptor.js';
import { DURATION_EXPECTED, parseDuration } from '../duration.js';
import { type Problem, show, throwProblems } from '../errors.js';
import type { Mocks } from '../local/index.js';
import type { SdkSettings } from '../service/sdk/aws-client.js';

/** What `nest-style.config.ts` may say. All of it is optional. */
export interface Config extends HandlerOptions {
  /** Activity classes, globs of compiled files relative to the compiled config, or both. @default ['./src/activities/**' + '/*.activity.js'] */
  activities?: readonly (Constructor | string)[];
  /** Globs of ASL files that the local service is seeded with, relative to the nearest package.json. @default ['state-machines/*.asl.json'] */
  machines?: readonly string[];
  /** `'local'`, `'aws'` or a URL. `--endpoint`, `AWS_ENDPOINT_URL_SFN` and `AWS_ENDPOINT_URL` win over it. @default 'local' */
  endpoint?: string;
  /** The local service's port. @default 8083 */
  port?: number;
  /** For calls that name no ARN. @default the AWS SDK's own */
  region?: string;
  /** Settings passed through to the AWS SDK's clients: proxy, FIPS, an assumed role. @default {} */
  sdk?: SdkSettings;
  /** Whether activities declared by a bare name are created at AWS. At a loopback endpoint they always are. @default false */
  createActivities?: boolean;
  /** Registers providers in the worker's own container. */
  setup?: (container: DependencyContainer) => void | Promise<void>;
  /** Wrap every handler, outermost first. @default [] */
  interceptors?: readonly Constructor<Interceptor>[];
  /** How long a result is offered when the service does not take it. @default '15m' */
  reportLimit?: string;
  /** How long running tasks may go on after a stop. @default '60s' */
  grace?: string;
  /** Whether a task that still arrives during a drain is run, or failed at once for a Retry to match. @default 'run' */
  drain?: 'run' | 'fail';
  /** Heartbeats a second of the whole worker, at most; beyond it the intervals stretch. @default 250 */
  heartbeatRate?: number;
  /** The local service's answers for resources that are not activities: by ARN, or by `Machine.State`. @default {} */
  mocks?: Mocks;
  /** Serves `/live` and `/ready`. @default none */
  healthPort?: number;
  /** At most 80 characters; shown in the execution's history. @default hostname-pid-random */
  workerName?: string;
  /** Overrides by `'Class.method'`. @default {} */
  handlers?: Record<string, HandlerOptions>;
}

/** Types a config, and nothing more: it is checked when a worker is made of it. */
export const defineConfig = (config: Config): Config => config;

/** A config with every default filled in and every value checked. Durations are milliseconds. */
export interface Settings {
  readonly activities: readonly (Constructor | string)[];
  /** Whether `activities` is the default, which may match nothing. */
  readonly activitiesDefaulted: boolean;
  readonly machines: readonly string[];
  readonly machinesDefaulted: boolean;
  readonly endpoint: string | undefined;
  readonly port: number;
  readonly region: string | undefined;
  readonly sdk: SdkSettings;
  readonly createActivities: boolean;
  readonly setup: ((container: DependencyContainer) => void | Promise<void>) | undefined;
  readonly interceptors: readonly Constructor<Interceptor>[];
  readonly reportLimitMs: number;
  readonly graceMs: number;
  readonly drain: 'run' | 'fail';
  readonly heartbeatRate: number;
  readonly mocks: Mocks;
  readonly healthPort: number | undefined;
  readonly workerName: string;
  /** The config's own handler options, weakest first: its top level, then by handler. */
  readonly options: HandlerOptions;
  readonly handlers: Readonly<Record<string, HandlerOptions>>;
}

/** What a value must be, and how to say so. */
export interface Rule {
  readonly expected: string;
  readonly ok: (value: unknown) => boolean;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 1;
const listOf = (ok: (item: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every(ok);
const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isClass = (value: unknown): boolean => typeof value === 'function';
const isPort = (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535;
const duration: Rule = { expected: DURATION_EXPECTED, ok: (value) => parseDuration(value) !== undefined };
const positiveDuration = (value: unknown): boolean => (parseDuration(value) ?? 0) > 0;
const record: Rule = { expected: 'an object', ok: isRecord };
/** What a port must be, in the config and on the command line. */
export const PORT_RULE: Rule = { expected: 'a port number from 0 to 65535', ok: isPort };

/** Rules of what `@Handle`, `@Activity`, the config and its `handlers` may say alike. */
export const HANDLER_RULES: Record<keyof HandlerOptions, Rule> = {
  concurrency: { expected: 'a whole number from 1 up', ok: isCount },
  pollers: { expected: 'a whole number from 1 up, or { min, max } with 1 <= min <= max', ok: isPollers },
  heartbeat: {
    expected: `${DURATION_EXPECTED}, or false for none`,
    ok: (value) => value === false || positiveDuration(value),
  },
  timeout: {
    expected: `${DURATION_EXPECTED}, or false for none`,
    ok: (value) => value === false || positiveDuration(value),
  },
};

function isEndpoint(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  return (
    value === 'local' || value === 'aws' || (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol))
  );
}

function isPollers(value: unknown): boolean {
  if (!isRecord(value)) return isCount(value);
  const { min, max, ...rest } = value;
  return isCount(min) && isCount(max) && Number(min) <= Number(max) && Object.keys(rest).length === 0;
}

const RULES: Record<keyof Config, Rule> = {
  ...HANDLER_RULES,
  activities: {
    expected: 'a list of classes and globs',
    ok: listOf((item) => isText(item) || isClass(item)),
  },
  machines: { expected: 'a list of globs', ok: listOf(isText) },
  endpoint: { expected: "'local', 'aws' or an http(s) URL", ok: isEndpoint },
  port: PORT_RULE,
  region: {
    expected: "a region such as 'eu-west-1'",
    ok: (value) => typeof value === 'string' && /^[a-z]{2,}(-[a-z]+)+-\d+$/.test(value),
  },
  sdk: record,
  createActivities: { expected: 'true or false', ok: (value) => typeof value === 'boolean' },
  setup: { expected: 'a function that is given the container', ok: (value) => typeof value === 'function' },
  interceptors: { expected: 'a list of classes', ok: listOf(isClass) },
  reportLimit: duration,
  grace: duration,
  drain: { expected: "'run' or 'fail'", ok: (value) => value === 'run' || value === 'fail' },
  heartbeatRate: {
    expected: 'a number of heartbeats a second, above 0',
    ok: (value) => typeof value === 'number' && value > 0 && Number.isFinite(value),
  },
  mocks: record,
  healthPort: PORT_RULE,
  workerName: {
    expected: 'a text of 1 to 80 characters',
    ok: (value) => typeof value === 'string' && value.length >= 1 && value.length <= 80,
  },
  handlers: record,
};

const DEFAULTS = {
  activities: ['./src/activities/**/*.activity.js'],
  machines: ['state-machines/*.asl.json'],
  port: 8083,
  reportLimit: '15m',
  grace: '60s',
  drain: 'run',
  heartbeatRate: 250,
} as const satisfies Config;

/** Checks a config and fills it. @throws StartError with everything that is wrong. */
export function resolveConfig(config: Config, random: () => number): Settings {
  throwProblems(configProblems(config));
  const filled = { ...DEFAULTS, ...defined(config) };
  return Object.freeze({
    activities: filled.activities,
    activitiesDefaulted: config.activities === undefined,
    machines: filled.machines,
    machinesDefaulted: config.machines === undefined,
    endpoint: config.endpoint,
    port: filled.port,
    region: config.region,
    sdk: config.sdk ?? {},
    createActivities: config.createActivities ?? false,
    setup: config.setup,
    interceptors: config.interceptors ?? [],
    reportLimitMs: milliseconds(filled.reportLimit),
    graceMs: milliseconds(filled.grace),
    drain: filled.drain,
    heartbeatRate: filled.heartbeatRate,
    mocks: config.mocks ?? {},
    healthPort: config.healthPort,
    workerName: config.workerName ?? defaultWorkerName(random),
    options: pickOptions(config),
    handlers: config.handlers ?? {},
  });
}

/** Everything that is wrong with a config by itself. */
export function configProblems(config: unknown): Problem[] {
  if (!isRecord(config)) {
    return [
      {
        code: 'CONFIG_BAD_VALUE',
        where: 'the config',
        what: `expected an object, got ${show(config)}`,
        fix: 'export it with `export default defineConfig({ … })`',
      },
    ];
  }
  const overrides = isRecord(config['handlers']) ? Object.entries(config['handlers']) : [];
  return [
    ...checkKeys('', config, RULES),
    ...sdkProblems(config['sdk']),
    ...overrides.flatMap(([name, options]) =>
      isRecord(options)
        ? checkKeys(`handlers['${name}'].`, options, HANDLER_RULES)
        : [badValue(`handlers['${name}']`, record, options)],
    ),
  ];
}

/** What the SDK must not be told behind our back: each has one place, or would hide lost tokens (retries). */
const NOT_FOR_SDK: Readonly<Record<string, string>> = {
  endpoint: 'set `endpoint` at the top level',
  region: 'set `region` at the top level, or declare whole ARNs',
  maxAttempts: 'leave it out: a worker retries by itself, in the open',
  retryMode: 'leave it out: a worker retries by itself, in the open',
  retryStrategy: 'leave it out: a worker retries by itself, in the open',
};

function sdkProblems(sdk: unknown): Problem[] {
  if (!isRecord(sdk)) return [];
  return Object.keys(sdk).flatMap((key) => {
    const fix = Object.hasOwn(NOT_FOR_SDK, key) ? NOT_FOR_SDK[key] : undefined;
    return fix
      ? [{ code: 'CONFIG_BAD_VALUE' as const, where: `sdk.${key}`, what: 'it is not passed through', fix }]
      : [];
  });
}

/** Checks an object against its rules, key by key: unknown ones are named with their nearest neighbour. */
export function checkKeys(prefix: string, values: object, rules: Readonly<Record<string, Rule>>): Problem[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
    if (!rule) return [unknownKey(prefix, key, Object.keys(rules))];
    return value === undefined || rule.ok(value) ? [] : [badValue(prefix + key, rule, value)];
  });
}

const badValue = (where: string, { expected }: Rule, value: unknown): Problem => ({
  code: 'CONFIG_BAD_VALUE',
  where,
  what: `expected ${expected}, got ${show(value)}`,
  fix: `set ${where} to ${expected}`,
});

const unknownKey = (prefix: string, key: string, known: string[]): Problem => ({
  code: 'CONFIG_UNKNOWN_KEY',
  where: prefix + key,
  what: 'there is no such key',
  fix: `did you mean '${closest(key, known)}'? The keys are ${known.join(', ')}`,
});

function milliseconds(text: string): number {
  return parseDuration(text) ?? Number.NaN;
}

function pickOptions(config: HandlerOptions): HandlerOptions {
  const { concurrency, pollers, heartbeat, timeout } = config;
  return defined({ concurrency, pollers, heartbeat, timeout });
}

/** Without the keys that are set to undefined: they mean the same as absent ones. */
export function defined<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

function defaultWorkerName(random: () => number): string {
  const suffix = `-${process.pid}-${Math.floor(random() * 36 ** 4)
    .toString(36)
    .padStart(4, '0')}`;
  return hostname().slice(0, 80 - suffix.length) + suffix;
}
