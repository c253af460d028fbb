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
