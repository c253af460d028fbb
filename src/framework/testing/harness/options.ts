import type { InjectionToken } from 'tsyringe';
import { CONFIG_OPTIONS } from '../../config/config.js';
import type { PayloadSettings } from '../../config/store-options.js';
import { badValue } from '../../config/sources.js';
import type { Constructor } from '../../declare/class.js';
import type { Container } from '../../declare/container.js';
import type { Interceptor } from '../../declare/interceptor.js';
import { HANDLER_OPTIONS, type HandlerOptions } from '../../declare/handler-options.js';
import { checkAgainst, isText, listOf, type Option, record } from '../../declare/option-rules.js';
import { type Problem, throwProblems } from '../../base/errors.js';
import { isPlainObject } from '../../base/json.js';
import { parseDuration } from '../../base/time/duration.js';
import { didYouMean } from '../../base/show.js';
import type { Setup } from '../../worker/container/create-container.js';
import type { Mocks } from '../../local/resources/mocks.js';
import type { Logger } from '../../base/log/log.js';
import type { MockList } from '../mocks/stand-in.js';
import type { Mocker } from '../mocks/mock-rest.js';
import type { RealTimeLimits } from '../work/real-work.js';

/** The options of a test bed. @typeParam Tokens the tokens of the mocks, in the order of the list */
export interface TestBedOptions<Tokens extends readonly InjectionToken[] = readonly InjectionToken[]> {
  /**
   * Mocks of injected dependencies: pairs of a token, and a value, class or factory to inject instead. A mock must have
   * the type of what the token injects, but members may be missing.
   * @default []
   */
  readonly mocks?: MockList<Tokens>;
  /**
   * Returns a mock for a token, or undefined to use the real dependency. It is called for every dependency of handlers,
   * interceptors, rules and other mocks, and for everything that `setup` registers.
   * @default none
   */
  readonly useMocker?: Mocker;
  /** Interceptors that run around every handler, like those in a worker's config. @default [] */
  readonly interceptors?: readonly Constructor<Interceptor>[];
  /** Registers providers, like `setup` in a worker's config. A mock for the same token has priority. @default none */
  readonly setup?: Setup;
  /**
   * A container of another framework, like `container` of `createWorker`. Mocks have priority. @default tsyringe's alone
   */
  readonly container?: Container;
  /**
   * The store of large inputs and outputs, like `payloads` in a worker's config, or with `memoryStore()` in its place.
   * Results show the payload for each reference. @default none
   */
  readonly payloads?: PayloadSettings;
  /** The logger that gets what handlers log with `task.log`. @default nothing is logged */
  readonly log?: Logger;
  /**
   * The longest real time that the clock waits for a task's real work (a file, a socket), and for a
   * handler that seems to be waiting for nothing. After that, an error names the work or the handler.
   * @default '5s', and 1 s for a handler that seems to be waiting for nothing
   */
  readonly realTimeLimit?: string;
  /**
   * When this signal aborts, the test bed or the test machine is closed. A test runner's signal can close it at the end
   * of a test.
   * @default none
   */
  readonly signal?: AbortSignal;
}

export interface TestMachineOptions<
  Tokens extends readonly InjectionToken[] = readonly InjectionToken[],
> extends TestBedOptions<Tokens> {
  /** The classes whose handlers run the tasks of the machine's activities. @default [] */
  readonly activities?: readonly Constructor<object>[];
  /** Mocks of resources that aren't activities, in the form of `mocks` in the config. @default {} */
  readonly resources?: Mocks;
  /**
   * The machines that the machine starts (`states:startExecution`), by their names: each as the first parameter of
   * `createTestMachine`. A mock of the state or of the resource stands in for them.
   * @default {}
   */
  readonly machines?: Readonly<Record<string, string | object>>;
  /** The folders that stand for buckets of Amazon S3, from which Distributed Maps read and to which they write. @default {} */
  readonly s3?: Readonly<Record<string, string>>;
  /**
   * Faults to inject into the attempts of each handler, by `'Class.method'`, which stands for all handlers of a method
   * with several activities, or by `'Class.method@activity'`. The first fault in a list is for the handler's first
   * attempt.
   * @default none
   */
  readonly faults?: Readonly<Record<string, readonly Fault[]>>;
  /**
   * The most tasks that each handler runs at the same time; `Infinity` for no limit.
   * @default the handler's own `concurrency`
   */
  readonly concurrency?: number;
}

