import '../../base/reflect-metadata.js';
import {
  container as root,
  Lifecycle,
  type DependencyContainer,
  type InjectionToken,
  type Provider,
} from 'tsyringe';
import { systemClock } from '../../base/time/clock.js';
import { userFrame } from '../../declare/discovery/load.js';
import { StartError } from '../../base/errors.js';
import { show } from '../../base/show.js';
import { registrations, type Registered } from './registrations.js';
import { CLOCK, RANDOM } from './tokens.js';

export type Setup = (container: DependencyContainer) => void | Promise<void>;

/** A provider that replaces one of `setup`, such as a bed's mock. */
export interface Registration {
  readonly token: InjectionToken;
  readonly provider: Provider<unknown>;
}

/**
 * Makes the container of one worker, one thread or process of a pool, or one bed. The container includes what is
 * registered globally, and has an instance of its own of each `@singleton()`.
 * @param setup registers the user's providers
 * @param registrations are added after `setup`, and win
 * @throws StartError with SETUP_FAILED when `setup` throws
 */
export async function createContainer(
  setup?: Setup,
  registrations: readonly Registration[] = [],
): Promise<DependencyContainer> {
  const own = root.createChildContainer();
  for (const [token, entries] of globalSingletons()) {
    for (const { provider, options } of entries) own.register(token, provider as never, options);
  }
  own.register(CLOCK, { useValue: systemClock });
  own.register(RANDOM, { useValue: Math.random });
  await runSetup(own, setup);
  for (const { token, provider } of registrations) own.register(token, provider as never);
  return own;
}

/**
 * Returns the global singletons, each of which the container registers for itself: tsyringe would keep the instances in
 * the global registration, where the next worker or bed would find them with this one's dependencies.
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
    const frame = error instanceof Error ? userFrame(error.stack ?? '') : undefined;
    const thrown = error instanceof Error ? `${error.name}: ${error.message}` : show(error);
    const what = frame === undefined ? thrown : `${thrown} (${frame})`;
    throw new StartError(
      [
        {
          code: 'SETUP_FAILED',
          where: 'setup',
          what: `it threw ${what}`,
          fix: 'if it needs a service or a variable, see that it is there; else correct `setup` in the config, or what it calls. It runs once, before the first task',
        },
      ],
      { cause: error },
    );
  }
}
