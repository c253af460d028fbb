import type { DependencyContainer } from 'tsyringe';
import type { Constructor } from '../declare/class.js';
import type { Interceptor } from '../declare/interceptor.js';
import type { Observer } from '../declare/worker-events.js';
import { HANDLER_OPTIONS, type HandlerOptions, INTERCEPTORS } from '../declare/handler-options.js';
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
} from '../declare/option-rules.js';
import { FUNCTION_FORM, isFunctionForm, withoutVariables } from '../base/local-protocol.js';
import { isPlainObject, parseJson } from '../base/json.js';
import type { Lambdas, Mocks } from '../local/index.js';
import { isPort, readAddress } from './address.js';
import {
  deferred,
  type DeferredSettings,
  outbox,
  type OutboxSettings,
  payloads,
  type PayloadSettings,
} from './store-options.js';
import type { SdkSettings } from '../aws/sdk/settings.js';

/**
 * The sizes of the pools of threads and processes in which handlers run, and when a thread or process is replaced. Each
 * handler with `run: 'thread'` or `'process'` has a pool of its own.
 */
export interface PoolSettings {
  /**
   * The most threads in the pool of one handler. Each thread works on one task at a time. @default the number of cores
   */
  threads?: number;
  /**
   * The most processes in the pool of one handler. Each process works on one task at a time. @default the number of
   * cores
   */
  processes?: number;
  /**
   * Replaces a thread or process if it uses more megabytes than this when one of its tasks has ended. @default never
   */
  memoryMb?: number;
  /** Replaces a thread or process after this many tasks. @default never */
  recycleAfter?: number;
}

/** The fields that identify a trace, such as `traceparent`, by name. */
export type Carrier = Readonly<Record<string, unknown>>;

/**
 * Returns the fields in a task's input that identify a trace; undefined if the input has none. The input is parsed, but
 * not validated yet.
 */
export type ReadCarrier = (input: unknown) => Carrier | undefined;

/**
 * Finds the OpenTelemetry trace that a task's input names. A function, or `as: 'link'`: the task's span is linked to
 * that trace. `as: 'parent'`: the task's span becomes part of that trace.
 */
export type TraceContext = ReadCarrier | { readonly read: ReadCarrier; readonly as: 'link' | 'parent' };

