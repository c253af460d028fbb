import { equalJson, isObject, type Json } from '../../values/json.js';
import type { Pattern } from './pattern.js';
import { readingOf, type Visits } from './search.js';
import type { Step } from './steps.js';

/** A filter in a path, such as `[?(@.price < 10)]`. */
export interface Filter {
  readonly holds: Test;
  /** The number of operands (paths and literals) in the filter. It is the least cost of testing one item. */
  readonly size: number;
}

/** The values that a filter tests. `root` is the value at which the whole path starts (`$`). */
interface Place {
  readonly item: Json;
  readonly root: Json;
  readonly visits: Visits;
}

/** Returns true if an item passes the filter. */
export type Test = (place: Place) => boolean;

/** Returns the value of one side of a comparison. Returns undefined if that side is a path that leads to no value. */
export type Operand = (place: Place) => Json | undefined;

type Value = Json | undefined;
type Comparison = (a: Value, b: Value, visits: Visits) => boolean;

/**
 * The operators that compare two values, as in Jayway JsonPath: `==` takes a number and a string with the same number
 * for equal, and `===` doesn't.
 */
const COMPARISONS = new Map<string, Comparison>([
  ['==', equal],
  ['!=', (a, b) => !equal(a, b)],
  ['===', (a, b) => typeof a === typeof b && equal(a, b)],
  ['!==', (a, b) => typeof a !== typeof b || !equal(a, b)],
  ['<', (a, b) => order(a, b) < 0],
  ['<=', (a, b) => order(a, b) <= 0],
  ['>', (a, b) => order(a, b) > 0],
  ['>=', (a, b) => order(a, b) >= 0],
  ['in', isIn],
  ['nin', (a, b, visits) => !isIn(a, b, visits)],
  ['subsetof', lists((a, b, visits) => a.every((each) => isIn(each, b, visits)))],
  ['anyof', lists((a, b, visits) => a.some((each) => isIn(each, b, visits)))],
  ['noneof', lists((a, b, visits) => !a.some((each) => isIn(each, b, visits)))],
  ['contains', contains],
  ['size', (a, b) => typeof b === 'number' && lengthOf(a) === Math.trunc(b)],
  ['empty', (a, b) => typeof b === 'boolean' && isEmpty(a) === b],
]);

/** The words among the operators. Upper and lower case are the same. */
export const WORDS: ReadonlySet<string> = new Set([...COMPARISONS.keys()].filter((name) => /^\w/.test(name)));

/** The operators of Jayway that the local service doesn't have. Text in a path can't give them a right side. */
export const WORDS_NOT_HERE: ReadonlySet<string> = new Set(['all', 'type', 'matches']);

function equal(a: Value, b: Value): boolean {
  if (a === undefined || b === undefined) return false;
  if (typeof a === 'number' && typeof b === 'string') return b.trim() !== '' && Number(b) === a;
  if (typeof a === 'string' && typeof b === 'number') return a === String(b);
  return equalJson(a, b);
}

/**
 * Compares two numbers, or two strings: returns a negative number if `a` comes first, 0 if they are equal, otherwise a
 * positive number. Returns NaN for any other pair of values, so that `<`, `<=`, `>` and `>=` are all false.
 */
function order(a: Value, b: Value): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a !== 'string' || typeof b !== 'string') return Number.NaN;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function isIn(value: Value, list: Value, visits: Visits): boolean {
  if (!Array.isArray(list)) return false;
  visits.add(1 + list.length);
  return list.some((each) => equal(value, each));
}

function lists(compare: (a: Json[], b: Json[], visits: Visits) => boolean): Comparison {
  return (a, b, visits) => Array.isArray(a) && Array.isArray(b) && compare(a, b, visits);
}

function contains(value: Value, part: Value, visits: Visits): boolean {
  if (typeof value !== 'string') return isIn(part, value, visits);
  visits.addText(value);
  return typeof part === 'string' && value.includes(part);
}

function lengthOf(value: Value): number | undefined {
  return typeof value === 'string' || Array.isArray(value) ? value.length : undefined;
}

function isEmpty(value: Value): boolean | undefined {
  if (isObject(value)) return Object.keys(value).length === 0;
  const length = lengthOf(value);
  return length === undefined ? undefined : length === 0;
}

/** @throws Error if there is no such operator */
export function comparison(operator: string, left: Operand, right: Operand): Test {
  const compare = COMPARISONS.get(operator);
  if (!compare) throw new Error(`a filter cannot compare by '${operator}'`);
  return (place) => compare(left(place), right(place), place.visits);
}

/** The operator `=~`. As in Jayway, the whole text must match, or one text of a list. */
export function matching(operand: Operand, pattern: Pattern): Test {
  return (place) => {
    const value = operand(place);
    const texts = Array.isArray(value) ? value : [value];
    return texts.some((each) => pattern(textOf(each), place.visits));
  };
}

function textOf(value: Value): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** Returns true for a path that leads to a value. A path that can lead to many must lead to one at least. */
export function exists(operand: Operand, many: boolean): Test {
  return (place) => {
    const value = operand(place);
    return value !== undefined && (!many || (Array.isArray(value) && value.length > 0));
  };
}

export function constant(value: Json): Operand {
  return () => value;
}

/**
 * Returns an operand whose value is found by a path.
 * @param start `@` if the path starts at the item, `$` if it starts at the root
 */
export function valueAt(start: string, steps: readonly Step[]): Operand {
  const read = readingOf(steps);
  return ({ item, root, visits }) => read(start === '@' ? item : root, visits);
}
