import type { InjectionToken } from 'tsyringe';
import { CONFIG_OPTIONS } from '../../config/config.js';
import { badValue } from '../../config/mistakes.js';
import type { Constructor } from '../../declare/class.js';
import type { Interceptor } from '../../declare/interceptor.js';
import { HANDLER_OPTIONS, type HandlerOptions } from '../../declare/options.js';
import { checkAgainst, isText, listOf, type Option, record } from '../../declare/rule.js';
import { type Problem, throwProblems } from '../../base/errors.js';
import { isPlainObject } from '../../base/plain-object.js';
import { parseDuration } from '../../base/time/duration.js';
import { didYouMean } from '../../base/show.js';
import type { Setup } from '../../worker/container/create-container.js';
import type { Mocks } from '../../local/resources/mocks.js';
import type { Logger } from '../../base/log/log.js';
import type { MockList } from '../mocks/stand-in.js';
import type { Mocker } from '../mocks/mock-rest.js';

/** The options of a bed. @typeParam Tokens the tokens of the mocks, in their order */
export interface TestBedOptions<Tokens extends readonly InjectionToken[] = readonly InjectionToken[]> {
  /**
   * Stand-ins for injected dependencies: pairs of a token, and a value, class or factory to inject instead. A stand-in
   * has the type of what the token injects, and may lack members. @default []
   */
  readonly mocks?: MockList<Tokens>;
  /**
   * Returns a stand-in for a token. It is called for every dependency of handlers, interceptors, rules and other
   * stand-ins, and for everything that `setup` registers. If it returns `undefined`, the real dependency is used.
   * @default none
   */
  readonly useMocker?: Mocker;
  /** Interceptors around every handler, as in the config. @default [] */
  readonly interceptors?: readonly Constructor<Interceptor>[];
  /** Registers providers, as in the config. A mock for the same token overrides the provider. @default none */
  readonly setup?: Setup;
  /** Receives the lines of `task.log`. @default the lines are dropped */
  readonly log?: Logger;
  /**
   * A duration in real time. It limits how long the clock waits for real work of a task (a file, a socket, a real
   * timer), and for a handler that seems to be doing nothing. If it takes longer, an error names the work or the
   * handler. @default '5s', and 1.5 s for a handler that seems to be doing nothing
   */
  readonly realTimeLimit?: string;
  /** When this signal aborts, the bed or the test machine is closed, as at the end of a test. @default none */
  readonly signal?: AbortSignal;
}

export interface TestMachineOptions<
  Tokens extends readonly InjectionToken[] = readonly InjectionToken[],
> extends TestBedOptions<Tokens> {
  /** The classes whose handlers take the machine's tasks. @default [] */
  readonly activities?: readonly Constructor<object>[];
  /** Mocks for resources other than activities, in the form of the config's `mocks`. @default {} */
  readonly resources?: Mocks;
  /**
   * For each handler, by `'Class.method'`, the faults of its attempts, beginning with the first attempt. @default none
   */
  readonly faults?: Readonly<Record<string, readonly Fault[]>>;
  /**
   * The number of tasks that each handler takes at once; `Infinity` for no limit. @default the handler's own
   * `concurrency`
   */
  readonly concurrency?: number;
}

/**
 * The fault of one attempt.
 * - `lost-token`: the answer to the poll never arrives, so no worker has the task.
 * - `worker-dies`: the handler is called, but nothing is reported.
 * - `throttled`: the first report is throttled, and is repeated.
 * - `none`: no fault.
 */
export type Fault = (typeof FAULTS)[number];

export const FAULTS = ['lost-token', 'worker-dies', 'throttled', 'none'] as const;

/** The options of a call that runs a handler of a bed once. */
export interface TaskOptions<Name extends string = string> {
  /** The handler, as `'Class.method'`. Required if the bed has several handlers. */
  readonly handler?: Name;
  /** The task's token. @default a token that no other task of the bed has */
  readonly token?: string;
  /** The time at which the task was received. @default the time of the bed's clock */
  readonly receivedAt?: Date;
}

export interface RunOptions<Name extends string = string> extends TaskOptions<Name> {
  /**
   * Aborts the task's signal, as when the worker stops. If the handler then throws an error, that is reported as
   * `Stepwright.WorkerShutdown`. @default none
   */
  readonly signal?: AbortSignal;
}

export interface StartOptions extends Pick<HandlerOptions, 'heartbeat' | 'timeout'> {
  /** The longest that the task may continue after `shutdown()`. @default '60s' */
  readonly grace?: string;
}

/** The options of an execution that the test moves step by step. */
export interface StartExecutionOptions<State extends string = string> {
  /** The name of the execution, of 1 to 80 characters. @default a random one */
  readonly name?: string;
  /** The states whose tasks the test answers itself, although there is a handler for them. @default [] */
  readonly byHand?: readonly State[];
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
  log: { expected: 'a logger, with debug, info, warn, error and child', ok: isLogger },
  realTimeLimit: CONFIG_OPTIONS.reportLimit,
  signal: { expected: 'an AbortSignal', ok: isSignal },
};

export const MACHINE_OPTIONS: Rows<TestMachineOptions> = {
  ...BED_OPTIONS,
  activities: { expected: 'a list of classes', ok: Array.isArray },
  resources: { ...record, keysOnly: true },
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

/**
 * Checks the options of a call.
 * @throws StartError for bad values and for unknown options. Without the error, a test with a misspelt option would
 * check nothing
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

/** How long a test waits for something that a task does in real time. */
export interface RealTimeLimits {
  /** The most real milliseconds that work which is known to be running may take. */
  readonly limitMs: number;
  /**
   * If no work is known to be running and no timer is due for this many real milliseconds, a handler is considered
   * never to settle.
   */
  readonly idleMs: number;
}

/** The default of `idleMs`. If a test sets `realTimeLimit`, that is used instead. */
const IDLE_MS = 1_500;

export function realTimeLimits(options: TestBedOptions): RealTimeLimits {
  const limitMs = realTimeLimitMs(options);
  return { limitMs, idleMs: options.realTimeLimit === undefined ? IDLE_MS : limitMs };
}

const unknownTo =
  (call: string) =>
  (key: string, known: readonly string[]): Problem =>
    unusedProblem(key, `${call} has no such option`, didYouMean(key, known));

/** Returns the problem that a test uses an unknown name. The test would check nothing, so it fails before it begins. */
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

/** Returns true for a valid name of an execution. AWS page "StartExecution". */
function isExecutionName(value: unknown): boolean {
  return typeof value === 'string' && /^[^\s<>{}[\]?*"#%\\^|~`$&,;:/]{1,80}$/.test(value);
}

function isSignal(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value;
}

function isLogger(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return ['debug', 'info', 'warn', 'error', 'child'].every(
    (method) => typeof Reflect.get(value, method) === 'function',
  );
}