/**
 * A fault to inject into one attempt at a task.
 * - `lost-token`: the response with the task is lost on its way to the worker, so no worker has the task.
 * - `worker-dies`: the handler is called, but no result is sent.
 * - `throttled`: the first attempt to send the result is throttled, and is repeated.
 * - `none`: no fault.
 */
export type Fault = (typeof FAULTS)[number];

export const FAULTS = ['lost-token', 'worker-dies', 'throttled', 'none'] as const;

/** The options of a call that runs a handler of a test bed once. */
export interface TaskOptions<Name extends string = string> {
  /** The handler, as `'Class.method'`. Required if the bed has several handlers. */
  readonly handler?: Name;
  /** The task token. @default a token that no other task of the test bed has */
  readonly token?: string;
  /** The time at which the task was received. @default the time on the test bed's clock */
  readonly receivedAt?: Date;
}

export interface RunOptions<Name extends string = string> extends TaskOptions<Name> {
  /**
   * When this signal aborts, the task's own signal aborts too, as when a worker stops. If the handler then throws an
   * error, or goes on for 5 s on its clock, the result is a failure with the error `Stepwright.WorkerShutdown`.
   * @default none
   */
  readonly signal?: AbortSignal;
}

export interface StartOptions extends Pick<HandlerOptions, 'heartbeat' | 'timeout'> {
  /** The longest time that the task may go on after `shutdown()`. @default '60s' */
  readonly grace?: string;
}

/** The options of an execution that the test moves on step by step. */
export interface StartExecutionOptions<State extends string = string> {
  /** The name of the execution, of 1 to 80 characters. @default a random one */
  readonly name?: string;
  /** The states whose tasks the test ends itself, even if there is a handler for them. @default [] */
  readonly byHand?: readonly State[];
}

/** The options of `task` of an execution of a test machine. */
export interface HandTaskOptions {
  /**
   * The Map iteration to which the task belongs, by its index. For a Map inside a Map, the indexes of the iterations,
   * the outermost first. @default a task of any iteration
   */
  readonly iteration?: number | readonly number[];
}

type Row = Omit<Option, 'help'>;
type Rows<Options> = { readonly [K in keyof Options]-?: Row };

export const BED_OPTIONS: Rows<TestBedOptions> = {
  mocks: {
    ...listOf('pairs of a token and its stand-in', isMock),
    fix: "write a pair for each: mocks: [[TheClass, { … }], ['a token', 'a value']]",
    keysOnly: true,
  },
  useMocker: { expected: 'a function that is given a token', ok: (value) => typeof value === 'function' },
  interceptors: CONFIG_OPTIONS.interceptors,
  setup: CONFIG_OPTIONS.setup,
  payloads: CONFIG_OPTIONS.payloads,
  container: { expected: 'an object with the methods scopeOf and resolve', ok: isContainer },
  log: { expected: 'a logger, with debug, info, warn, error and child', ok: isLogger },
  realTimeLimit: CONFIG_OPTIONS.reportLimit,
  signal: { expected: 'an AbortSignal', ok: isSignal },
};

export const MACHINE_OPTIONS: Rows<TestMachineOptions> = {
  ...BED_OPTIONS,
  activities: { expected: 'a list of classes', ok: Array.isArray },
  resources: { ...record, keysOnly: true },
  machines: {
    expected: 'definitions by the names of machines',
    ok: (value) =>
      isPlainObject(value) && Object.values(value).every((each) => isText(each) || isPlainObject(each)),
    fix: "write the path, the text or the definition of each: machines: { Child: 'state-machines/Child.asl.json' }",
    keysOnly: true,
  },
  s3: CONFIG_OPTIONS.s3,
  faults: {
    expected: "lists of faults by 'Class.method'",
    ok: (value) => isPlainObject(value) && Object.values(value).every(Array.isArray),
    fix: "write a list for each handler: faults: { 'Class.method': ['worker-dies'] }",
  },
  concurrency: {
    expected: 'a whole number of tasks from 1 up, or Infinity',
    ok: (value) => value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && Number(value) >= 1),
  },
};

