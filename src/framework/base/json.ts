import { PAYLOAD_LIMIT_BYTES } from './size.js';

/**
 * Returns true for an object that only has keys and values. Returns false for a Map, a Date, or an instance of a class.
 */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // The object may come from another realm, such as a `vm` context, which has its own Object.prototype.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Returns the value of a JSON text; undefined if the text isn't JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Returns the message of a failure, if its cause has the form in which workers and Lambda write it: JSON with an
 * `errorMessage`. Returns any other cause unchanged.
 */
export function messageIn(cause: string): string {
  const value = parseJson(cause);
  const message = isPlainObject(value) ? value['errorMessage'] : undefined;
  return typeof message === 'string' ? message : cause;
}

/** If a text has more bytes in UTF-8 than `limit`, returns their number. Otherwise returns undefined. */
export function bytesBeyondLimit(text: string, limit: number = PAYLOAD_LIMIT_BYTES): number | undefined {
  // A UTF-16 code unit takes at most three bytes, so for most texts the bytes needn't be counted.
  if (text.length * 3 <= limit) return undefined;
  const bytes = Buffer.byteLength(text);
  return bytes > limit ? bytes : undefined;
}

/** Thrown if the JSON of a value would be longer than allowed. */
export class TooLong extends Error {}

/**
 * Writes a value as JSON, with each BigInt as a string. Stops writing as soon as the text is too long.
 * @throws TooLong, and the errors of `JSON.stringify`
 */
export function toJson(value: unknown, limit: number): string | undefined {
  let least = 0;
  const text = JSON.stringify(value, (key, each: unknown) => {
    least += each === undefined ? 0 : key.length + (typeof each === 'string' ? each.length : 0);
    if (least > limit) throw new TooLong();
    return typeof each === 'bigint' ? String(each) : each;
  }) as string | undefined;
  if (text !== undefined && text.length > limit) throw new TooLong();
  return text;
}
