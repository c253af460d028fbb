/** Returns true for an object of keys and values: no Map, no Date, no instance of a class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // A prototype of another realm counts as well.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
