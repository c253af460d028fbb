import { turn } from '../../../base/time/turn.js';
import { measure } from '../values/json.js';
import { quickMatches } from './regexp.js';

/**
 * The limits of one evaluation. An evaluation that exceeds one of them fails, before the value is made where that can
 * be foreseen.
 */
export interface Limits {
  /** The most items in a list. */
  readonly items: number;
  /** The most items in all lists together that the steps of the evaluation return. */
  readonly allItems: number;
  /** The most characters in a string, and in all strings and keys of a value. */
  readonly chars: number;
  /** The most values inside a value; a value that occurs twice counts twice. */
  readonly nodes: number;
  /** The most items of a list that a function compares pair by pair. */
  readonly pairs: number;
  /** The most items of a list that a function sorts. */
  readonly sorted: number;
  /**
   * Returns, for the pattern of a regular expression, a test of the length of a text: true where the text may be
   * matched.
   */
  readonly mayMatch: (pattern: string) => (chars: number) => boolean;
  /** Returns true where the evaluation has no time left. Called every few steps. */
  readonly isOver: () => boolean;
}

/** Thrown where an evaluation reaches one of its limits. */
export class LimitReached extends Error {
  override readonly name = 'LimitReached';

  constructor(readonly what: 'time' | 'size') {
    super(
      what === 'time'
        ? 'The expression takes too long to evaluate.'
        : 'The expression takes too much memory to evaluate.',
    );
  }
}

/** The deepest nesting of an evaluation. */
const MAX_DEPTH = 1_000;
/** The steps between two checks of the time. */
const STEPS_BETWEEN_LOOKS = 64;

/** The limits on the main thread. An evaluation that exceeds one of them starts again in a thread. */
export const ON_MAIN: Limits = {
  items: 150_000,
  allItems: 1_000_000,
  chars: 1_048_576,
  nodes: 200_000,
  pairs: 500,
  sorted: 5_000,
  mayMatch: quickMatches,
  isOver: () => turn.busyMs() > 30,
};

/** The limits in a thread, which is terminated when its time is over. */
export const IN_THREAD: Limits = {
  items: 1_000_000,
  allItems: 20_000_000,
  chars: 16_777_216,
  nodes: 2_000_000,
  pairs: 100_000,
  sorted: 1_000_000,
  mayMatch: () => () => true,
  isOver: () => false,
};

/** The steps, the nesting and the items that an evaluation has come to so far. */
interface Usage {
  steps: number;
  depth: number;
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
 * again.
 */
export function watchFrames(limits: Limits): (enclosing: Frame, frame: Frame) => void {
  const enter = (usage: Usage): undefined => {
    usage.depth++;
    if (++usage.steps % STEPS_BETWEEN_LOOKS === 0 && limits.isOver()) throw new LimitReached('time');
    if (usage.depth > MAX_DEPTH) throw new Error('The expression is nested or recurses too deeply.');
    return undefined;
  };
  const leave = (node: Node, _input: unknown, { usage }: Frame, result: unknown): void => {
    if (!usage) return;
    usage.depth--;
    if (typeof result === 'string') {
      if (result.length > limits.chars) throw new LimitReached('size');
    } else if (typeof result === 'object' && result !== null) checkSize(node, result, usage, limits);
  };
  const watch = (enclosing: Frame, frame: Frame): void => {
    const usage = enclosing.usage ?? { steps: 0, depth: 0, items: 0 };
    const { lookup } = frame;
    frame.usage = usage;
    frame.lookup = (name) => {
      if (name === ENTER) return enter(usage);
      if (name === LEAVE) return leave;
      return name === NEW_FRAME ? watch : lookup(name);
    };
  };
  return watch;
}

function checkSize(node: Node, result: object, usage: Usage, limits: Limits): void {
  if (Array.isArray(result)) {
    usage.items += result.length;
    if (result.length > limits.items || usage.items > limits.allItems) throw new LimitReached('size');
  }
  const isNew = NEW_VALUE_TYPES.has(node.type ?? '') || node.group !== undefined || 'sequence' in result;
  if (!isNew) return;
  if (!measure(result, limits.nodes, limits.chars)) throw new LimitReached('size');
  if (limits.isOver()) throw new LimitReached('time');
}

/** A built-in function of the library. */
interface Builtin {
  readonly implementation: (...args: unknown[]) => unknown;
  readonly signature?: unknown;
}

/** Returns true where the arguments of a call are within the limits. */
type Check = (args: readonly unknown[], limits: Limits) => boolean;

const lengthOf = (value: unknown): number =>
  typeof value === 'string' || Array.isArray(value) ? value.length : 0;

const short: Check = (args) => args.every((arg) => lengthOf(arg) <= 1_000);
const unsharedWithin: Check = ([value], { nodes, chars }) => measure(value, nodes, chars);
/**
 * Allows a lambda on a list of any length, since its steps are counted, and a built-in function on at most `sorted`
 * items.
 */
const fewOrLambda: Check = ([list, fn], { sorted }) => isLambda(fn) || lengthOf(list) <= sorted;

function isLambda(value: unknown): boolean {
  return typeof value === 'object' && value !== null && '_jsonata_lambda' in value;
}

function joins([list, separator]: readonly unknown[], { chars }: Limits): boolean {
  let total = 0;
  for (const item of Array.isArray(list) ? (list as unknown[]) : []) {
    total += lengthOf(item) + lengthOf(separator);
    if (total > chars) return false;
  }
  return true;
}

/**
 * Returns true where the text stays within the limit even if the pattern matches as often as it can; a regular
 * expression may match once for each character.
 */
function replaces([text, pattern, by]: readonly unknown[], { chars }: Limits): boolean {
  const times = lengthOf(text) / (typeof pattern === 'string' ? Math.max(pattern.length, 1) : 1);
  return lengthOf(text) + times * lengthOf(by) <= chars;
}

/** The checks of the built-in functions that can take long, or return large values, for small arguments. */
const CHECKS: Readonly<Record<string, Check>> = {
  pad: ([, width], { chars }) => Math.abs(Number(width)) <= chars,
  join: joins,
  replace: replaces,
  split: ([text], { items }) => lengthOf(text) <= items,
  sort: ([list], { sorted }) => lengthOf(list) <= sorted,
  distinct: ([list], { pairs }) => lengthOf(list) <= pairs,
  map: fewOrLambda,
  filter: fewOrLambda,
  single: fewOrLambda,
  reduce: fewOrLambda,
  string: unsharedWithin,
  clone: unsharedWithin,
  formatNumber: short,
  formatInteger: short,
  parseInteger: short,
  fromMillis: short,
  toMillis: short,
};

/** Returns the functions that CHECKS names, each with its check before the call. */
export function guardedFunctions(builtins: Frame, limits: Limits): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(CHECKS).map(([name, check]) => [
      name,
      guard(builtins.lookup(name) as Builtin, (args) => {
        if (!check(args, limits)) throw new LimitReached('size');
      }),
    ]),
  );
}

function guard(builtin: Builtin, check: (args: readonly unknown[]) => void): Builtin {
  const { implementation } = builtin;
  const guarded = function (this: unknown, ...args: unknown[]): unknown {
    check(args);
    return implementation.apply(this, args);
  };
  // The library reads how many parameters a function has, and their names from its text.
  Object.defineProperty(guarded, 'length', { value: implementation.length });
  Object.defineProperty(guarded, 'toString', { value: () => implementation.toString() });
  return { ...builtin, implementation: guarded };
}
