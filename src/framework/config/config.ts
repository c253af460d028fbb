import type { DependencyContainer } from 'tsyringe';
import type { Constructor } from '../declare/class.js';
import type { Interceptor } from '../declare/interceptor.js';
import { HANDLER_OPTIONS, type HandlerOptions, INTERCEPTORS } from '../declare/options.js';
import {
  duration,
  durationOrFalse,
  flag,
  isCount,
  isFunction,
  isText,
  listOf,
  MOST_AT_ONCE,
  oneOf,
  plainText,
  positiveDuration,
  readDigits,
  record,
  type Rule,
  type Table,
} from '../declare/rule.js';
import { isPlainObject } from '../base/plain-object.js';
import type { Mocks } from '../local/index.js';
import { isPort, readAddress } from './address.js';
import type { Observer } from '../worker/observe/observer.js';
import type { SdkSettings } from '../aws/sdk/settings.js';

/**
 * The size of the pool that each handler with `run: 'thread'` or `'process'` has, and the life of the threads and
 * processes.
 */
export interface PoolSettings {
  /** The most threads of one handler. Each works on one task at a time. @default the number of cores */
  threads?: number;
  /** The most processes of one handler. Each works on one task at a time. @default the number of cores */
  processes?: number;
  /** Replaces a thread or process that holds more megabytes than this when a task in it has ended. @default never */
  memoryMb?: number;
  /** Replaces a thread or process after this many tasks. @default never */
  recycleAfter?: number;
}

/** The fields that carry a trace, such as `traceparent`, by name. */
export type Carrier = Readonly<Record<string, unknown>>;

/**
 * Returns the fields in a task's input that carry a trace; undefined where there are none. The input is parsed but not
 * validated yet.
 */
export type ReadCarrier = (input: unknown) => Carrier | undefined;

/**
 * Finds the trace that a task's input carries. The task's span is then linked to that trace; with `as: 'parent'` the
 * span is part of it.
 */
export type TraceContext = ReadCarrier | { readonly read: ReadCarrier; readonly as: 'link' | 'parent' };

/** The options of `nest-style.config.ts`. All of them are optional. */
export interface Config extends HandlerOptions {
  /**
   * Activity classes, globs of compiled files relative to the compiled config, or both.
   * @default ['./src/activities/**' + '/*.activity.js']
   */
  activities?: readonly (Constructor | string)[];
  /**
   * Globs of ASL files, relative to the nearest package.json. The local service starts with these machines.
   * @default ['state-machines/*.asl.json']
   */
  machines?: readonly string[];
  /**
   * The endpoint of Step Functions: `'local'`, `'aws'` or a URL. `--endpoint`, `AWS_ENDPOINT_URL_SFN` and
   * `AWS_ENDPOINT_URL` win over it.
   * @default 'local'
   */
  endpoint?: string;
  /** The port of the local service. @default 8083 */
  port?: number;
  /** The region of calls that name no ARN. @default the AWS SDK's own */
  region?: string;
  /** Settings for the AWS SDK's clients, such as a proxy, FIPS or an assumed role. @default {} */
  sdk?: SdkSettings;
  /**
   * The path of polls, reports and heartbeats. `'lean'` costs a fraction of the SDK's path, and honours what the SDK
   * resolves from its settings; where it can't honour one, the worker takes the SDK's path and logs that. `'sdk'` is
   * always the SDK's path.
   * @default 'lean'
   */
  calls?: 'lean' | 'sdk';
  /**
   * Creates missing activities that are declared by a bare name. At a loopback endpoint they are always created.
   * @default false
   */
  createActivities?: boolean;
  /** Registers providers in the worker's own container, and in that of each thread or process of a pool. @default none */
  setup?: (container: DependencyContainer) => void | Promise<void>;
  /** Interceptors around every handler, the outermost first. @default [] */
  interceptors?: readonly Constructor<Interceptor>[];
  /** The time for which the report of a result is repeated while the service does not accept it. @default '15m' */
  reportLimit?: string;
  /** The time that running tasks have to end after a stop of the worker. @default '60s' */
  grace?: string;
  /**
   * Runs a task that still arrives during a drain, or fails it at once, so that a Retry can match the failure. @default
   * 'run'
   */
  drain?: 'run' | 'fail';
  /**
   * The pools of handlers that run in threads or processes.
   * @default as many threads or processes as the machine has cores
   */
  pool?: PoolSettings;
  /** The most heartbeats that the whole worker sends a second. Beyond that the intervals stretch. @default 250 */
  heartbeatRate?: number;
  /** Answers of the local service for resources that are no activities, by ARN or by `Machine.State`. @default {} */
  mocks?: Mocks;
  /**
   * Serves `/live`, `/ready`, `/metrics`, `/status` and a status page: `8080` is open to this machine alone,
   * `'0.0.0.0:8080'` to all interfaces.
   * @default none
   */
  healthPort?: number | string;
  /**
   * Names that the health port is called by, beside its addresses and names without a domain: `'worker.example.com'`, or
   * `'*.example.com'` for all below a domain. A request for another name is refused: a web page could have sent it.
   * @default []
   */
  healthHosts?: readonly string[];
  /**
   * Classes that listen to the worker's events and read its status. The container makes an instance of each. @default
   * []
   */
  observe?: readonly Constructor<Observer>[];
  /** Finds the trace that a task's input carries, for the task's span of OpenTelemetry. @default none */
  traceContext?: TraceContext;
  /**
   * The time for which an event loop may be blocked before the worker sends no more heartbeats, so that the service
   * gives the worker's tasks to others. Heartbeats are sent again when the loop turns. `false`: no limit.
   * @default '10m'
   */
  stallAfter?: string | false;
  /** The worker's name in execution histories, at most 80 characters. @default hostname-pid-random */
  workerName?: string;
  /** Options of single handlers, by `'Class.method'`. @default {} */
  handlers?: Record<string, HandlerOptions>;
}

