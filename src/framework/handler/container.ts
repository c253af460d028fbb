import 'reflect-metadata';
import {
  container as root,
  Lifecycle,
  type DependencyContainer,
  type InjectionToken,
  type Provider,
} from 'tsyringe';
import type { Constructor, HandlerDefinition } from '../declare/definition.js';
import type { Interceptor } from '../declare/interceptor.js';
import { StartError, type Problem } from '../errors.js';
import { dependencyProblems } from './dependencies.js';
import { registrations, type Registered } from './registry.js';

export type Setup = (container: DependencyContainer) => void | Promise<void>;

/** A provider that replaces what is there, such as a bed's mock. */
export interface Registration {
  readonly token: InjectionToken;
  readonly provider: Provider<unknown>;
}

/**
 * Makes the container of one worker or one bed. What was registered globally is there too, and each
 * `@singleton()` gets an instance of its own.
 * @param setup registers the user's providers. @param registrations come after it, and win.
 * @throws StartError with SETUP_FAILED when `setup` throws.
 */
export async function createContainer(
  setup?: Setup,
  registrations: readonly Registration[] = [],
): Promise<DependencyContainer> {
  const own = root.createChildContainer();
  for (const [token, entries] of globalSingletons()) {
    for (const { provider, options } of entries) own.register(token, provider as never, options);
  }
  await runSetup(own, setup);
  for (const { token, provider } of registrations) own.register(token, provider as never);
  return own;
}

/**
 * Whether everything that the handlers need can be made, with the reason where it can't. Makes the instances.
 * @param globalInterceptors those of the config.
 */
export function resolveProblems(
  definitions: readonly HandlerDefinition[],
  container: DependencyContainer,
  globalInterceptors: readonly Constructor<Interceptor>[] = [],
): Problem[] {
  const wanted = new Map<Constructor, string>();
  for (const each of globalInterceptors) wanted.set(each, `${each.name} (interceptors)`);
  for (const { target, name, interceptors } of definitions) {
    wanted.set(target, target.name);
    for (const each of interceptors) wanted.set(each, `${each.name} (interceptor of ${name})`);
  }
  return [...wanted].flatMap(([type, where]) => {
    const problems = dependencyProblems(type, where, container);
    return problems.length > 0 ? problems : failedResolution(type, where, container);
  });
}

function failedResolution(type: Constructor, where: string, container: DependencyContainer): Problem[] {
  try {
    resolveOnce(container, type);
    return [];
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    return [
      {
        code: 'DEPENDENCY_UNRESOLVED',
        where,
        what,
        fix: /unregistered dependency token/.test(what)
          ? 'register the token in `setup` of the config: container.register(token, { useValue: … })'
          : 'mend what the innermost reason says; providers are registered in `setup` of the config',
      },
    ];
  }
}

/** The one instance of a class in a container. */
export function resolveOnce<T>(container: DependencyContainer, type: Constructor<T>): T {
  if (!container.isRegistered(type, true)) container.registerSingleton(type);
  return container.resolve(type);
}

/**
 * tsyringe keeps the instance of a global singleton in the global registration, where the next worker or bed
 * would find it, with this one's dependencies in it.
 */
function globalSingletons(): [InjectionToken, Registered[]][] {
  return registrations(root).filter(([, list]) =>
    list.some(({ options }) => options.lifecycle === Lifecycle.Singleton),
  );
}

async function runSetup(own: DependencyContainer, setup: Setup | undefined): Promise<void> {
  try {
    await setup?.(own);
  } catch (error) {
    const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new StartError(
      [
        {
          code: 'SETUP_FAILED',
          where: 'setup',
          what: `it threw ${what}`,
          fix: 'mend `setup` in the config; it runs once, before the first task',
        },
      ],
      { cause: error },
    );
  }
}
