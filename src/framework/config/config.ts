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
import { readAddress } from './address.js';
import type { Observer } from '../worker/observe/observer.js';
import type { SdkSettings } from '../aws/sdk/settings.js';

/** The pool of each handler with `run: 'thread'` or `'process'`. */
export interface PoolSettings {
  /** Threads of one handler, at most: one for each task at once. @default as many as cores */
  threads?: number;
  /** Processes of one handler, at most. @default as many as cores */
  processes?: number;
  /** One that holds more megabytes when its task has ended is replaced. @default never */
  memoryMb?: number;
  /** One is replaced after so many tasks. @default never */
  recycleAfter?: number;
}

/** The fields that carry a trace, such as `traceparent`, by name. */
export type Carrier = Readonly<Record<string, unknown>>;

/** Finds the trace in a task's input, which is parsed but not validated yet. */
export type ReadCarrier = (input: unknown) => Carrier | undefined;

/**
 * Finds the trace that a task's input carries. The task's span is linked to it; with `as: 'parent'` the span is part
 * of that trace.
 */
export type TraceContext = ReadCarrier | { readonly read: ReadCarrier; readonly as: 'link' | 'parent' };

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
  /**
   * How the calls of the loop are made: `'lean'` by a path that is a fraction of the SDK's in cost, with all that the SDK
   * makes of its settings; where it can't honour one, by the SDK, and says so. `'sdk'`: always by the SDK. @default 'lean'
   */
  calls?: 'lean' | 'sdk';
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
  /** The threads or processes of each handler that runs there. @default as many as the machine has cores */
  pool?: PoolSettings;
  /** Heartbeats a second of the whole worker, at most; beyond it the intervals stretch. @default 250 */
  heartbeatRate?: number;
  /** The local service's answers for resources that are not activities: by ARN, or by `Machine.State`. @default {} */
  mocks?: Mocks;
  /**
   * Serves `/live`, `/ready`, `/metrics`, `/status` and a status page: `8080` on this machine alone, `'0.0.0.0:8080'` on all
   * interfaces. @default none
   */
  healthPort?: number | string;
  /** Classes that listen to the worker: events, status. @default [] */
  observe?: readonly Constructor<Observer>[];
  /** Where a task's input carries a trace, for spans of OpenTelemetry: linked to the task's. @default none */
  traceContext?: TraceContext;
  /**
   * How long a blocked event loop is believed; past it no heartbeat is sent until it turns again, so that the service
   * gives its tasks to other workers. `false`: for ever. @default '10m'
   */
  stallAfter?: string | false;
  /** At most 80 characters; shown in the execution's history. @default hostname-pid-random */
  workerName?: string;
  /** Overrides by `'Class.method'`. @default {} */
  handlers?: Record<string, HandlerOptions>;
}

/** Types a config, and nothing more: it is checked when a worker is made of it. */
export const defineConfig = (config: Config): Config => config;

/** Returns the default export of a module. One compiled to CommonJS arrives as the default of the default. */
export function defaultExport(module: unknown): unknown {
  const exported = (module as { default?: unknown }).default;
  const isWrapped = typeof exported === 'object' && exported !== null && '__esModule' in exported;
  return isWrapped && 'default' in exported ? exported.default : exported;
}

/** One glob, or a JSON list of them: globs may hold commas. */
const globs = {
  shown: 'glob',
  read: (given: string): unknown => (given.startsWith('[') ? readJson(given, [given]) : [given]),
};

/** @param otherwise what a text means that is no JSON */
function readJson(given: string, otherwise: unknown = given): unknown {
  try {
    return JSON.parse(given);
  } catch {
    return otherwise;
  }
}

const port: Rule = {
  expected: 'a port number from 0 to 65535',
  ok: (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535,
  text: { shown: 'N', read: readDigits },
};

const address: Rule = {
  expected: "a port number from 0 to 65535, or 'HOST:PORT'",
  ok: (value) => readAddress(value) !== undefined,
  text: { shown: '[HOST:]PORT', read: readDigits },
};

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
  // Below one a second not even a handful of tasks would keep their leases.
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

/** The rows of what only the config's top level has. */
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

/** Every option that a config has: each is one row, and all that is known of it derives from there. */
export const OPTIONS = { ...CONFIG_OPTIONS, ...HANDLER_OPTIONS } as const satisfies Table<Config>;
