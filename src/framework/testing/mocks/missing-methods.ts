import { types } from 'node:util';
import type { InjectionToken } from 'tsyringe';

/** The prototypes that `withMissingMethods` has made. */
const made = new WeakSet<object>();

/**
 * Adds the missing methods to a plain object that stands in for a class. Each of them throws an error that names the
 * class and the method. The methods are put into a new prototype of the object, so that the object and its own properties
 * stay the same. Any other stand-in, such as an instance of a class or a proxy that a mocking library made, is returned
 * unchanged.
 */
export function withMissingMethods<T>(token: InjectionToken, standIn: T): T {
  if (typeof token !== 'function' || !isPlain(standIn)) return standIn;
  const type = token as { readonly name: string; readonly prototype?: unknown };
  const missing = [...methodsOf(type.prototype)].filter((name) => !(name in standIn));
  if (missing.length === 0) return standIn;
  const prototype: object = Object.create(Object.getPrototypeOf(standIn));
  for (const name of missing)
    Object.defineProperty(prototype, name, { value: missingMethod(type.name, name), configurable: true });
  made.add(prototype);
  // This does nothing to a frozen object. Calling a missing method of it throws JavaScript's own TypeError.
  Reflect.setPrototypeOf(standIn, prototype);
  return standIn;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    prototype === Object.prototype ||
    (typeof prototype === 'object' && prototype !== null && made.has(prototype))
  );
}

/**
 * Methods that other code looks for on any value, such as `then` when a value is awaited. They are not added, because the
 * value would then be treated differently.
 */
const ASKED_OF_ANYTHING: ReadonlySet<string> = new Set(['constructor', 'then', 'toJSON']);

/** Returns the names of the methods of a class and of its base classes. */
function* methodsOf(prototype: unknown): Generator<string> {
  if (typeof prototype !== 'object' || prototype === null || prototype === Object.prototype) return;
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype)))
    if (typeof value === 'function' && !ASKED_OF_ANYTHING.has(name)) yield name;
  yield* methodsOf(Object.getPrototypeOf(prototype));
}

const missingMethod = (type: string, name: string) => (): never => {
  throw new TypeError(
    `the mock of ${type} has no method '${name}'\nFix: write it: [${type}, { ${name}: () => … }]`,
  );
};
