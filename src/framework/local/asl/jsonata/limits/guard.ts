import { turn } from '../../../../base/time/turn.js';
import { measure, weigh } from '../../values/json.js';
import { callMs } from './costs.js';
import type { Depths } from './depth.js';
import { textOf } from './text.js';
import { quickMatches, type MatchMs } from './regexp.js';

/**
 * The limits for the evaluation of one expression. The evaluation fails when it exceeds one of them, where possible
 * before a value that is too large is created.
 */
export interface Limits {
  /**
   * The most bytes in one value. A character counts as one byte; a number, a list and an object as eight bytes each.
   * Seen at the live service: a range of 873,782 numbers is accepted, a longer one is rejected. A string of 4,194,304
   * characters is accepted, one of twice that length is rejected.
   */
  readonly bytes: number;
  /** The most items in all lists that the steps of the evaluation return, added up. */
  readonly allItems: number;
  /** The most milliseconds that matching a regular expression takes. */
  readonly matchMs: MatchMs;
  /**
   * Returns the milliseconds that a call of the built-in function `name` of JSONata takes with these arguments; infinity
   * if it may not be called.
   */
  readonly callMs: (name: string, args: readonly unknown[]) => number;
  /** Returns true if the evaluation has used up its time. Called every few steps. */
  readonly isOver: () => boolean;
}

/**
 * Thrown when an evaluation exceeds one of its limits. The messages for memory and nesting are those of the live
 * service; the message for time is that of the JSONata library.
 */
export class LimitReached extends Error {
  override readonly name = 'LimitReached';

  constructor(readonly what: keyof typeof LIMIT_TEXTS) {
    super(LIMIT_TEXTS[what]);
  }
}

export const LIMIT_TEXTS = {
  time: 'Expression evaluation timeout: Check for infinite loop',
  size: 'Expression evaluation memory limit exceeded: Check for excessive memory usage',
  depth:
    'Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive',
} as const;

/** The number of steps between two checks of the time. */
const STEPS_BETWEEN_LOOKS = 8;

/** The most bytes in one value, as observed at the live service. */
const MOST_BYTES = 6_990_256;

/**
 * The limits for an evaluation on the main thread. Built-in functions are called, and regular expressions matched, only
 * if that is certain to be quick. An evaluation that exceeds a limit is started again in a thread.
 */
export const ON_MAIN: Limits = {
  bytes: 1_000_000,
  allItems: 1_000_000,
  matchMs: quickMatches,
  callMs,
  isOver: () => turn.busyMs() > 30,
};

/**
 * The limits for an evaluation in a worker thread. There is no limit of time here, because the main thread terminates a
 * worker that has used up its processor time.
 */
export const IN_THREAD: Limits = {
  bytes: MOST_BYTES,
  allItems: 20_000_000,
  matchMs: () => () => 0,
  callMs: () => 0,
  isOver: () => false,
};

/**
 * The steps that an evaluation has executed so far, the number of items in all lists that these steps have returned,
 * and the milliseconds that the calls of built-in functions and the matches of regular expressions take.
 */
interface Usage {
  steps: number;
  items: number;
  callMs: number;
}

/**
 * The milliseconds that an evaluation takes before its first step, and those of one step and of one item of a list, with
 * the garbage that they leave. Measured for expressions of many kinds. A step whose depth is measured takes longer.
 */
const EVALUATION_MS = 0.005;
const STEP_MS = 0.0006;
const DEEP_STEP_MS = 0.0015;
const ITEM_MS = 0.00005;

/**
 * The names under which the JSONata library looks up its hooks: functions that it calls at the start (ENTER) and end
 * (LEAVE) of each step, and for each new frame of variables (NEW_FRAME).
 */
const ENTER = Symbol.for('jsonata.__evaluate_entry');
const LEAVE = Symbol.for('jsonata.__evaluate_exit');
export const NEW_FRAME = Symbol.for('jsonata.__createFrame_push');

/**
 * A frame is the JSONata library's store for the variables of one scope. An evaluation has one frame for itself, and
 * one inside it for each block, each function call and so on.
 */
export interface Frame {
  lookup: (name: unknown) => unknown;
  /**
   * The steps and items that the evaluation has used so far. All frames of the evaluation share this object. Set by
   * `watchFrames`.
   */
  usage?: Usage;
  /** The nesting depth at which the function that this frame belongs to was called. @default 0 */
  base?: number;
}

interface Node {
  readonly type?: string;
  readonly group?: unknown;
}

/**
 * The types of syntax node whose result is a new value. All other nodes return a value that exists already, so its size
 * needn't be checked again.
 */
const NEW_VALUE_TYPES = new Set(['unary', 'function', 'apply', 'descendant', 'wildcard']);

/** The watch over the evaluations of one expression. */
export interface Watch {
  /**
   * The function to register as the NEW_FRAME hook. The library calls it with each new frame, and it replaces the
   * frame's `lookup`.
   */
  readonly onFrame: (enclosing: Frame, frame: Frame) => void;
  /**
   * Called right after an evaluation was started. Returns a function that returns the milliseconds of processor time
   * that this evaluation has taken so far, computed from its work.
   */
  started(): () => number;
}

/** The evaluation that runs at present: the last one to begin a step. Its calls and matches are synchronous. */
export interface Present {
  usage: Usage | undefined;
}

/**
 * Returns the watch over an expression.
 *
 * The library calls `lookup(ENTER)` before every step, so the steps are counted there. It returns undefined and not a
 * hook, because the library would await the hook, and evaluations would take half as long again. `lookup` also replaces
 * each built-in function by one that checks the limits.
 * @param depths measures the nesting; undefined if the expression can't be nested too deeply
 * @param present is told which evaluation takes a step
 */
