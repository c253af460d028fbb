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
