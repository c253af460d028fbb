import type { Kind } from '../../../declare/dto/kinds.js';
import type { Violation } from '../outcome/own-errors.js';

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
const KEY_LIMIT = 80;

/**
 * The path to a value inside an input or output, as a linked list from the value to the outermost object. A text is
 * made of it only if the value is rejected.
 */
export interface ValuePath {
  /** The path of the object or array that contains the value; undefined if that is the outermost one. */
  readonly within: ValuePath | undefined;
  /** The value's key (a string) or its index (a number). */
  readonly step: string | number;
}

/** Returns a path as text: `items[2].price`, `a["odd key"]`, or an empty text for the whole value. */
export function showPath(path: ValuePath | undefined): string {
  if (!path) return '';
  const before = showPath(path.within);
  const { step } = path;
  if (typeof step === 'number') return `${before}[${step}]`;
  const shown = step.length > KEY_LIMIT ? `${step.slice(0, KEY_LIMIT)}…` : step;
  if (!IDENTIFIER.test(shown)) return `${before}[${JSON.stringify(shown)}]`;
  return before === '' ? shown : `${before}.${shown}`;
}

/** Returns a violation whose message begins with the value's path, such as `items[2].price must be a number`. */
export function violationAt(path: ValuePath | undefined, rule: string, fault: string): Violation {
  const shown = showPath(path);
  return { path: shown, rule, message: `${shown === '' ? 'the value' : shown} ${fault}` };
}

/** Returns the violation for a value that isn't of the required kind (type). */
export const kindViolation = (path: ValuePath | undefined, { rule, expected }: Kind): Violation =>
  violationAt(path, rule, `must be ${expected}`);

/** The indexes in the JSON array of the elements of a Set, for a Set that has fewer elements than the array. */
const positions = new WeakMap<ReadonlySet<unknown>, readonly number[]>();

/** Makes a Set from the elements of a JSON array. {@link mapParts} knows the indexes that they had. */
export function setOf(elements: readonly unknown[]): Set<unknown> {
  const first = new Map<unknown, number>();
  for (const [index, each] of elements.entries()) if (!first.has(each)) first.set(each, index);
  const set = new Set(first.keys());
  if (set.size < elements.length) positions.set(set, [...first.values()]);
  return set;
}

/**
 * Replaces each part of a value by what a function returns for it: each element of an array or a set, each value of a
 * map, or else the value itself. A DTO's property may have no other collection.
 */
export function mapParts(
  value: unknown,
  path: ValuePath | undefined,
  change: (part: unknown, path: ValuePath | undefined) => unknown,
): unknown {
  const element = (part: unknown, index: number): unknown => change(part, { within: path, step: index });
  if (Array.isArray(value)) return value.map(element);
  if (value instanceof Set) {
    const indexes = positions.get(value);
    return new Set([...value].map((part, index) => element(part, indexes?.[index] ?? index)));
  }
  if (!(value instanceof Map)) return change(value, path);
  return new Map([...value].map(([key, part]) => [key, change(part, { within: path, step: String(key) })]));
}