/** The options in `nest-style.config.ts`. All of them are optional. */
export interface Config extends HandlerOptions {
  /**
   * Activity classes, globs of compiled files, or both. Globs are relative to the compiled config.
   * @default ['./src/activities/**' + '/*.activity.js']
   */
  activities?: readonly (Constructor | string)[];
  /**
   * Globs of state machine files in ASL, relative to the nearest package.json. The local service (an emulator of Step
   * Functions) starts with these machines. @default ['state-machines/*.asl.json']
   */
  machines?: readonly string[];
  /**
   * The endpoint of Step Functions: `'local'` (an emulator that `stepwright start` runs in the same process), `'aws'`,
   * or a URL. If `--endpoint`, `AWS_ENDPOINT_URL_SFN` or `AWS_ENDPOINT_URL` is set, that is used instead. @default
   * 'local'
   */
  endpoint?: string;
  /** The port of the local service. @default 8083 */
  port?: number;
  /** The region for calls that don't name an ARN. @default the AWS SDK's own */
  region?: string;
  /** Settings for the AWS SDK's clients, such as a proxy, FIPS or an assumed role. @default {} */
  sdk?: SdkSettings;
  /**
   * The code that makes polls, reports and heartbeats. `'lean'`: Stepwright's own code, which costs a fraction of what
   * the SDK's `send` costs and follows the settings that the SDK resolves. A setting that can't be
   * followed is an error at start. `'sdk'`: the SDK. @default 'lean'
   */
  calls?: 'lean' | 'sdk';
  /**
   * Creates activities that are declared by a bare name and don't exist yet. If the endpoint is on this machine, they
   * are created even without this option.
   * @default false
   */
  createActivities?: boolean;
  /**
   * Registers providers in the worker's dependency container. Each thread or process of a pool has a container of its
   * own, so this function runs there too. @default none
   */
  setup?: (container: DependencyContainer) => void | Promise<void>;
  /** Interceptors that run around every handler. The first one is the outermost. @default [] */
  interceptors?: readonly Constructor<Interceptor>[];
  /**
   * The longest time for which the worker repeats the report of a result that the service hasn't accepted. @default
   * '15m'
   */
  reportLimit?: string;
  /** The time that running tasks get to end after the worker began to stop. @default '60s' */
  grace?: string;
  /**
   * The treatment of a task that arrives after the worker began to stop. `'run'`: the task is run. `'fail'`: it is
   * reported as failed at once, so that a Retry in the state machine can match the failure. @default 'run'
   */
  drain?: 'run' | 'fail';
  /**
   * The sizes of the pools for handlers that run in threads or processes.
   * @default as many threads or processes as the machine has cores
   */
  pool?: PoolSettings;
  /**
   * The most heartbeats that the whole worker sends per second. If its tasks need more, their intervals get longer.
   * @default 250
   */
  heartbeatRate?: number;
  /**
   * The results that the local service uses for Task states whose resource isn't an activity, such as a Lambda
   * function. The keys are the resource's ARN or `Machine.State`. @default {}
   */
  mocks?: Mocks;
  /**
   * The Lambda functions that the local service runs, by their names: `'./dist/file.handler'`, relative to the nearest
   * package.json, or an object with this `handler` and its `timeout`, `memoryMb` and `env`. @default {}
   */
  lambdas?: Lambdas;
  /**
   * Host names that a state machine of the local service may call by `http:invoke`, in addition to those of this
   * machine. @default []
   */
  httpHosts?: readonly string[];
  /**
   * Folders that stand for buckets of Amazon S3 in the local service, by the buckets' names, relative to the nearest
   * package.json. @default {}
   */
  s3?: Readonly<Record<string, string>>;
  /** The most finished executions that the local service keeps. The oldest are removed first. @default 10_000 */
  keptExecutions?: number;
  /**
   * The most bytes of histories that the local service keeps, approximately. The oldest finished executions are removed
   * first. @default a third of the heap, at most 1 GiB
   */
  keptBytes?: number;
  /**
   * The port, or `HOST:PORT`, that serves `/live`, `/ready`, `/metrics` and `/status`. With `8080` only
   * this machine can reach it, with `'0.0.0.0:8080'` every machine that can reach this one.
   * @default none
   */
  healthPort?: number | string;
  /**
   * Host names that clients may use for the health port, such as `'worker.example.com'`, or `'*.example.com'` for all
   * names below a domain. The port's own addresses, and names without a domain, are accepted anyway. A request with any
   * other name in its header Host is refused, since a web page could have sent it (DNS rebinding).
   * @default []
   */
  healthHosts?: readonly string[];
  /**
   * Classes that listen to the worker's events and read its status. The container makes one instance of each. @default
   * []
   */
  observe?: readonly Constructor<Observer>[];
  /** Finds the trace that a task's input names, for the task's OpenTelemetry span. @default none */
  traceContext?: TraceContext;
  /**
   * If the event loop is blocked for longer than this, the worker stops sending heartbeats, so that the service gives
   * its tasks to other workers. Once the loop runs again, heartbeats are sent again. `false`: no limit.
   * @default '10m'
   */
  stallAfter?: string | false;
  /**
   * Asks the platform not to stop this worker when it scales in, while a task runs that has run for `protectAfter`.
   * `'ecs'`: uses the task protection of ECS. `'kubernetes'`: annotates the pod. `'auto'`: uses whichever of these
   * platforms is detected. `false`: never asks.
   * @default false
   */
  protect?: 'auto' | 'ecs' | 'kubernetes' | false;
  /** The time after which a running task makes the worker ask for protection, if `protect` is set. @default '1m' */
  protectAfter?: string;
  /**
   * Sends large outputs through a store: Step Functions gets a reference, an object with an address, a SHA-256 and a
   * length. A reference in an input is replaced by its payload before the input is validated. @default none
   */
  payloads?: PayloadSettings;
  /**
   * Keeps the tokens of deferred tasks under ids, by which somebody else completes them. @default tasks are deferred
   * without an id
   */
  deferred?: DeferredSettings;
  /**
   * Keeps each result in a store until the service has accepted it, so that none is lost if the worker dies: another
   * worker that shares the store reports it.
   * @default a result that isn't accepted yet is lost if the worker dies
   */
  outbox?: OutboxSettings;
  /** The worker's name as execution histories show it, at most 80 characters. @default hostname-pid-random */
  workerName?: string;
  /** Options of individual handlers, by `'Class.method'`. @default {} */
  handlers?: Record<string, HandlerOptions>;
}

/**
 * Returns the config unchanged, so that its type is checked. Its values are only checked when a worker is made with it.
 */
export const defineConfig = (config: Config): Config => config;

/**
 * Returns the default export of a module. If the module was compiled to CommonJS, `import` returns an object with all
 * exports as the default; the real default export is taken from that object.
 */
export function defaultExport(module: unknown): unknown {
  const exported = (module as { default?: unknown }).default;
  const isWrapped = typeof exported === 'object' && exported !== null && '__esModule' in exported;
  return isWrapped && 'default' in exported ? exported.default : exported;
}

/**
 * The form of globs in a flag or a variable: one glob, or a JSON list of globs. Commas don't separate globs, since a
 * glob may itself contain commas.
 */
const globs = {
  shown: 'glob',
  read: (given: string): unknown => (given.startsWith('[') ? (parseJson(given) ?? [given]) : [given]),
};

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

const folders: Rule = {
  expected: "folders by the names of buckets, such as { orders: './data/orders' }",
  ok: (value) =>
    isPlainObject(value) && Object.values(value).every((each) => typeof each === 'string' && each !== ''),
};

