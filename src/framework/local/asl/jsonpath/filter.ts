import { equalJson, getOwn, isObject, type Json } from '../values/json.js';

/** A filter in a path, such as `[?(@.price < 10)]`. */
export interface Filter {
  readonly holds: Test;
  /** The number of operands that the filter reads for each item. */
  readonly size: number;
}

/** Tests an item. `root` is the value in which the whole path begins. */
export type Test = (item: Json, root: Json) => boolean;

/** Reads one side of a comparison; undefined if that side is a path that leads to nothing. */
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
 * Returns a negative number if `a` is before `b`, 0 if they are equal, and a positive number if `a` is after `b`.
 * Returns NaN if they have no order; any comparison of NaN with 0 is false.
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
 * Returns an operand that reads the value at a path.
 * @param start `@` if the path begins in the item, `$` if it begins in the root
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
