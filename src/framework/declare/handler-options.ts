import { isPlainObject } from '../base/json.js';
import type { Store } from '../base/store.js';
import type { CheckpointOptions } from './checkpoint.js';
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
  parseRate,
  positiveDuration,
  RATE_EXPECTED,
  readDigits,
  type Table,
} from './option-rules.js';

/**
 * Options of a handler. They can be set in the config's `handlers`, on `@Handle`, on `@Activity` and at the config's
 * top level. If several of these set an option, the first in this order wins. Flags and environment variables win over
 * all of them.
 */
export interface HandlerOptions {
  /** The most tasks that the handler works on at once. @default 10 */
  concurrency?: number;
  /**
   * The number of polls that are open at once: fixed, or between a minimum and a maximum. @default { min: 1, max:
   * concurrency }
   */
  pollers?: number | { min: number; max: number };
  /** The time between two heartbeats of a task, such as `'20s'`. With `false` none are sent. @default '20s' */
  heartbeat?: string | false;
  /**
   * The time that the handler may take, counted from the receipt of a task, such as `'5m'`. With `false` there is no
   * deadline. @default false
   */
  timeout?: string | false;
  /**
   * `'main'`: the handler runs on the main thread. `'thread'`: it runs in worker threads. `'process'`: it runs in child
   * processes. The handler has its own pool of these, and `concurrency` is at most the size of the pool. @default
   * 'main'
   */
  run?: 'main' | 'thread' | 'process';
  /**
   * The most tasks that begin within a time span: `'10/s'`, `'100/m'`, or `'1/30s'` (one in any 30 seconds). Each
   * process counts its own tasks. `false`: no limit.
   * @default false
   */
  rate?: string | false;
  /**
   * The place where the handler's tasks save their state with `task.checkpoint`, and the piece of work of an input:
   * `{ store, key: (input) => input.orderId, keep: '30d' }`. `false`: they can't save any.
   * @default false
   */
  checkpoint?: CheckpointOptions | false;
}

/** Options of `@Activity`. Each option applies to every handler of the class that doesn't set it on `@Handle`. */
export interface ActivityOptions extends HandlerOptions {
  /**
   * Interceptors around every handler of the class. They run inside the config's interceptors, and outside those of the
   * method.
   * @default []
   */
  interceptors?: readonly Constructor<Interceptor>[];
  /**
   * `'worker'`: one instance of the class is made for the whole worker. `'task'`: one is made for each task, in a
   * dependency container of that task. @default 'worker'
   */
  scope?: 'worker' | 'task';
}

/**
 * The type of a handler's input. A class: an instance of the class, validated by its rules. `[Class]`: an array of such
 * instances. `String`, `Number` or `Boolean`: a single value of that type. `'any'`: the parsed JSON, unchecked.
 */
export type InputOption =
  | 'any'
  | StringConstructor
  | NumberConstructor
  | BooleanConstructor
  | Constructor<object>
  | readonly [Constructor<object>];

/** The output of a handler: an instance of a class or, with `[Class]`, an array of such instances. */
export type OutputOption = Constructor<object> | readonly [Constructor<object>];

/** Options of `@Handle`. They win over options of `@Activity`, except that the interceptors of both apply. */
export interface HandleOptions<
  I extends InputOption | undefined = InputOption | undefined,
  O extends OutputOption | undefined = OutputOption | undefined,
> extends HandlerOptions {
  /**
   * The activity of this handler, or a list of activities. It replaces the class's, so that one class can serve
   * several. @default the class's activity
   */
  activity?: string | readonly string[];
  /** The type of the input. @default the type of the first parameter, if the compiler emits it */
  input?: I;
  /**
   * The class of the result. The result is validated by the rules of the class, and only the fields of the class are
   * written. @default the result is written to JSON unchecked
   */
  output?: O;
  /**
   * The fields of the result that stay beside its reference if it goes through the store of `payloads`, so that the
   * state machine still sees them. @default []
   */
  inline?: readonly string[];
  /** Interceptors around this handler. They run inside the interceptors of the config and of the class. @default [] */
  interceptors?: readonly Constructor<Interceptor>[];
  /**
   * The treatment of keys of the input for which its class has no rule. `'drop'`: they are removed. `'refuse'`: the
   * input is rejected. @default 'drop'
   */
  unknownKeys?: 'drop' | 'refuse';
  /**
   * True to show rejected values, which may be secret, in the cause of the failure `Stepwright.InvalidInput`. @default
   * false
   */
  showValues?: boolean;
  /** The groups of class-validator and class-transformer that apply to the input and the output. @default none */
  groups?: readonly string[];
  /**
   * The error names with which the handler may fail. `stepwright check` compares them with Retry and Catch.
   * @default not known
   */
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
    expected: 'a whole number such as 4, or a range MIN-MAX such as 1-8',
    read(text: string): unknown {
      const [, min, max] = /^(\d+)-(\d+)$/.exec(text) ?? [];
      return min === undefined ? readDigits(text) : { min: Number(min), max: Number(max) };
    },
  },
};

