import { isPlainObject } from '../base/errors.js';
import type { Constructor } from './class.js';
import { isReserved } from './activity-failure.js';
import type { Interceptor } from './interceptor.js';
import {
  count,
  durationOrFalse,
  flag,
  isCount,
  isText,
  listOf,
  MOST_AT_ONCE,
  oneOf,
  readDigits,
  type Table,
} from './rule.js';

/** What a handler can be told on `@Handle`, on `@Activity`, in the config's `handlers` and at the config's top level. */
export interface HandlerOptions {
  /** Tasks at once. @default 10 */
  concurrency?: number;
  /** Polls at once. @default { min: 1, max: concurrency } */
  pollers?: number | { min: number; max: number };
  /** Interval between automatic heartbeats, such as `'20s'`; `false`: none. @default '20s' */
  heartbeat?: string | false;
  /** Deadline of the handler, counted from receipt, such as `'5m'`; `false`: none. @default false */
  timeout?: string | false;
  /**
   * Where it runs: on the main thread, in a thread or in a child process of a pool of its own, whose size then limits
   * `concurrency`. @default 'main'
   */
  run?: 'main' | 'thread' | 'process';
}

export interface ActivityOptions extends HandlerOptions {
  /** Around every handler of the class, after the global ones and before the method's. @default [] */
  interceptors?: readonly Constructor<Interceptor>[];
  /** One instance for the worker, or one for each task, with a container of its own. @default 'worker' */
  scope?: 'worker' | 'task';
}

/**
 * What can stand in `input:`. A class is validated by its rules, `[Class]` is an array of them, `String`, `Number`
 * and `Boolean` are a bare value, `'any'` is the parsed JSON as it came, unchecked.
 */
export type InputOption =
  | 'any'
  | StringConstructor
  | NumberConstructor
  | BooleanConstructor
  | Constructor<object>
  | readonly [Constructor<object>];

/** What can stand in `output:`: a class, or `[Class]` for an array of them. */
export type OutputOption = Constructor<object> | readonly [Constructor<object>];

export interface HandleOptions<
  I extends InputOption | undefined = InputOption | undefined,
  O extends OutputOption | undefined = OutputOption | undefined,
> extends HandlerOptions {
  /** Overrides the class's, so that one class can serve several activities. */
  activity?: string;
  /** The input's type, where the first parameter's does not say it. @default the type of the first parameter */
  input?: I;
  /** The result is validated against this class, cut to its fields and serialised. @default none: the result as it is */
  output?: O;
  /** Innermost, after the global ones and the class's. @default [] */
  interceptors?: readonly Constructor<Interceptor>[];
  /** What becomes of keys that the input's class has no rule for. @default 'drop' */
  unknownKeys?: 'drop' | 'refuse';
  /** Puts the refused values into the cause of an InvalidInput. They may be secret. @default false */
  showValues?: boolean;
  /** The groups of class-validator and class-transformer that apply to the input and the output. @default none */
  groups?: readonly string[];
  /** The names that it may fail by, for `stepwright check` to compare with Retry and Catch. @default not known */
  throws?: readonly string[];
}

const pollers = {
  expected: `a whole number from 1 to ${MOST_AT_ONCE}, or { min, max } of such with min <= max`,
  ok(value: unknown): boolean {
    if (!isPlainObject(value)) return isCount(value);
    const { min, max, ...rest } = value;
    return isCount(min) && isCount(max) && Number(min) <= Number(max) && Object.keys(rest).length === 0;
  },
  text: {
    shown: 'N|MIN-MAX',
    read(text: string): unknown {
      const [, min, max] = /^(\d+)-(\d+)$/.exec(text) ?? [];
      return min === undefined ? readDigits(text) : { min: Number(min), max: Number(max) };
    },
  },
};

/** The rows of what can be said of a handler in every place. */
export const HANDLER_OPTIONS = {
  concurrency: { ...count, default: 10, help: 'tasks at once, per handler' },
  pollers: { ...pollers, unset: '{ min: 1, max: concurrency }', help: 'polls at once, per handler' },
  heartbeat: { ...durationOrFalse, default: '20s', help: 'interval between automatic heartbeats' },
  timeout: { ...durationOrFalse, default: false, help: 'deadline of a handler' },
  run: { ...oneOf('main', 'thread', 'process'), default: 'main', help: 'where a handler runs' },
} as const satisfies Table<HandlerOptions>;

/** A row that the config has as well: there it wraps every handler. */
export const INTERCEPTORS = {
  ...listOf('classes with an intercept(task, next) method', isInterceptor),
  fix: 'give the class itself, not an instance, and have it implement Interceptor: `async intercept(task: InterceptedTask, next: () => Promise<unknown>) { return next(); }`; a class that shows as undefined is not defined yet when the decorator runs: move it above this one',
  default: [],
  help: 'classes around every handler',
} as const;

/** The rows of what `@Activity` can be told. */
export const ACTIVITY_OPTIONS = {
  ...HANDLER_OPTIONS,
  interceptors: INTERCEPTORS,
  scope: {
    ...oneOf('worker', 'task'),
    fix: "write 'task' for an instance of each task's own, or 'worker' for one that all tasks share, which is the default",
    default: 'worker',
    help: 'how long an instance lives',
  },
} as const satisfies Table<ActivityOptions>;

/** The rows of what `@Handle` can be told, but for what discovery reads apart: activity, input and output. */
export const HANDLE_OPTIONS = {
  ...HANDLER_OPTIONS,
  interceptors: INTERCEPTORS,
  unknownKeys: { ...oneOf('drop', 'refuse'), default: 'drop', help: 'what becomes of keys without a rule' },
  showValues: { ...flag, default: false, help: 'show refused values in the cause' },
  groups: { ...listOf('names', isText), default: [], help: 'groups of class-validator that apply' },
  throws: {
    ...listOf(
      'names of your own errors',
      (name) => typeof name === 'string' && name !== '' && !isReserved(name),
    ),
    unset: 'not known',
    help: 'names that it may fail by',
  },
} as const satisfies Table<Omit<HandleOptions, 'activity' | 'input' | 'output'>>;

function isInterceptor(value: unknown): boolean {
  if (typeof value !== 'function') return false;
  const { prototype } = value as { prototype?: { intercept?: unknown } };
  return typeof prototype?.intercept === 'function';
}
