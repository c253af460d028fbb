import { measure } from '../../values/json.js';
import { readsTime, writesInteger, writesNumber, writesTime } from './pictures.js';

/**
 * Returns the steps, of some ten nanoseconds each, that a call of a function takes at most; infinitely many where that
 * cannot be told from its arguments.
 */
type Cost = (args: readonly unknown[]) => number;

/** The most steps of one call on the main thread, which take some 10 ms. */
export const CALL_STEPS = 1_000_000;

const lengthOf = (value: unknown): number =>
  typeof value === 'string' || Array.isArray(value) ? value.length : 0;
const provided = (isKnown: boolean, steps = 1_000): number => (isKnown ? steps : Number.POSITIVE_INFINITY);

const once: Cost = () => 100;
const byLength: Cost = (args) => args.reduce<number>((sum, arg) => sum + lengthOf(arg), 100);
/** Of a function that goes through all values inside its argument, some hundred nanoseconds each. */
const inDepth: Cost = ([value]) => provided(measure(value, CALL_STEPS / 20, CALL_STEPS / 2), CALL_STEPS / 2);
/** Of a search for a text in a text. A regular expression is asked about its own cost. */
const search: Cost = ([text, part]) => lengthOf(text) * Math.min(Math.max(lengthOf(part), 8), 250) + 100;
const sort: Cost = ([list]) => lengthOf(list) * Math.log2(lengthOf(list) + 1) * 10 + 100;
/** Of comparing each item with each other, of as many values as all items have. */
const compareAll: Cost = ([list]) =>
  provided(measure(list, Math.min(CALL_STEPS / Math.max(lengthOf(list), 1) / 2, 50_000), 100_000));

/** The most characters that joining texts makes. */
const join: Cost = ([list, separator]) => {
  let chars = 100;
  for (const item of Array.isArray(list) ? (list as unknown[]) : [])
    chars += lengthOf(item) + lengthOf(separator);
  return chars;
};

/** A regular expression may match once for each character. */
const replace: Cost = (args) => {
  const [text, pattern, by] = args;
  const times = lengthOf(text) / (typeof pattern === 'string' ? Math.max(pattern.length, 1) : 1);
  return search(args) + times * lengthOf(by);
};

/** The functions that run on the main thread. Any other goes to a thread. */
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

/** Returns true where a call of a function is proved to take a short time. */
export function isCheap(name: string, args: readonly unknown[]): boolean {
  const cost = Object.hasOwn(COSTS, name) ? COSTS[name] : undefined;
  return cost !== undefined && cost(args) <= CALL_STEPS;
}