const lambdas: Rule = {
  ...record,
  each: {
    expected: FUNCTION_FORM,
    fix: `write ${FUNCTION_FORM}`,
    ok: isFunctionForm,
    shown: withoutVariables,
  },
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
  // With fewer than one heartbeat per second, even a few tasks would time out.
  expected: 'a number of heartbeats a second, from 1 up',
  ok: (value) => typeof value === 'number' && value >= 1 && Number.isFinite(value),
  text: { shown: 'N', read: (given) => (/^\d+(\.\d+)?$/.test(given) ? Number(given) : given) },
};

const wholeNumber: Rule = {
  expected: 'a whole number from 1 up',
  ok: (value) => Number.isSafeInteger(value) && Number(value) >= 1,
  text: { shown: 'N', read: readDigits },
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
  text: {
    shown: 'JSON',
    expected: `JSON such as '{"threads":4,"memoryMb":512}', of ${POOL_KEYS.join(', ')}`,
    read: (given) => parseJson(given) ?? given,
  },
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

const protect: Rule = {
  expected: "'auto', 'ecs', 'kubernetes' or false",
  ok: (value) => value === false || ['auto', 'ecs', 'kubernetes'].some((each) => each === value),
  text: {
    shown: 'auto|ecs|kubernetes|false',
    read: (given) => (['false', 'off', 'none'].includes(given) ? false : given),
  },
};

const setup: Rule = { expected: 'a function that is given the container', ok: isFunction };

/** The table of the options that exist only at the config's top level, not on a handler. */
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
    help: 'globs of the state machines of the local service',
  },
  endpoint: { ...endpoint, unset: 'local', help: 'the address of Step Functions' },
  port: { ...port, default: 8083, help: 'port of the local service' },
  region: { ...region, unset: "the AWS SDK's own", help: 'the region for calls without an ARN' },
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
    help: 'create missing activities that are declared by name',
  },
  setup: { ...setup, unset: 'none', help: 'registers providers' },
  interceptors: INTERCEPTORS,
  reportLimit: { ...positiveDuration, default: '15m', ofWorker: true, help: 'how long a report is repeated' },
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
    help: 'run or fail tasks that arrive during a stop',
  },
  pool: { ...pool, default: {}, ofWorker: true, help: 'the sizes of pools of threads and processes' },
  heartbeatRate: { ...rate, default: 250, ofWorker: true, help: 'the most heartbeats a second of a worker' },
  mocks: { ...record, default: {}, keysOnly: true, help: "the local service's answers for other resources" },
  lambdas: { ...lambdas, default: {}, keysOnly: true, help: 'the functions that the local service runs' },
  httpHosts: {
    ...listOf("names such as 'api.example.com' or '*.example.com'", isHostName),
    default: [],
    help: 'further hosts that `http:invoke` may call',
  },
  s3: { ...folders, default: {}, help: 'folders that stand for buckets of Amazon S3' },
  keptExecutions: {
    ...wholeNumber,
    default: 10_000,
    help: 'the most finished executions that the local service keeps',
  },
  keptBytes: {
    ...wholeNumber,
    unset: 'a third of the heap',
    help: 'the most bytes of histories that the local service keeps',
  },
  healthPort: { ...address, unset: 'none', ofWorker: true, help: 'serve probes, metrics and the status' },
  healthHosts: {
    ...hostNames,
    default: [],
    ofWorker: true,
    help: 'further names by which the health port may be called',
  },
  observe: { ...observe, default: [], help: 'classes that listen to the worker' },
  traceContext: { ...traceContext, unset: 'none', help: "where a task's input carries a trace" },
  stallAfter: {
    ...durationOrFalse,
    default: '10m',
    ofWorker: true,
    help: 'how long heartbeats are sent while the event loop is blocked',
  },
  protect: {
    ...protect,
    default: false,
    ofWorker: true,
    help: 'ask the platform to protect a worker with a long task',
  },
  protectAfter: {
    ...duration,
    default: '1m',
    ofWorker: true,
    help: 'how long a task runs before the worker asks for protection',
  },
  payloads: { ...payloads, unset: 'none', ofWorker: true, help: 'store of large inputs and outputs' },
  deferred: {
    ...deferred,
    unset: 'none',
    ofWorker: true,
    help: 'store of the ids of tasks that somebody else completes',
  },
  outbox: {
    ...outbox,
    unset: 'none',
    ofWorker: true,
    help: 'keep results in a store until they are accepted',
  },
  workerName: {
    ...workerName,
    unset: 'hostname-pid-random',
    ofWorker: true,
    help: "the worker's name in histories",
  },
  handlers: { ...record, default: {}, help: "options by 'Class.method'" },
} as const satisfies Table<Omit<Config, keyof HandlerOptions>>;

/** The table of all options of a config. Flags, variables, checks, defaults and help are derived from it. */
export const OPTIONS = { ...CONFIG_OPTIONS, ...HANDLER_OPTIONS } as const satisfies Table<Config>;
