/** The type of any class, whatever arguments its constructor takes. */
// oxlint-disable-next-line typescript/no-explicit-any -- the widest constructor there is; it is never called with arguments of ours
export type Constructor<T = unknown> = new (...args: any[]) => T;

/** Returns true for a function or class that is built into JavaScript or Node. Such a class can't be used as a DTO. */
export function isBuiltIn(type: unknown): boolean {
  if (typeof type !== 'function') return false;
  if (/\{\s*\[native code\]\s*\}\s*$/.test(Function.prototype.toString.call(type))) return true;
  return Reflect.get(globalThis, type.name) === type;
}
