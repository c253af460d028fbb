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
import type { Mock } from '../mocks/mock.js';
import type { Mocker } from '../mocks/mock-rest.js';

export interface TestBedOptions {
  /** Stand-ins for injected dependencies: pairs of a token and a value, a class or a factory. @default [] */
  readonly mocks?: readonly Mock[];
  /**
   * Makes the stand-ins for everything else that is not under test: what handlers, interceptors, rules and stand-ins are
   * injected with, and all that `setup` registers. Where it returns `undefined`, the real one is used. @default none
   */
  readonly useMocker?: Mocker;
  /** Interceptors around every handler, as in the config. @default [] */
  readonly interceptors?: readonly Constructor<Interceptor>[];
  /** Registers providers, as in the config. The mocks win over these. @default none */
  readonly setup?: Setup;
  /** Receives the lines of `task.log`. @default the lines are dropped */
  readonly log?: Logger;
  /**
   * The longest that time by the clock waits for real work of a task (a file, a socket, a real timer), and for a handler
   * of which nothing is known to be on its way, as a duration. What takes longer is an error that names it. @default '5s',
   * and 1.5 s where nothing is on its way
   */
  readonly realTimeLimit?: string;
  /** Closes the bed or the test machine when it aborts, as a runner's signal does at the end of a test. @default none */
  readonly signal?: AbortSignal;
}

export interface TestMachineOptions extends TestBedOptions {
  /** The classes whose handlers take the machine's tasks. @default [] */
  readonly activities?: readonly Constructor<object>[];
  /** Answers for resources other than activities, as `mocks` in the config has them. @default {} */
  readonly resources?: Mocks;
  /** The faults of each handler's attempts, from the first attempt on, by `'Class.method'`. @default none */
  readonly faults?: Readonly<Record<string, readonly Fault[]>>;
  /** The tasks that each handler takes at once; `Infinity` takes all. @default the handler's own `concurrency` */
  readonly concurrency?: number;
}

/**
 * The fault of one attempt.
 * - `lost-token`: the answer to the poll never arrives, so that no worker has the task.
 * - `worker-dies`: the handler begins, and nothing of it is reported.
 * - `throttled`: the first report is throttled, and repeated.
 * - `none`: no fault.
 */
export type Fault = (typeof FAULTS)[number];

export const FAULTS = ['lost-token', 'worker-dies', 'throttled', 'none'] as const;

/** The options of a call that runs one handler of a bed. */
export interface RunOptions<Method extends string = string> {
  /** The handler, as `'Class.method'`; required where the bed has several. */
  readonly handler?: `${string}.${Method}`;
}

export interface StartOptions extends Pick<HandlerOptions, 'heartbeat' | 'timeout'> {
  /** The longest that the task may go on after `shutdown()`. @default '60s' */
  readonly grace?: string;
}

/** The options of an execution that a test moves step by step. */
export interface StartExecutionOptions<State extends string = string> {
  /** The name of the execution, from 1 to 80 characters. @default a random one */
  readonly name?: string;
  /** States whose tasks the test answers although a handler takes them. @default [] */
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

export const RUN_OPTIONS: Rows<RunOptions> = {
  handler: { expected: "the name of a handler, 'Class.method'", ok: isText },
};

export const START_OPTIONS: Rows<RunOptions & StartOptions> = {
  ...RUN_OPTIONS,
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

/** Checks the options of a call. @throws StartError for bad values and for unknown options, which would test nothing */
export function checkOptions(call: string, rows: Readonly<Record<string, Row>>, options: unknown): void {
  const problems = isPlainObject(options)
    ? checkAgainst(rows, options, { unknown: unknownTo(call), refused: badValue })
    : [badValue(`the options of ${call}`, { expected: 'an object' }, options)];
  throwProblems(problems);
}

/** Returns the limit of real time in milliseconds. */
export const realTimeLimitMs = ({ realTimeLimit = '5s' }: TestBedOptions): number =>
  parseDuration(realTimeLimit) ?? Number.NaN;

/** The longest that a test waits for what a task does in real time. */
export interface RealTimeLimits {
  /** The real milliseconds for work that is on its way. */
  readonly limitMs: number;
  /** The real milliseconds in which nothing is on its way and nothing due, before a handler counts as never settling. */
  readonly idleMs: number;
}

/** The default of `idleMs`. A limit that a test sets counts for it as well. */
const IDLE_MS = 1_500;

export function realTimeLimits(options: TestBedOptions): RealTimeLimits {
  const limitMs = realTimeLimitMs(options);
  return { limitMs, idleMs: options.realTimeLimit === undefined ? IDLE_MS : limitMs };
}

const unknownTo =
  (call: string) =>
  (key: string, known: readonly string[]): Problem =>
    unusedProblem(key, `${call} has no such option`, didYouMean(key, known));

/**
 * Returns the problem of a test that names something unknown: the test would check nothing, and so fails before it
 * begins.
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

/** AWS page "StartExecution". */
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