export function watchFrames(limits: Limits, depths: Depths | undefined, present: Present): Watch {
  let latest: Usage = { steps: 0, items: 0, callMs: 0 };
  const stepMs = depths ? DEEP_STEP_MS : STEP_MS;
  const guarded = new Map<unknown, Builtin>();
  const step = (usage: Usage): void => {
    present.usage = usage;
    if (++usage.steps % STEPS_BETWEEN_LOOKS === 0 && limits.isOver()) throw new LimitReached('time');
  };
  const leave = (node: Node, _input: unknown, { usage }: Frame, result: unknown): void => {
    if (!usage) return;
    if (typeof result === 'string') {
      if (result.length > limits.bytes) throw new LimitReached('size');
    } else if (typeof result === 'object' && result !== null) checkSize(node, result, usage, limits);
  };
  const guard = (name: string, builtin: Builtin): Builtin => {
    let made = guarded.get(builtin);
    if (!made) guarded.set(builtin, (made = guardBuiltin(name, builtin, limits, step)));
    return made;
  };
  const onFrame = (enclosing: Frame, frame: Frame): void => {
    const usage = enclosing.usage ?? (latest = { steps: 0, items: 0, callMs: 0 });
    const { lookup } = frame;
    frame.usage = usage;
    frame.base = enclosing.base ?? 0;
    frame.lookup = (name) => {
      if (name === ENTER) {
        step(usage);
        depths?.entering(frame.base ?? 0);
        return undefined;
      }
      if (name === LEAVE) return leave;
      if (name === NEW_FRAME) return onFrame;
      const value = lookup(name);
      if (isBuiltin(value)) return guard(String(name), value);
      return depths ? depths.called(value) : value;
    };
  };
  return {
    onFrame,
    started: () => {
      const usage = latest;
      return () => EVALUATION_MS + usage.steps * stepMs + usage.items * ITEM_MS + usage.callMs;
    },
  };
}

function checkSize(node: Node, result: object, usage: Usage, limits: Limits): void {
  if (Array.isArray(result)) {
    usage.items += result.length;
    if (usage.items > limits.allItems) throw new LimitReached('size');
  }
  const isNew = NEW_VALUE_TYPES.has(node.type ?? '') || node.group !== undefined || 'sequence' in result;
  if (!isNew) return;
  if (!weigh(result, limits.bytes)) throw new LimitReached('size');
  if (limits.isOver()) throw new LimitReached('time');
}

/** A built-in function of the JSONata library. */
interface Builtin {
  readonly implementation: (...args: unknown[]) => unknown;
  readonly signature?: unknown;
  readonly guarded?: true;
}

function isBuiltin(value: unknown): value is Builtin {
  return typeof value === 'object' && value !== null && '_jsonata_function' in value && !('guarded' in value);
}

function guardBuiltin(name: string, builtin: Builtin, limits: Limits, step: (usage: Usage) => void): Builtin {
  const implementation = INSTEAD[name] ?? builtin.implementation;
  const guarded = function (this: { environment?: Frame } | undefined, ...args: unknown[]): unknown {
    const usage = this?.environment?.usage;
    const callMs = limits.callMs(name, args);
    if (!Number.isFinite(callMs)) throw new LimitReached('time');
    if (usage) {
      step(usage);
      usage.callMs += callMs;
    }
    if (makesTooMuch(name, args, limits.bytes)) throw new LimitReached('size');
    if (name === 'base64decode') checkBase64(args[0]);
    return name === 'formatNumber'
      ? formatted(() => implementation.apply(this, args))
      : implementation.apply(this, args);
  };
  // The library reads the number of a function's parameters, and their names from its source text.
  Object.defineProperty(guarded, 'length', { value: implementation.length });
  Object.defineProperty(guarded, 'toString', { value: () => implementation.toString() });
  return { ...builtin, implementation: guarded, guarded: true };
}

const lengthOf = (value: unknown): number =>
  typeof value === 'string' || Array.isArray(value) ? value.length : 0;

/**
 * Returns true if a call would return more than `bytes` although its arguments are small, such as `$pad` with a huge
 * width.
 */
function makesTooMuch(name: string, [first, second, third]: readonly unknown[], bytes: number): boolean {
  if (name === 'pad') return Math.abs(Number(second)) > bytes;
  if (name === 'join' && Array.isArray(first)) {
    let chars = 0;
    for (const item of first as unknown[]) chars += lengthOf(item) + lengthOf(second);
    return chars > bytes;
  }
  if (name === 'replace') {
    // A regular expression may match once for each character.
    const times = lengthOf(first) / (typeof second === 'string' ? Math.max(second.length, 1) : 1);
    return lengthOf(first) + times * lengthOf(third) > bytes;
  }
  return (name === 'string' || name === 'clone') && !measure(first, bytes, bytes);
}

/**
 * Replacements for built-in functions of the library. Its own `$max` and `$min` throw a RangeError for a long list,
 * because each item of it is passed as a separate argument.
 */
const INSTEAD: Readonly<Record<string, (...args: unknown[]) => unknown>> = {
  max: (list) => furthest(list, (a, b) => a > b),
  min: (list) => furthest(list, (a, b) => a < b),
  string: (value, prettify = false) => textOf(value, prettify === true),
};

/**
 * Throws if a string isn't valid Base64, as the live service does. The library would decode as much of it as possible.
 */
function checkBase64(text: unknown): void {
  if (typeof text === 'string' && !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new Error('not Base64');
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
