import type { DependencyContainer } from 'tsyringe';
import type { Constructor } from '../../declare/definition.js';

/** The one instance of a class in a container. */
export function resolveOnce<T>(container: DependencyContainer, type: Constructor<T>): T {
  if (!container.isRegistered(type, true)) container.registerSingleton(type);
  return container.resolve(type);
}
