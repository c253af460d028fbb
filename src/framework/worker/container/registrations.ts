import type { DependencyContainer, InjectionToken, Lifecycle, Provider } from 'tsyringe';
import type { Store, StoreMonitor } from '../../base/store.js';
import type { Clock } from '../../base/time/clock.js';
import type { Constructor } from '../../declare/class.js';
import type { TaskContext } from '../../declare/task-context.js';

/**
 * The injection token of the {@link TaskContext}. Use it in a class that is made for each task (`scope: 'task'`), and
 * in the classes that this class needs.
 */
export const TASK_CONTEXT: InjectionToken<TaskContext> = Symbol.for('stepwright:task-context');

/** The injection token of the clock that the worker or the test bed uses. @default the machine's time */
export const CLOCK: InjectionToken<Clock> = Symbol.for('stepwright:clock');

/**
 * The injection token of a function that returns random numbers from 0 up to, but not including, 1. @default
 * Math.random
 */
export const RANDOM: InjectionToken<() => number> = Symbol.for('stepwright:random');

/** The injection token of the listener that is told of errors of stores. @default none */
export const STORE_MONITOR: InjectionToken<StoreMonitor> = Symbol.for('stepwright:store-monitor');

/**
 * The injection token of a function that returns the store to use instead of one that a class was made with. A test bed
 * returns its own store in memory. @default returns the same store
 */
export const STORE_FOR: InjectionToken<(store: Store) => Store> = Symbol.for('stepwright:store-for');

/** One provider that was registered for a token in a container, with its options. */
export interface Registered {
  readonly provider: Provider<unknown>;
  readonly options: { readonly lifecycle: Lifecycle };
}

/**
 * tsyringe's internal list of registrations, which is read because tsyringe has no public one. Only this file uses it.
 */
interface Registry {
  entries(): Iterable<[InjectionToken, Registered[]]>;
  setAll(token: InjectionToken, list: Registered[]): void;
}

const registryOf = (container: DependencyContainer): Registry => Reflect.get(container, '_registry');

/** Returns what is registered in this container itself, not in its parents. */
export function registrations(container: DependencyContainer): [InjectionToken, Registered[]][] {
  return [...registryOf(container).entries()].filter(([, list]) => list.length > 0);
}

/**
 * Returns what is registered for a token, the oldest first: in this container or, if it has nothing, in its nearest
 * ancestor that has something.
 */
export function registrationsOf(container: DependencyContainer, token: InjectionToken): Registered[] {
  const found = registrations(container).find(([registered]) => registered === token);
  if (found) return found[1];
  const parent: DependencyContainer | undefined = Reflect.get(container, 'parent');
  return parent ? registrationsOf(parent, token) : [];
}

/**
 * Returns the registration that resolving a token uses: the last one in this container or, if it has none, in its
 * nearest ancestor that has one.
 */
export const registrationOf = (
  container: DependencyContainer,
  token: InjectionToken,
): Registered | undefined => registrationsOf(container, token).at(-1);

/** A provider to register, and the token to register it for. */
export interface Registration {
  readonly token: InjectionToken;
  readonly provider: Provider<unknown>;
}

/**
 * Registers providers. For each of their tokens, everything that the container itself had registered is removed first,
 * so `@injectAll` gets only the new ones.
 */
export function replace(container: DependencyContainer, list: readonly Registration[]): void {
  const registry = registryOf(container);
  for (const { token } of list) registry.setAll(token, []);
  for (const { token, provider } of list) container.register(token, provider as never);
}

/** Returns the instances with a method `dispose` that a container has made, the oldest first. */
export function disposablesOf(container: DependencyContainer): { dispose(): unknown }[] {
  const disposables: Set<{ dispose(): unknown }> = Reflect.get(container, 'disposables');
  return [...disposables];
}

/** Returns a container's instance of a class. The first call makes it; later calls return the same instance. */
export function resolveOnce<T>(container: DependencyContainer, type: Constructor<T>): T {
  if (!container.isRegistered(type, true)) container.registerSingleton(type);
  return container.resolve(type);
}
