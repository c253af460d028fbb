import type { DependencyContainer, InjectionToken, Lifecycle, Provider } from 'tsyringe';
import type { Constructor } from '../../../declare/class.js';

export interface Registered {
  readonly provider: Provider<unknown>;
  readonly options: { readonly lifecycle: Lifecycle };
}

/** tsyringe has no public way to see what is registered; this file alone knows its inside. */
interface Registry {
  entries(): Iterable<[InjectionToken, Registered[]]>;
}

/** Everything registered in this very container. */
export function registrations(container: DependencyContainer): [InjectionToken, Registered[]][] {
  const registry: Registry = Reflect.get(container, '_registry');
  return [...registry.entries()].filter(([, list]) => list.length > 0);
}

/** What a token is resolved from: the nearest container's last registration. */
export function registrationOf(
  container: DependencyContainer,
  token: InjectionToken,
): Registered | undefined {
  const found = registrations(container).find(([registered]) => registered === token);
  if (found) return found[1].at(-1);
  const parent: DependencyContainer | undefined = Reflect.get(container, 'parent');
  return parent && registrationOf(parent, token);
}

/** What a container has made and would dispose, in the order it was made. */
export function disposablesOf(container: DependencyContainer): { dispose(): unknown }[] {
  const disposables: Set<{ dispose(): unknown }> = Reflect.get(container, 'disposables');
  return [...disposables];
}

/** The one instance of a class in a container. */
export function resolveOnce<T>(container: DependencyContainer, type: Constructor<T>): T {
  if (!container.isRegistered(type, true)) container.registerSingleton(type);
  return container.resolve(type);
}