const rate = {
  expected: `${RATE_EXPECTED}, or false`,
  ok: (value: unknown): boolean => value === false || parseRate(value) !== undefined,
  text: {
    shown: 'N/s|false',
    read: (text: string): unknown => (text === 'false' || text === 'none' ? false : text),
  },
};

const CHECKPOINT_KEYS = ['store', 'key', 'keep'];
const STORE_METHODS = ['put', 'putIfAbsent', 'get', 'delete', 'list', 'replace', 'deleteIf'];

/** Returns true for a value with the methods of a `Store`. */
export function isStore(value: unknown): value is Store {
  if (typeof value !== 'object' || value === null) return false;
  return STORE_METHODS.every((name) => typeof Reflect.get(value, name) === 'function');
}

const checkpoint = {
  expected:
    '{ store, key, keep? }: a store that can replace records, a function of the input that returns a text, and a duration of 1 ms or more; or false',
  ok(value: unknown): boolean {
    if (!isPlainObject(value)) return value === false;
    const { store, key, keep } = value;
    const known = Object.keys(value).every((each) => CHECKPOINT_KEYS.includes(each));
    return (
      known &&
      isStore(store) &&
      typeof key === 'function' &&
      (keep === undefined || positiveDuration.ok(keep))
    );
  },
  keysOnly: true,
} as const;

/** The default, the check and the help text of each of the {@link HandlerOptions}. */
export const HANDLER_OPTIONS = {
  concurrency: { ...count, default: 10, help: 'how many tasks of a handler run at once' },
  pollers: {
    ...pollers,
    unset: '{ min: 1, max: concurrency }',
    help: 'how many polls of a handler are open',
  },
  heartbeat: { ...durationOrFalse, default: '20s', help: 'the time between two heartbeats of a task' },
  timeout: { ...durationOrFalse, default: false, help: 'how long a task may take' },
  run: { ...oneOf('main', 'thread', 'process'), default: 'main', help: 'where a handler runs' },
  rate: { ...rate, default: false, help: 'how many tasks of a handler may begin' },
  checkpoint: { ...checkpoint, default: false, help: 'where tasks save their state' },
} as const satisfies Table<HandlerOptions>;

/**
 * The default, the check and the help text of the option `interceptors`. At the config's top level, the interceptors
 * run around every handler.
 */
export const INTERCEPTORS = {
  ...listOf('classes with an intercept(task, next) method', isInterceptor),
  fix: 'give the class itself, not an instance, and have it implement Interceptor: `async intercept(task: InterceptedTask, next: () => Promise<unknown>) { return next(); }`; a class that shows as undefined is not defined yet when the decorator runs: move it above this one',
  default: [],
  help: 'classes around every handler',
} as const;

/** The default, the check and the help text of each of the {@link ActivityOptions}. */
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

/**
 * The default, the check and the help text of each of the {@link HandleOptions}, except `activity`, `input` and
 * `output`, which are read elsewhere.
 */
export const HANDLE_OPTIONS = {
  ...HANDLER_OPTIONS,
  interceptors: INTERCEPTORS,
  unknownKeys: { ...oneOf('drop', 'refuse'), default: 'drop', help: 'what becomes of keys without a rule' },
  showValues: { ...flag, default: false, help: 'show refused values in the cause' },
  groups: { ...listOf('names', isText), default: [], help: 'groups of class-validator that apply' },
  inline: {
    ...listOf("names of the result's own fields", isFieldName),
    default: [],
    help: 'fields that stay beside a reference',
  },
  throws: {
    ...listOf(
      'names of your own errors',
      (name) => typeof name === 'string' && name !== '' && !isReserved(name),
    ),
    unset: 'not known',
    help: 'names that it may fail by',
  },
} as const satisfies Table<Omit<HandleOptions, 'activity' | 'input' | 'output'>>;

/** True for the name of a field that can stand beside a reference, whose own key is `$stepwright`. */
function isFieldName(value: unknown): boolean {
  return isText(value) && value !== '$stepwright' && value !== '__proto__';
}

function isInterceptor(value: unknown): boolean {
  if (typeof value !== 'function') return false;
  const { prototype } = value as { prototype?: { intercept?: unknown } };
  return typeof prototype?.intercept === 'function';
}
