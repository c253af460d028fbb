import { turn } from '../../../base/time/turn.js';
import { measure } from '../values/json.js';
import { quickMatches } from './regexp.js';

/** What one evaluation may come to. Beyond it the evaluation ends, before the value is made where that can be told. */
export interface Limits {
  /** Items of a list. */
  readonly items: number;
  /** Items of all the lists that its steps gave. */
  readonly allItems: number;
  /** Characters of a string, and of all that a value holds. */
  readonly chars: number;
  /** Places in a value, one that is held twice counted twice. */
  readonly places: number;
  /** Items that a function may compare with each other: all pairs, and to sort them. */
  readonly pairs: number;
  readonly sorted: number;
  /** Says of a regular expression whether it may look at so many characters. */
  readonly mayMatch: (pattern: string) => (chars: number) => boolean;
  /** Whether there is no time left. Asked now and then. */
  readonly isOver: () => boolean;
}

/** An evaluation came to one of its limits. */
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

/** How deep an evaluation may nest. */
const MAX_DEPTH = 1_000;
/** How many steps go by between two looks at the time. */
const STEPS_BETWEEN_LOOKS = 64;

/** Of one evaluation on the main thread: beyond them it goes on in a thread of its own. */
export const ON_MAIN: Limits = {
  items: 150_000,
  allItems: 1_000_000,
  chars: 1_048_576,
  places: 200_000,
  pairs: 500,
  sorted: 5_000,
  mayMatch: quickMatches,
  isOver: () => turn.busyMs() > 30,
};

/** In a thread, which is ended when its time is over. */
export const IN_THREAD: Limits = {
  items: 1_000_000,
  allItems: 20_000_000,
  chars: 16_777_216,
  places: 2_000_000,
  pairs: 100_000,
  sorted: 1_000_000,
  mayMatch: () => () => true,
  isOver: () => false,
};

/** What an evaluation has used so far. */
interface Usage {
  steps: number;
  depth: number;
  items: number;
}

/** Under which names the library looks for who watches its steps, and its frames of variables. */
const ENTER = Symbol.for('jsonata.__evaluate_entry');
const LEAVE = Symbol.for('jsonata.__evaluate_exit');
export const NEW_FRAME = Symbol.for('jsonata.__createFrame_push');

/** A frame of variables of the library: one for an evaluation, and one in it for each block, call and the like. */
export interface Frame {
  lookup: (name: unknown) => unknown;
  /** Ours. */
  usage?: Usage;
}

interface Node {
  readonly type?: string;
  readonly group?: unknown;
}

/** The kinds of node whose result is a new value, and not one that was there before. */
const MAKERS = new Set(['unary', 'function', 'apply', 'descendant', 'wildcard']);

/**
 * What the library is to call with each new frame. It looks for who watches before every step, which is where a step is
 * counted: it would wait for whoever it finds, and take half as long again.
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
  const isNew = MAKERS.has(node.type ?? '') || node.group !== undefined || 'sequence' in result;
  if (!isNew) return;
  if (!measure(result, limits.places, limits.chars)) throw new LimitReached('size');
  if (limits.isOver()) throw new LimitReached('time');
}

/** A function of the library. */
interface Builtin {
  readonly implementation: (...args: unknown[]) => unknown;
  readonly signature?: unknown;
}

/** Says whether a call is within the limits, from its arguments. */
type Check = (args: readonly unknown[], limits: Limits) => boolean;

const lengthOf = (value: unknown): number =>
  typeof value === 'string' || Array.isArray(value) ? value.length : 0;

const short: Check = (args) => args.every((arg) => lengthOf(arg) <= 1_000);
const unsharedWithin: Check = ([value], { places, chars }) => measure(value, places, chars);
/** What a lambda does is counted step by step; what a function of the library does is not. */
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

/** Of a text with itself in mind: what is found may be as often as there are characters. */
function replaces([text, pattern, by]: readonly unknown[], { chars }: Limits): boolean {
  const times = lengthOf(text) / (typeof pattern === 'string' ? Math.max(pattern.length, 1) : 1);
  return lengthOf(text) + times * lengthOf(by) <= chars;
}

/** The functions of the library that can take long, or make much, of little. */
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

/** The functions of the library that can take long, each with its check before it. */
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
