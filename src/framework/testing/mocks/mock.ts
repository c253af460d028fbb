import { types } from 'node:util';
import type { DependencyContainer, InjectionToken, Provider } from 'tsyringe';
import type { Registration } from '../../worker/container/registrations.js';
import type { Mock, MockOptions, StandIn } from './stand-in.js';

/**
 * Returns an item for the list `mocks`. The compiler checks that the mock has the type of what the token injects.
 * @param token a class, or an `InjectionToken<T>`
 * @param standIn an object, which may lack members, or a class, a factory or a provider
 */
export function mock<const Token extends InjectionToken>(
  token: Token,
  standIn: StandIn<Token>,
  options: MockOptions = {},
): Mock<Token> {
  return [token, standIn, options];
}

export function asRegistration([token, standIn]: Mock): Registration {
  return { token, provider: providerOf(token, standIn) };
}

function providerOf(token: InjectionToken, standIn: unknown): Provider<unknown> {
  if (isProvider(standIn)) return completed(token, standIn);
  if (isClass(standIn)) return { useClass: standIn };
  if (typeof token === 'function' && isFactory(standIn)) return completed(token, { useFactory: standIn });
  return completed(token, { useValue: standIn });
}

/**
 * Returns a provider that adds the missing methods to plain objects that it provides as mocks of a class, by
 * `withMissingMethods`.
 */
function completed(token: InjectionToken, provider: Provider<unknown>): Provider<unknown> {
  if ('useFactory' in provider)
    return { useFactory: (container) => withMissingMethods(token, provider.useFactory(container)) };
  if (!('useValue' in provider)) return provider;
  const value = withMissingMethods(token, provider.useValue);
  // tsyringe treats `useValue: undefined` as if there were no value, so a factory is used.
  return value === undefined ? { useFactory: () => undefined } : { useValue: value };
}

const PROVIDER_KEYS = ['useValue', 'useClass', 'useFactory', 'useToken'];

function isProvider(value: unknown): value is Provider<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && PROVIDER_KEYS.includes(keys[0] ?? '');
}

function isClass(value: unknown): value is new () => unknown {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
}

function isFactory(value: unknown): value is (container: DependencyContainer) => unknown {
  return typeof value === 'function';
}

/** The prototypes that `withMissingMethods` has created. */
const made = new WeakSet<object>();

/**
 * Adds the methods that a plain object lacks as a mock of a class. Calling such a method throws an error that names the
 * class and the method. They are put into a new prototype, so that the object keeps its identity and its own
 * properties. Any other mock, such as an instance of a class or a mocking library's proxy, is returned unchanged.
 */
function withMissingMethods<T>(token: InjectionToken, standIn: T): T {
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
 * Methods that JavaScript or Node look for on any object, such as `then` when a value is awaited. If these were added,
 * the mock would be treated differently, so they aren't.
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