const TASK_OPTIONS: Rows<TaskOptions> = {
  handler: { expected: "the name of a handler, 'Class.method'", ok: isText },
  token: { expected: 'a text', ok: isText },
  receivedAt: { expected: 'a Date', ok: (value) => value instanceof Date && !Number.isNaN(value.getTime()) },
};

export const RUN_OPTIONS: Rows<RunOptions> = {
  ...TASK_OPTIONS,
  signal: { expected: 'an AbortSignal', ok: isSignal },
};

export const START_OPTIONS: Rows<TaskOptions & StartOptions> = {
  ...TASK_OPTIONS,
  heartbeat: HANDLER_OPTIONS.heartbeat,
  timeout: HANDLER_OPTIONS.timeout,
  grace: CONFIG_OPTIONS.grace,
};

export const START_EXECUTION_OPTIONS: Rows<StartExecutionOptions> = {
  name: {
    expected: 'a text from 1 to 80 characters, without spaces and special characters',
    ok: isExecutionName,
  },
  byHand: listOf('names of states', isText),
};

export const HAND_TASK_OPTIONS: Rows<HandTaskOptions> = {
  iteration: {
    expected: 'the index of a Map iteration, or a list of them for a Map inside a Map, the outermost first',
    ok: (value) =>
      (Array.isArray(value) ? value : [value]).every((each) => Number.isSafeInteger(each) && each >= 0),
  },
};

/**
 * Checks the options of a call.
 * @throws StartError for invalid values and for unknown options. If a misspelt option were ignored, the test would pass
 * without checking anything
 */
export function checkOptions(call: string, rows: Readonly<Record<string, Row>>, options: unknown): void {
  const problems = isPlainObject(options)
    ? checkAgainst(rows, options, { unknown: unknownTo(call), refused: badValue })
    : [badValue(`the options of ${call}`, { expected: 'an object' }, options)];
  throwProblems(problems);
}

/** Returns the option `realTimeLimit` in milliseconds. */
export const realTimeLimitMs = ({ realTimeLimit = '5s' }: TestBedOptions): number =>
  parseDuration(realTimeLimit) ?? Number.NaN;

/** The default of `idleMs`. A test's own `realTimeLimit` replaces it. */
const IDLE_MS = 1_000;

export function realTimeLimits(options: TestBedOptions): RealTimeLimits {
  const limitMs = realTimeLimitMs(options);
  return { limitMs, idleMs: options.realTimeLimit === undefined ? IDLE_MS : limitMs };
}

const unknownTo =
  (call: string) =>
  (key: string, known: readonly string[]): Problem =>
    unusedProblem(key, `${call} has no such option`, didYouMean(key, known));

/**
 * Returns the problem for an unknown name in a test, such as that of an option or a mock. Such a test fails before it
 * begins, since it would otherwise check nothing.
 */
export const unusedProblem = (where: string, what: string, fix: string): Problem => ({
  code: 'TEST_NAMES_NOBODY',
  where,
  what,
  fix,
});

function isMock(item: unknown): boolean {
  if (!Array.isArray(item)) return false;
  const [, , options]: readonly unknown[] = item;
  return item.length === 2 || (item.length === 3 && isPlainObject(options));
}

/** Returns true if an execution can have this name. AWS page "StartExecution". */
function isExecutionName(value: unknown): boolean {
  return typeof value === 'string' && /^[^\s<>{}[\]?*"#%\\^|~`$&,;:/]{1,80}$/.test(value);
}

function isSignal(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value;
}

function isLogger(value: unknown): boolean {
  return hasMethods(value, 'debug', 'info', 'warn', 'error', 'child');
}

function isContainer(value: unknown): boolean {
  return hasMethods(value, 'scopeOf', 'resolve');
}

function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof Reflect.get(value, name) === 'function');
}
