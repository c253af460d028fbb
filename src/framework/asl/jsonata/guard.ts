import type jsonata from 'jsonata';
import { weigh } from '../values/json.js';
import { type Depths, LimitReached, MOST_BYTES } from './limits.js';

/**
 * The names of functions that are called only by expressions that `rewrite` has changed. An
 * expression can't contain such a name, since it contains a NUL character.
 */
export const MEMBER = '\u0000member';
export const FIRST = '\u0000first';

/** The names of the properties that every JavaScript object inherits, such as `constructor`. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));

/**
 * Turns names in a parsed expression that would reach JavaScript's own objects into calls of our function MEMBER, and the
 * first number of a range into one of FIRST. Lists the steps of paths in JOINED.
 */
export function rewrite(expression: jsonata.Expression): void {
  visit(expression.ast(), new Set());
}

function visit(value: unknown, seen: Set<unknown>): void {
  if (typeof value !== 'object' || value === null || value instanceof RegExp || seen.has(value)) return;
  seen.add(value);
  for (const inner of Object.values(value)) visit(inner, seen);
  if (!Array.isArray(value)) change(value as NamedNode);
}

const called = (name: string, ...given: unknown[]): NamedNode => ({
  type: 'function',
  value: '(',
  arguments: given,
  procedure: { type: 'variable', value: name },
});

function change(node: NamedNode): void {
  if (Array.isArray(node['steps'])) for (const step of node['steps'] as object[]) JOINED.set(step, 0);
  if (node.type === 'binary' && node.value === '..') node['lhs'] = called(FIRST, node['lhs']);
  if (node.type !== 'name' || !INHERITED.has(String(node.value))) return;
  Object.assign(node, called(MEMBER, { type: 'variable', value: '' }, { type: 'string', value: node.value }));
}

interface NamedNode {
  [key: string]: unknown;
  type?: string;
  value?: unknown;
}

/** The number of steps between two checks of the time. */
const STEPS_BETWEEN_CHECKS = 64;

/**
 * The names under which the JSONata library looks up its hooks: functions that it calls at the start (ENTER) and end
 * (LEAVE) of each step, and for each new frame of variables (NEW_FRAME).
 */
const ENTER = Symbol.for('jsonata.__evaluate_entry');
const LEAVE = Symbol.for('jsonata.__evaluate_exit');
export const NEW_FRAME = Symbol.for('jsonata.__createFrame_push');

/** A frame is the JSONata library's store for the variables of one scope: a block, a call of a function and so on. */
interface Frame {
  lookup: (name: unknown) => unknown;
  /** The nesting depth at which the function that this frame belongs to was called. @default 0 */
  base?: number;
}

interface Node {
  readonly type?: string;
  readonly group?: unknown;
  readonly steps?: readonly Node[];
}

/**
 * The types of syntax node whose result is a new value. All other nodes return a value that exists already, so its size
 * needn't be checked again.
 */
const NEW_VALUE_TYPES = new Set(['unary', 'function', 'apply', 'descendant', 'wildcard']);

/**
 * Returns the function to register as the NEW_FRAME hook of an expression. It replaces the `lookup` of each new
 * frame. The library calls `lookup(ENTER)` before each step, and would await a hook that is returned: evaluations
 * would take half as long again.
 * @param depths undefined if the expression can't be nested too deeply
 * @param isOver returns true if the evaluation has used up its time. @default it is ended from outside
 */
export function watchFrames(
  depths: Depths | undefined,
  isOver: (() => boolean) | undefined,
): (enclosing: Frame, frame: Frame) => void {
  let steps = 0;
  const onFrame = (enclosing: Frame, frame: Frame): void => {
    const { lookup } = frame;
    frame.base = enclosing.base ?? 0;
    frame.lookup = (name) => {
      if (name === ENTER) {
        if (isOver && ++steps % STEPS_BETWEEN_CHECKS === 0 && isOver()) throw new LimitReached('time');
        depths?.entering(frame.base ?? 0);
        return undefined;
      }
      if (name === LEAVE) return leave;
      if (name === NEW_FRAME) return onFrame;
      const value = lookup(name);
      if (isBuiltin(value)) return replacementOf(String(name), value);
      return depths ? depths.called(value) : value;
    };
  };
  return onFrame;
}

/**
 * The number of items that each step of a path has returned for all items of the step before. The library joins them at once, in a
 * loop that nothing can end: V8 would end the process.
 */
const JOINED = new WeakMap<object, number>();

