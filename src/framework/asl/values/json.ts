import { bytesBeyondLimit } from '../../base/json.js';

/**
 * A JSON value. Code must never change a value in place. It makes a changed copy instead, which shares the unchanged
 * parts with the original.
 */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Sets an object's own property. A plain assignment to `__proto__` would set the prototype instead. */
export function setOwn(target: JsonObject, key: string, value: Json): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  } else target[key] = value;
}

/** Returns an object's own property; undefined if the property is inherited or absent. */
export function getOwn(source: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(source, key) ? source[key] : undefined;
}

/**
 * The deepest nesting of a JSON text. Code that visits a value recursively would overflow the stack for a deeper one.
 */
export const MAX_DEPTH = 1_000;
export const TOO_DEEP = `JSON is nested more than ${MAX_DEPTH} levels deep`;

/** Parses JSON. @throws SyntaxError if the text isn't JSON, or is nested too deeply */
export function readJson(text: string): Json {
  const value = JSON.parse(text) as Json;
  if (isTooDeep(value, text)) throw new SyntaxError(TOO_DEEP);
  return value;
}

/** Returns true if a value, whose JSON this is, is nested deeper than MAX_DEPTH. */
export const isTooDeep = (value: Json, text: string): boolean =>
  text.length > MAX_DEPTH && isDeeper(value, MAX_DEPTH);

function isDeeper(value: Json, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1));
}

/** Parses JSON like `readJson`, but returns undefined instead of throwing. */
export function parseJson(text: string): Json | undefined {
  try {
    return readJson(text);
  } catch {
    return undefined;
  }
}

/**
 * Returns true if two values are the same JSON. The order of keys doesn't matter, and -0 is 0. `visits` gets the number
 * of values that are compared inside them.
 */
export function equalJson(a: Json, b: Json, visits?: { add(count: number): void }): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    visits?.add(a.length);
    return a.every((each, at) => equalJson(each, b[at] ?? null, visits));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const [keys, others] = [Object.keys(a), Object.keys(b)];
  visits?.add(keys.length + others.length);
  if (keys.length !== others.length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && equalJson(a[key] ?? null, b[key] ?? null, visits));
}

/** Returns a value as text for a message: a string without quotes, any other value as JSON. */
export const bareText = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Returns the JSON of a value with all keys sorted, so that two equal values always give the same text. */
export function canonical(value: Json): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isObject(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** Returns true if a value has at most `bytes`, as `weightLeft` counts them. */
export const weigh = (value: unknown, bytes: number): boolean => weightLeft(value, bytes) >= 0;

/**
 * Returns how many of `bytes` a value leaves; a negative number if it has more. Each character of its strings and
 * keys counts as one byte, each other value inside it as eight. An object that occurs twice is counted twice.
 */
export function weightLeft(value: unknown, bytes: number): number {
  if (typeof value === 'string') return bytes - value.length;
  if (typeof value !== 'object' || value === null) return bytes;
  const open: unknown[] = [value];
  let left = bytes + VALUE_BYTES;
  while (open.length > 0) {
    const each = open.pop();
    left -= typeof each === 'string' ? each.length : VALUE_BYTES;
    if (left < 0 || (Array.isArray(each) && each.length > left)) return -1;
    if (Array.isArray(each)) for (const item of each) open.push(item);
    else if (typeof each === 'object' && each !== null)
      for (const key in each) {
        left -= key.length;
        open.push((each as Record<string, unknown>)[key]);
      }
  }
  return left;
}

const VALUE_BYTES = 8;

export const isTooLarge = (text: string): boolean => bytesBeyondLimit(text) !== undefined;
