import 'reflect-metadata';
import type { DependencyContainer, InjectionToken } from 'tsyringe';
import { container as root, Lifecycle } from '../../declare/container.js';
import { systemClock } from '../../base/time/clock.js';
import { userFrame } from '../../declare/discovery/load.js';
import { StartError } from '../../base/errors.js';
import { show } from '../../base/show.js';
import { registrations, type Registered, type Registration, replace } from './registrations.js';
import { type Store, StoreTroubles } from '../../base/store.js';
import { CLOCK, RANDOM, STORE_FOR, STORE_TROUBLES } from './tokens.js';

export type Setup = (container: DependencyContainer) => void | Promise<void>;

/**
 * Makes the container of one worker, of one thread or process of a pool, or of one test bed. It contains everything
 * that is registered globally, and has its own instance of each class with `@singleton()`.
 * @param setup registers the user's providers
 * @param own providers that replace what `setup` registers for the same tokens, such as a test bed's mocks
 * @throws StartError with SETUP_FAILED if `setup` throws
 */
export async function createContainer(
  setup?: Setup,
  own: readonly Registration[] = [],
): Promise<DependencyContainer> {
  const container = root.createChildContainer();
  for (const [token, entries] of globalSingletons()) {
    for (const { provider, options } of entries) container.register(token, provider as never, options);
  }
  container.register(CLOCK, { useValue: systemClock });
  container.register(RANDOM, { useValue: Math.random });
  container.register(STORE_FOR, { useValue: (store: Store) => store });
  container.register(STORE_TROUBLES, { useValue: new StoreTroubles(() => {}) });
  await runSetup(container, setup);
  replace(container, own);
  return container;
}

/**
 * Returns the classes and providers that are registered as singletons in tsyringe's global container. Each of our
 * containers registers them again for itself. Otherwise tsyringe would store their instances globally, and the next
 * worker or test bed would get instances that were made with this one's dependencies.
 */
function globalSingletons(): [InjectionToken, Registered[]][] {
  return registrations(root).filter(([, list]) =>
    list.some(({ options }) => options.lifecycle === Lifecycle.Singleton),
  );
}

async function runSetup(container: DependencyContainer, setup: Setup | undefined): Promise<void> {
  try {
    await setup?.(container);
  } catch (error) {
    const frame = error instanceof Error ? userFrame(error.stack ?? '') : undefined;
    const thrown = error instanceof Error ? `${error.name}: ${error.message}` : show(error);
    const what = frame === undefined ? thrown : `${thrown} (${frame})`;
    throw new StartError(
      [
        {
          code: 'SETUP_FAILED',
          where: 'setup',
          what: `it threw ${what}`,
          fix: 'if it needs a service or a variable, check that it exists; else correct `setup` in the config, or what it calls. It runs once, before the first task',
        },
      ],
      { cause: error },
    );
  }
}