function leave(node: Node, _input: unknown, _frame: Frame, result: unknown): void {
  if (typeof result === 'string') {
    if (result.length > MOST_BYTES) throw new LimitReached('size');
  } else if (typeof result === 'object' && result !== null) {
    const before = Array.isArray(result) ? JOINED.get(node) : undefined;
    if (before !== undefined) JOINED.set(node, before + (result as unknown[]).length);
    if (Number(before) > MOST_BYTES / 2) throw new LimitReached('size');
    const isNew = NEW_VALUE_TYPES.has(node.type ?? '') || node.group !== undefined || 'sequence' in result;
    if (isNew && !weigh(result, MOST_BYTES)) throw new LimitReached('size');
  }
  for (const step of node.steps ?? []) JOINED.set(step, 0);
}

function isBuiltin(value: unknown): value is Builtin {
  return typeof value === 'object' && value !== null && '_jsonata_function' in value;
}

/** A built-in function of the JSONata library. */
interface Builtin {
  readonly implementation: (...args: unknown[]) => unknown;
  readonly signature?: unknown;
}

type Implementation = (builtin: Builtin['implementation'], args: unknown[]) => unknown;

/** The built-in functions that behave otherwise at the live service than in the library. */
const OTHERS: Readonly<Record<string, Implementation>> = {
  // The library's own throw a RangeError for a long list, because each item of it is passed as a separate argument.
  max: (_max, [list]) => furthest(list, (a, b) => a > b),
  min: (_min, [list]) => furthest(list, (a, b) => a < b),
  string: (_string, [value, prettify]) => {
    if (!weigh(value, MOST_BYTES)) throw new LimitReached('size');
    return textOf(value, prettify === true);
  },
  pad: (pad, args) => {
    if (Math.abs(Number(args[1])) > MOST_BYTES) throw new LimitReached('size');
    return pad(...args);
  },
  base64decode: (decode, args) => {
    const [text] = args;
    // The library would decode as much of it as possible.
    if (typeof text === 'string' && !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new Error('not Base64');
    return decode(...args);
  },
  formatNumber: (format, args) => formatted(() => format(...args)),
};

const replaced = new WeakMap<Builtin, Builtin>();

/** Returns the function that is called instead of a built-in one, which is mostly itself. */
function replacementOf(name: string, builtin: Builtin): Builtin {
  const other = Object.hasOwn(OTHERS, name) ? OTHERS[name] : undefined;
  if (!other) return builtin;
  const known = replaced.get(builtin);
  if (known) return known;
  const { implementation } = builtin;
  const instead = function (this: unknown, ...args: unknown[]): unknown {
    return other(implementation.bind(this), args);
  };
  // The library reads the number of a function's parameters, and their names from its source text.
  Object.defineProperty(instead, 'length', { value: implementation.length });
  Object.defineProperty(instead, 'toString', { value: () => implementation.toString() });
  const made = { ...builtin, implementation: instead };
  replaced.set(builtin, made);
  replaced.set(made, made);
  return made;
}

function furthest(list: unknown, isBetter: (a: number, b: number) => boolean): number | undefined {
  if (!Array.isArray(list) || list.length === 0) return undefined;
  let [best] = list as number[];
  for (const each of list as number[]) if (best === undefined || isBetter(each, best)) best = each;
  return best;
}

/**
 * Calls `format`. If the picture (the number format) contains no digit, the library throws a TypeError, which is
 * replaced here by the error that the live service shows.
 */
function formatted(format: () => unknown): unknown {
  try {
    return format();
  } catch (error) {
    if (error instanceof TypeError) throw Object.assign(error, { code: 'D3086' });
    throw error;
  }
}

/**
 * The function `$string` as in Step Functions: like the library's own, except that the digits of a whole number aren't
 * rounded. Any other number has at most fifteen digits. Measured at the live service.
 */
function textOf(value: unknown, prettify = false): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  if (isFunction(value)) return '';
  if (typeof value === 'number' && !Number.isFinite(value)) throw libraryError('D3001', { value });
  return JSON.stringify(unwrapped(value), shownInText, prettify ? 2 : 0);
}

function shownInText(_key: string, value: unknown): unknown {
  if (typeof value !== 'number') return isFunction(value) ? '' : value;
  if (!Number.isFinite(value)) throw libraryError('D1001', { value });
  return Number.isInteger(value) ? value : Number(value.toPrecision(15));
}

/** The library puts a list that is the input of a whole expression into another list. */
function unwrapped(value: unknown): unknown {
  return Array.isArray(value) && 'outerWrapper' in value ? (value as unknown[])[0] : value;
}

/** Returns true if a value is a function: the library's object for one that is built in or defined in an expression, too. */
export function isFunction(value: unknown): boolean {
  if (typeof value === 'function') return true;
  return (
    typeof value === 'object' &&
    value !== null &&
    ('_jsonata_function' in value || '_jsonata_lambda' in value)
  );
}

/** Creates an error with a code of the JSONata library. The library adds the message that belongs to the code. */
export function libraryError(code: string, details: object): Error {
  return Object.assign(new Error(code), { code, ...details });
}
