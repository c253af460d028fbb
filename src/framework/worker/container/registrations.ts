import type { DependencyContainer, InjectionToken, Lifecycle, Provider } from 'tsyringe';
import type { Constructor } from '../../declare/class.js';

/** One entry that was registered for a token in a container. */
export interface Registered {
  readonly provider: Provider<unknown>;
  readonly options: { readonly lifecycle: Lifecycle };
}

/** tsyringe's private list of registrations, since it has no public one. Only this file uses it. */
interface Registry {
  entries(): Iterable<[InjectionToken, Registered[]]>;
  setAll(token: InjectionToken, list: Registered[]): void;
}

const registryOf = (container: DependencyContainer): Registry => Reflect.get(container, '_registry');

/** Returns what is registered in this container itself, not in its parents. */
export function registrations(container: DependencyContainer): [InjectionToken, Registered[]][] {
  return [...registryOf(container).entries()].filter(([, list]) => list.length > 0);
}

/** Returns the registrations of a token in the nearest container that has any, in the order in which they were made. */
export function registrationsOf(container: DependencyContainer, token: InjectionToken): Registered[] {
  const found = registrations(container).find(([registered]) => registered === token);
  if (found) return found[1];
  const parent: DependencyContainer | undefined = Reflect.get(container, 'parent');
  return parent ? registrationsOf(parent, token) : [];
}

/** Returns the registration by which a token is resolved: the last one in the nearest container that has any. */
export const registrationOf = (
  container: DependencyContainer,
  token: InjectionToken,
): Registered | undefined => registrationsOf(container, token).at(-1);

/** A token and a provider for it. */
export interface Registration {
  readonly token: InjectionToken;
  readonly provider: Provider<unknown>;
}

/** Registers providers in place of all that the container had for their tokens, also for `@injectAll`. */
export function replace(container: DependencyContainer, list: readonly Registration[]): void {
  const registry = registryOf(container);
  for (const { token } of list) registry.setAll(token, []);
  for (const { token, provider } of list) container.register(token, provider as never);
}

/** Returns the disposable instances that a container has made, the oldest first. */
export function disposablesOf(container: DependencyContainer): { dispose(): unknown }[] {
  const disposables: Set<{ dispose(): unknown }> = Reflect.get(container, 'disposables');
  return [...disposables];
}

/** Returns the only instance of a class in a container. The first call makes it. */
export function resolveOnce<T>(container: DependencyContainer, type: Constructor<T>): T {
  if (!container.isRegistered(type, true)) container.registerSingleton(type);
  return container.resolve(type);
}
