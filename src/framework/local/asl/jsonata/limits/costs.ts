import { measure } from '../../values/json.js';
import { readsTime, writesInteger, writesNumber, writesTime } from './pictures.js';

/**
 * Estimates how long a call of a built-in function takes with these arguments: the most steps, of about ten nanoseconds
 * each. Returns infinity if the arguments don't tell.
 */
type Cost = (args: readonly unknown[]) => number;

/** The most steps that one call may take on the main thread, which is about 10 ms. */
const CALL_STEPS = 1_000_000;

const lengthOf = (value: unknown): number =>
  typeof value === 'string' || Array.isArray(value) ? value.length : 0;
const provided = (isKnown: boolean, steps = 1_000): number => (isKnown ? steps : Number.POSITIVE_INFINITY);

const once: Cost = () => 100;
const byLength: Cost = (args) => args.reduce<number>((sum, arg) => sum + lengthOf(arg), 100);
/**
 * The cost of a function that visits all values nested in its argument. Each visit takes about a hundred nanoseconds.
 */
const inDepth: Cost = ([value]) => {
  for (const nodes of [10, 100, 1_000, 10_000]) if (measure(value, nodes, nodes * 10)) return nodes * 10;
  return provided(measure(value, CALL_STEPS / 20, CALL_STEPS / 2), CALL_STEPS / 2);
};
/**
 * The cost of searching for one string in another. If the function is given a regular expression instead, `matchMs`
 * checks its cost later, when it is matched.
 */
const search: Cost = ([text, part]) => lengthOf(text) * Math.min(Math.max(lengthOf(part), 8), 250) + 100;
const sort: Cost = ([list]) => lengthOf(list) * Math.log2(lengthOf(list) + 1) * 10 + 100;
/** The cost of comparing each item of a list with each other item. A comparison visits all values in the two items. */
const compareAll: Cost = ([list]) =>
  provided(measure(list, Math.min(CALL_STEPS / Math.max(lengthOf(list), 1) / 2, 50_000), 100_000));

/** The cost of joining strings, which is the most characters that the result can have. */
const join: Cost = ([list, separator]) => {
  let chars = 100;
  for (const item of Array.isArray(list) ? (list as unknown[]) : [])
    chars += lengthOf(item) + lengthOf(separator);
  return chars;
};

/** The cost of `$replace`. A regular expression is assumed to match at every character. */
const replace: Cost = (args) => {
  const [text, pattern, by] = args;
  const times = lengthOf(text) / (typeof pattern === 'string' ? Math.max(pattern.length, 1) : 1);
  return search(args) + times * lengthOf(by);
};

/**
 * The cost of each built-in function. Functions that aren't listed are never called on the main thread: an expression
 * that calls one is evaluated in a thread.
 */
const COSTS: Readonly<Record<string, Cost>> = {
  sum: byLength,
  count: once,
  max: byLength,
  min: byLength,
  average: byLength,
  string: inDepth,
  substring: byLength,
  substringBefore: search,
  substringAfter: search,
  lowercase: byLength,
  uppercase: byLength,
  length: byLength,
  trim: (args) => byLength(args) * 10,
  pad: ([text, width]) => lengthOf(text) + Math.abs(Number(width)) * 10,
  match: (args) => byLength(args) * 20,
  contains: search,
  replace,
  split: (args) => search(args) * 2,
  join,
  formatNumber: ([, picture, options]) => provided(options === undefined && writesNumber(picture)),
  formatBase: once,
  formatInteger: ([, picture]) => provided(writesInteger(picture)),
  number: byLength,
  floor: once,
  ceil: once,
  round: once,
  abs: once,
  sqrt: once,
  power: once,
  boolean: inDepth,
  not: inDepth,
  map: byLength,
  zip: (args) => args.length * Math.max(...args.map(lengthOf)) * 10 + 100,
  filter: byLength,
  single: byLength,
  reduce: byLength,
  sift: inDepth,
  keys: inDepth,
  lookup: byLength,
  append: byLength,
  exists: once,
  spread: inDepth,
  merge: inDepth,
  reverse: byLength,
  each: inDepth,
  error: once,
  assert: once,
  type: once,
  sort,
  shuffle: (args) => byLength(args) * 10,
  distinct: compareAll,
  base64encode: (args) => byLength(args) * 10,
  base64decode: (args) => byLength(args) * 10,
  encodeUrlComponent: (args) => byLength(args) * 10,
  encodeUrl: (args) => byLength(args) * 10,
  decodeUrlComponent: (args) => byLength(args) * 10,
  decodeUrl: (args) => byLength(args) * 10,
  toMillis: ([text, picture]) => provided(readsTime(text, picture)),
  fromMillis: ([, picture]) => provided(writesTime(picture)),
  clone: inDepth,
  now: ([picture]) => provided(writesTime(picture)),
  millis: once,
  partition: byLength,
  range: ([from, to, by]) => Math.abs((Number(to) - Number(from)) / Number(by)) * 2 || 100,
  hash: (args) => byLength(args) * 5,
  random: once,
  uuid: () => 1_000,
  parse: (args) => byLength(args) * 10,
};

/** The milliseconds that a step takes. */
const STEP_MS = 10 / CALL_STEPS;

/**
 * Returns the most milliseconds that a call of a built-in function takes; infinity if it isn't certain to take at most
 * 10 ms.
 */
export function callMs(name: string, args: readonly unknown[]): number {
  const cost = Object.hasOwn(COSTS, name) ? COSTS[name] : undefined;
  const steps = cost?.(args) ?? Number.POSITIVE_INFINITY;
  return steps <= CALL_STEPS ? steps * STEP_MS : Number.POSITIVE_INFINITY;
}
