import { turn } from '../../../../base/time/turn.js';
import { measure, weigh } from '../../values/json.js';
import { isCheap } from './costs.js';
import type { Depths } from './depth.js';
import { quickMatches } from './regexp.js';

/**
 * The limits of one evaluation. An evaluation that exceeds one of them fails, if possible before the large value is
 * created.
 */
export interface Limits {
  /**
   * The most bytes of a value. A number, a list and an object are counted as eight bytes each, and a character as one.
   * Seen at the live service: a range of 873,782 numbers is accepted, a longer one is rejected. A text of 4,194,304
   * characters is accepted, one of twice as many is rejected.
   */
  readonly bytes: number;
  /** The most items in all lists together that are results of the evaluation's steps. */
  readonly allItems: number;
  /**
   * Returns a test for the pattern of a regular expression. The test returns true if a text of that many characters may
   * be matched.
   */
  readonly mayMatch: (pattern: string) => (chars: number) => boolean;
  /** Returns true if the library's function may be called with these arguments. */
  readonly mayCall: (name: string, args: readonly unknown[]) => boolean;
  /** Returns true if the evaluation's time is over. Called every few steps. */
  readonly isOver: () => boolean;
}

/**
 * Thrown when an evaluation reaches one of its limits. The texts for memory and nesting were seen in answers of the
 * live service; the text for time is the library's own.
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

/** The most bytes of a value. Seen at the live service. */
const MOST_BYTES = 6_990_256;

/**
 * The limits on the main thread, if a function is called only if it is proved to be quick. If an evaluation exceeds one
 * of these limits, it is started again in a thread.
 */
export const ON_MAIN: Limits = {
  bytes: 1_000_000,
  allItems: 1_000_000,
  mayMatch: quickMatches,
  mayCall: isCheap,
  isOver: () => turn.busyMs() > 30,
};

/** The limits in a thread. The thread is terminated if the evaluation uses up its processor time. */
export const IN_THREAD: Limits = {
  bytes: MOST_BYTES,
  allItems: 20_000_000,
  mayMatch: () => () => true,
  mayCall: () => true,
  isOver: () => false,
};

/** The steps that an evaluation has made so far, and the items of the lists that it has returned. */
interface Usage {
  steps: number;
  items: number;
}

/**
 * The names under which the library looks up functions that watch its evaluation: the start (ENTER) and the end (LEAVE)
 * of each step, and each new frame (NEW_FRAME).
 */
const ENTER = Symbol.for('jsonata.__evaluate_entry');
const LEAVE = Symbol.for('jsonata.__evaluate_exit');
export const NEW_FRAME = Symbol.for('jsonata.__createFrame_push');

/**
 * A frame of variables in the library. Each evaluation has one, and inside it there is one for each block, each call
 * and so on.
 */
export interface Frame {
  lookup: (name: unknown) => unknown;
  /** The usage of the evaluation, which all its frames share. It is set by `watchFrames`. */
  usage?: Usage;
  /** How deeply the evaluation was nested when the frame's function was called. @default 0 */
  base?: number;
}

interface Node {
  readonly type?: string;
  readonly group?: unknown;
}

/** The types of syntax node that create a new value. Other nodes return an existing one. */
const NEW_VALUE_TYPES = new Set(['unary', 'function', 'apply', 'descendant', 'wildcard']);

/**
 * Returns the function that the library calls with each new frame.
 *
 * Before every step the library looks up a watcher in the frame, and the step is counted during this lookup. The lookup
 * returns no watcher, since the library would await its result, which takes half as long again. The library also looks
 * up its functions in the frame, and gets guarded ones.
 * @param depths measures the nesting; undefined if the expression can't be nested too deeply
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
  // The library reads the number of a function's parameters, and their names from its source text.
  Object.defineProperty(guarded, 'length', { value: implementation.length });
  Object.defineProperty(guarded, 'toString', { value: () => implementation.toString() });
  return { ...builtin, implementation: guarded, guarded: true };
}

const lengthOf = (value: unknown): number =>
  typeof value === 'string' || Array.isArray(value) ? value.length : 0;

/** Returns true if a function would return more than `bytes` although its arguments are small. */
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
 * Replacements for functions of the library that fail for long lists, since the library passes each item as an
 * argument.
 */
const INSTEAD: Readonly<Record<string, (...args: unknown[]) => unknown>> = {
  max: (list) => furthest(list, (a, b) => a > b),
  min: (list) => furthest(list, (a, b) => a < b),
};

/**
 * Throws if a text isn't Base64. The library would decode it as far as possible; the live service was seen to reject
 * it.
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
 * Formats a number. For a picture without digits the library throws a TypeError, which is turned into the error of the
 * live service.
 */
function formatted(format: () => unknown): unknown {
  try {
    return format();
  } catch (error) {
    if (error instanceof TypeError) throw Object.assign(error, { code: 'D3086' });
    throw error;
  }
}
