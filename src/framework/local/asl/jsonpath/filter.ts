import { equalJson, getOwn, isObject, type Json } from '../values/json.js';

/** A filter in a path, such as `[?(@.price < 10)]`. */
export interface Filter {
  readonly holds: Test;
  /** The number of operands (paths and literals) in the filter. It is the cost of testing one item. */
  readonly size: number;
}

/** Returns true if an item passes the filter. `root` is the value at which the whole path starts (`$`). */
export type Test = (item: Json, root: Json) => boolean;

/** Returns the value of one side of a comparison. Returns undefined if that side is a path that leads to no value. */
export type Operand = (item: Json, root: Json) => Json | undefined;

type Comparison = (a: Json | undefined, b: Json | undefined) => boolean;

const COMPARISONS = new Map<string, Comparison>([
  ['==', (a, b) => a !== undefined && b !== undefined && equalJson(a, b)],
  ['!=', (a, b) => a === undefined || b === undefined || !equalJson(a, b)],
  ['<', (a, b) => order(a, b) < 0],
  ['<=', (a, b) => order(a, b) <= 0],
  ['>', (a, b) => order(a, b) > 0],
  ['>=', (a, b) => order(a, b) >= 0],
]);

/**
 * Compares two numbers, or two strings: returns a negative number if `a` comes first, 0 if they are equal, otherwise a
 * positive number. Returns NaN for any other pair of values, so that `<`, `<=`, `>` and `>=` are all false.
 */
function order(a: Json | undefined, b: Json | undefined): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a !== 'string' || typeof b !== 'string') return Number.NaN;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export function comparison(operator: string, left: Operand, right: Operand): Test {
  const compare = COMPARISONS.get(operator);
  if (!compare) throw new Error(`a filter cannot compare by '${operator}'`);
  return (item, root) => compare(left(item, root), right(item, root));
}

export function exists(operand: Operand): Test {
  return (item, root) => operand(item, root) !== undefined;
}

export function constant(value: Json): Operand {
  return () => value;
}

/**
 * Returns an operand whose value is found by a path.
 * @param start `@` if the path starts at the item, `$` if it starts at the root
 */
export function valueAt(start: string, names: readonly (string | number)[]): Operand {
  return (item, root) => walk(start === '@' ? item : root, names);
}

function walk(from: Json, names: readonly (string | number)[]): Json | undefined {
  let at: Json | undefined = from;
  for (const name of names) {
    if (typeof name === 'number') at = Array.isArray(at) ? at.at(name) : undefined;
    else at = isObject(at) ? getOwn(at, name) : undefined;
    if (at === undefined) return undefined;
  }
  return at;
}
