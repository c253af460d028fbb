import { turn } from '../../../../base/time/turn.js';
import { measure, weigh } from '../../values/json.js';
import { isCheap } from './costs.js';
import type { Depths } from './depth.js';
import { quickMatches } from './regexp.js';

/**
 * The limits of one evaluation. An evaluation that exceeds one of them fails, before the value is made where that can
 * be foreseen.
 */
export interface Limits {
  /**
   * The most bytes of a value: eight for each number, list and object, and one for each character. Seen at the live
   * service: a range of 873,782 numbers is accepted, and one more is not; so is a text of 4,194,304 characters, but not
   * one of twice as many.
   */
  readonly bytes: number;
  /** The most items in all lists together that the steps of the evaluation return. */
  readonly allItems: number;
  /**
   * Returns, for the pattern of a regular expression, a test of the length of a text: true where the text may be
   * matched.
   */
  readonly mayMatch: (pattern: string) => (chars: number) => boolean;
  /** Returns true where a function of the library may be called with these arguments. */
  readonly mayCall: (name: string, args: readonly unknown[]) => boolean;
  /** Returns true where the evaluation has no time left. Called every few steps. */
  readonly isOver: () => boolean;
}

/**
 * Thrown where an evaluation reaches one of its limits. The texts for memory and nesting were seen in answers of the
 * live service; that for time is the library's own.
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

/** The steps between two checks of the time. */
const STEPS_BETWEEN_LOOKS = 8;

/** The most bytes of a value, seen at the live service. */
const MOST_BYTES = 6_990_256;

/**
 * The limits on the main thread, where only what is proved to be quick is run. An evaluation that exceeds one of them
 * starts again in a thread.
 */
export const ON_MAIN: Limits = {
  bytes: 1_000_000,
  allItems: 1_000_000,
  mayMatch: quickMatches,
  mayCall: isCheap,
  isOver: () => turn.busyMs() > 30,
};

/** The limits in a thread, which is terminated when its processor time is over. */
export const IN_THREAD: Limits = {
  bytes: MOST_BYTES,
  allItems: 20_000_000,
  mayMatch: () => () => true,
  mayCall: () => true,
  isOver: () => false,
};

/** The steps and the items that an evaluation has come to so far. */
interface Usage {
  steps: number;
  items: number;
}

/** The names under which the library looks up the watchers of its steps (ENTER, LEAVE) and of its new frames. */
const ENTER = Symbol.for('jsonata.__evaluate_entry');
const LEAVE = Symbol.for('jsonata.__evaluate_exit');
export const NEW_FRAME = Symbol.for('jsonata.__createFrame_push');

/** A frame of variables in the library: one for each evaluation, and inside it one for each block, call and so on. */
export interface Frame {
  lookup: (name: unknown) => unknown;
  /** The usage of the evaluation, which all its frames share; set by `watchFrames`. */
  usage?: Usage;
  /** The nesting of the evaluation where the frame's function is called. @default 0 */
  base?: number;
}

interface Node {
  readonly type?: string;
  readonly group?: unknown;
}

/** The types of syntax node that make a new value, rather than return an existing one. */
const NEW_VALUE_TYPES = new Set(['unary', 'function', 'apply', 'descendant', 'wildcard']);

/**
 * Returns the function that the library calls with each new frame. Before every step the library looks up a watcher,
 * and the step is counted in that lookup. No watcher is returned: the library would await it, which takes half as long
 * again. The functions of the library are looked up too, and are guarded there.
 * @param depths counts the nesting; undefined for an expression that cannot be nested too deeply
 */
export function watchFrames(
  limits: Limits,
  depths: Depths | undefined,
): (enclosing: Frame, frame: Frame) => void {
  const guarded = new Map<unknown, Builtin>();
  const step = (usage: Usage): void => {
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
  const watch = (enclosing: Frame, frame: Frame): void => {
    const usage = enclosing.usage ?? { steps: 0, items: 0 };
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
      if (name === NEW_FRAME) return watch;
      const value = lookup(name);
      if (isBuiltin(value)) return guard(String(name), value);
      return depths ? depths.called(value) : value;
    };
  };
  return watch;
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

/** A built-in function of the library. */
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
    if (usage) step(usage);
    if (!limits.mayCall(name, args)) throw new LimitReached('time');
    if (makesTooMuch(name, args, limits.bytes)) throw new LimitReached('size');
    if (name === 'base64decode') checkBase64(args[0]);
    return name === 'formatNumber'
      ? formatted(() => implementation.apply(this, args))
      : implementation.apply(this, args);
  };
  // The library reads how many parameters a function has, and their names from its text.
  Object.defineProperty(guarded, 'length', { value: implementation.length });
  Object.defineProperty(guarded, 'toString', { value: () => implementation.toString() });
  return { ...builtin, implementation: guarded, guarded: true };
}

const lengthOf = (value: unknown): number =>
  typeof value === 'string' || Array.isArray(value) ? value.length : 0;

/** Returns true where a function would return more than `bytes` for small arguments. */
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

/** Functions that the library gives up on for long lists, since it passes each item as an argument. */
const INSTEAD: Readonly<Record<string, (...args: unknown[]) => unknown>> = {
  max: (list) => furthest(list, (a, b) => a > b),
  min: (list) => furthest(list, (a, b) => a < b),
};

/** Refuses what is no Base64, which the library would read as far as it can. Seen at the live service. */
function checkBase64(text: unknown): void {
  if (typeof text === 'string' && !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new Error('not Base64');
}

function furthest(list: unknown, isBetter: (a: number, b: number) => boolean): number | undefined {
  if (!Array.isArray(list) || list.length === 0) return undefined;
  let [best] = list as number[];
  for (const each of list as number[]) if (best === undefined || isBetter(each, best)) best = each;
  return best;
}

/** Formats a number. The library breaks down on a picture without digits, where the live service has this message. */
function formatted(format: () => unknown): unknown {
  try {
    return format();
  } catch (error) {
    if (error instanceof TypeError) throw Object.assign(error, { code: 'D3086' });
    throw error;
  }
}