/** Returns the config unchanged, with its type checked. The values are checked when a worker is made of the config. */
export const defineConfig = (config: Config): Config => config;

/**
 * Returns the default export of a module. For a module that was compiled to CommonJS, `import` gives an object of all
 * exports as the default; the default export is in that object.
 */
export function defaultExport(module: unknown): unknown {
  const exported = (module as { default?: unknown }).default;
  const isWrapped = typeof exported === 'object' && exported !== null && '__esModule' in exported;
  return isWrapped && 'default' in exported ? exported.default : exported;
}

/** The form of globs in a flag or a variable: one glob, or a JSON list of globs, since a glob may hold commas. */
const globs = {
  shown: 'glob',
  read: (given: string): unknown => (given.startsWith('[') ? readJson(given, [given]) : [given]),
};

/** Parses a text as JSON. @param otherwise returned for a text that is no JSON */
function readJson(given: string, otherwise: unknown = given): unknown {
  try {
    return JSON.parse(given);
  } catch {
    return otherwise;
  }
}

const port: Rule = {
  expected: 'a port number from 0 to 65535',
  ok: isPort,
  text: { shown: 'N', read: readDigits },
};

const address: Rule = {
  expected: "a port number from 0 to 65535, or 'HOST:PORT'",
  ok: (value) => readAddress(value) !== undefined,
  text: { shown: '[HOST:]PORT', read: readDigits },
};

const hostNames = {
  ...listOf("names such as 'worker.example.com' or '*.example.com'", isHostName),
  text: { shown: 'NAME,…', read: (given: string): unknown => given.split(',') },
};

function isHostName(value: unknown): boolean {
  return typeof value === 'string' && /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i.test(value);
}

const endpoint: Rule = {
  expected: "'local', 'aws' or an http(s) URL",
  fix: "write a URL such as 'http://127.0.0.1:8083', or 'local', or 'aws'",
  ok(value) {
    if (typeof value !== 'string') return false;
    if (value === 'local' || value === 'aws') return true;
    return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
  },
};

const region: Rule = {
  expected: "a region such as 'eu-west-1'",
  ok: (value) => typeof value === 'string' && /^[a-z]{2,}(-[a-z]+)+-\d+$/.test(value),
  text: { ...plainText, shown: 'name' },
};

const rate: Rule = {
  // With fewer than one a second not even a few tasks would keep their leases.
  expected: 'a number of heartbeats a second, from 1 up',
  ok: (value) => typeof value === 'number' && value >= 1 && Number.isFinite(value),
  text: { shown: 'N', read: (given) => (/^\d+(\.\d+)?$/.test(given) ? Number(given) : given) },
};

const POOL_KEYS = [
  'threads',
  'processes',
  'memoryMb',
  'recycleAfter',
] as const satisfies (keyof PoolSettings)[];

