import { CONFIG_OPTIONS } from '../config/config.js';
import { badValue } from '../config/mistakes.js';
import type { Constructor } from '../declare/class.js';
import type { Interceptor } from '../declare/interceptor.js';
import { HANDLER_OPTIONS, type HandlerOptions } from '../declare/options.js';
import { checkAgainst, isText, listOf, type Option, record } from '../declare/rule.js';
import { didYouMean, isPlainObject, type Problem, throwProblems } from '../base/errors.js';
import type { Setup } from '../worker/handler/container/container.js';
import type { Mocks } from '../local/resources/mocks.js';
import type { Logger } from '../base/log/log.js';
import type { Mock, Mocker } from './mock.js';

export interface TestBedOptions {
  /** Stand-ins for what would be injected, each a token and a value, a class or a factory. @default [] */
  readonly mocks?: readonly Mock[];
  /** Makes stand-ins for all the rest that is injected; where it gives `undefined`, the real one is used. @default none */
  readonly useMocker?: Mocker;
  /** Global interceptors, as in the config. @default [] */
  readonly interceptors?: readonly Constructor<Interceptor>[];
  /** Registers providers, as in the config. The mocks win over it. @default none */
  readonly setup?: Setup;
  /** Where `task.log` goes. @default nowhere */
  readonly log?: Logger;
}

export interface TestMachineOptions extends TestBedOptions {
  /** The classes whose handlers take the machine's tasks. @default [] */
  readonly activities?: readonly Constructor<object>[];
  /** Answers for resources that are no activities, as `mocks` in the config. @default {} */
  readonly resources?: Mocks;
  /** What goes wrong with a handler's attempts, first to last, by `'Class.method'`. @default nothing */
  readonly faults?: Readonly<Record<string, readonly Fault[]>>;
}

/**
 * What can go wrong with an attempt.
 * - `lost-token`: the answer to the poll never arrives, so nobody has the task.
 * - `worker-dies`: the handler begins, and is never heard of again.
 * - `throttled`: the first report is throttled, and repeated.
 * - `none`: nothing.
 */
export type Fault = (typeof FAULTS)[number];

export const FAULTS = ['lost-token', 'worker-dies', 'throttled', 'none'] as const;

/** Which handler of a bed is meant. */
export interface RunOptions<Method extends string = string> {
  /** As `'Class.method'`: needed where there are several. */
  readonly handler?: `${string}.${Method}`;
}

export interface StartOptions extends Pick<HandlerOptions, 'heartbeat' | 'timeout'> {
  /** How long the task may go on after `shutdown()`. @default '60s' */
  readonly grace?: string;
}

type Row = Omit<Option, 'help'>;
type Rows<Options> = { readonly [K in keyof Options]-?: Row };

export const BED_OPTIONS: Rows<TestBedOptions> = {
  mocks: {
    ...listOf('pairs of a token and its stand-in', (item) => Array.isArray(item) && item.length === 2),
    fix: "write a pair for each: mocks: [[TheClass, { … }], ['a token', 'a value']]",
    keysOnly: true,
  },
  useMocker: { expected: 'a function that is given a token', ok: (value) => typeof value === 'function' },
  interceptors: CONFIG_OPTIONS.interceptors,
  setup: CONFIG_OPTIONS.setup,
  log: { expected: 'a logger, with debug, info, warn, error and child', ok: isLogger },
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

/** @throws StartError where there is no such option, which would test nothing, or its value is not what it takes */
export function checkOptions(call: string, rows: Readonly<Record<string, Row>>, options: unknown): void {
  const problems = isPlainObject(options)
    ? checkAgainst(rows, options, { unknown: unknownTo(call), refused: badValue })
    : [badValue(`the options of ${call}`, { expected: 'an object' }, options)];
  throwProblems(problems);
}

const unknownTo =
  (call: string) =>
  (key: string, known: readonly string[]): Problem => ({
    code: 'TEST_NAMES_NOBODY',
    where: key,
    what: `${call} has no such option`,
    fix: didYouMean(key, known),
  });

function isLogger(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return ['debug', 'info', 'warn', 'error', 'child'].every(
    (method) => typeof Reflect.get(value, method) === 'function',
  );
}