const pool: Rule = {
  expected: `an object of ${POOL_KEYS.join(', ')}, each a whole number from 1 to ${MOST_AT_ONCE}`,
  ok: (value) =>
    isPlainObject(value) &&
    Object.entries(value).every(
      ([key, each]) => POOL_KEYS.some((known) => known === key) && (each === undefined || isCount(each)),
    ),
  text: { shown: 'JSON', read: (given) => readJson(given) },
};

const workerName: Rule = {
  expected: 'a text of 1 to 80 characters',
  ok: (value) => typeof value === 'string' && value.length >= 1 && value.length <= 80,
  text: plainText,
};

const observe = {
  ...listOf('classes with an observe(worker) method', isObserver),
  fix: 'give each class itself, not an instance: the container makes it',
};

function isObserver(value: unknown): boolean {
  if (typeof value !== 'function') return false;
  const { prototype } = value as { prototype?: { observe?: unknown } };
  return typeof prototype?.observe === 'function';
}

const traceContext: Rule = {
  expected: "a function (input) => carrier, or { read, as: 'link' | 'parent' }",
  ok(value) {
    if (!isPlainObject(value)) return typeof value === 'function';
    const { read, as, ...rest } = value;
    const known = as === 'link' || as === 'parent';
    return typeof read === 'function' && known && Object.keys(rest).length === 0;
  },
};

const setup: Rule = { expected: 'a function that is given the container', ok: isFunction };

/** The rows of the options that only the config's top level has. */
export const CONFIG_OPTIONS = {
  activities: {
    ...listOf('classes and globs', (item) => isText(item) || isFunction(item)),
    text: globs,
    default: ['./src/activities/**/*.activity.js'],
    help: 'classes, and globs of compiled files',
  },
  machines: {
    ...listOf('globs', isText),
    text: globs,
    default: ['state-machines/*.asl.json'],
    help: 'state machines that the local service is seeded with',
  },
  endpoint: { ...endpoint, unset: 'local', help: 'where Step Functions is' },
  port: { ...port, default: 8083, help: 'port of the local service' },
  region: { ...region, unset: "the AWS SDK's own", help: 'for calls that name no ARN' },
  sdk: { ...record, default: {}, keysOnly: true, help: "settings of the AWS SDK's client" },
  calls: {
    ...oneOf('lean', 'sdk'),
    default: 'lean',
    ofWorker: true,
    help: 'how polls, reports and heartbeats are made',
  },
  createActivities: {
    ...flag,
    default: false,
    ofWorker: true,
    help: 'create activities declared by a bare name',
  },
  setup: { ...setup, unset: 'none', help: 'registers providers' },
  interceptors: INTERCEPTORS,
  reportLimit: { ...positiveDuration, default: '15m', ofWorker: true, help: 'how long a result is offered' },
  grace: {
    ...duration,
    default: '60s',
    ofWorker: true,
    help: 'how long running tasks may go on after a stop',
  },
  drain: {
    ...oneOf('run', 'fail'),
    default: 'run',
    ofWorker: true,
    help: 'what becomes of tasks that still arrive',
  },
  pool: { ...pool, default: {}, ofWorker: true, help: 'threads and processes, per handler that runs there' },
  heartbeatRate: { ...rate, default: 250, ofWorker: true, help: 'heartbeats a second, per worker, at most' },
  mocks: { ...record, default: {}, keysOnly: true, help: "the local service's answers for other resources" },
  healthPort: { ...address, unset: 'none', ofWorker: true, help: 'serve probes, metrics and the status' },
  healthHosts: { ...hostNames, default: [], ofWorker: true, help: 'names that the health port is called by' },
  observe: { ...observe, default: [], help: 'classes that listen to the worker' },
  traceContext: { ...traceContext, unset: 'none', help: "where a task's input carries a trace" },
  stallAfter: {
    ...durationOrFalse,
    default: '10m',
    ofWorker: true,
    help: 'how long a blocked event loop is believed',
  },
  workerName: {
    ...workerName,
    unset: 'hostname-pid-random',
    ofWorker: true,
    help: "shown in the execution's history",
  },
  handlers: { ...record, default: {}, help: "options by 'Class.method'" },
} as const satisfies Table<Omit<Config, keyof HandlerOptions>>;

/** The rows of every option of a config. Flags, variables, checks, defaults and help derive from them. */
export const OPTIONS = { ...CONFIG_OPTIONS, ...HANDLER_OPTIONS } as const satisfies Table<Config>;
