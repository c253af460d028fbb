import type { DependencyContainer, InjectionToken, Provider } from 'tsyringe';
import type { Constructor } from '../../declare/class.js';
import { dependenciesOf } from '../../worker/container/dependencies.js';
import {
  CLOCK,
  RANDOM,
  type Registration,
  registrationsOf,
  TASK_CONTEXT,
} from '../../worker/container/registrations.js';
import { asRegistration } from './mock.js';

/**
 * Returns a mock for a dependency, in any form that `mocks` accept. If it returns undefined, the real dependency is
 * used, and the function is called again for each dependency of the real one.
 */
export type Mocker = (token: InjectionToken) => unknown;

/** The dependencies that `mockRest` must know about. */
export interface Unmocked {
  /** The classes under test. They are not mocked. */
  readonly roots: ReadonlySet<Constructor>;
  /** The tokens that the user's `setup` function has registered. Code can resolve these directly from the container. */
  readonly registered: ReadonlySet<InjectionToken>;
  readonly mocked: readonly Registration[];
  /** The container in which the user's `setup` function has registered its providers. */
  readonly container: DependencyContainer;
}

/**
 * Calls the user's `mocker` function for everything that isn't under test: all that `setup` registered, and the
 * dependencies of the classes under test, of the mocks, and of what the function itself returns.
 */
export function mockRest({ roots, registered, mocked, container }: Unmocked, mocker: Mocker): Registration[] {
  const made: Registration[] = [];
  const seen = new Set<InjectionToken>([...OWN, ...roots, ...mocked.map(({ token }) => token)]);
  const ask = (token: InjectionToken): void => {
    if (seen.has(token)) return;
    seen.add(token);
    const standIn = mocker(token);
    if (standIn === undefined) return askForReal(token);
    const registration = asRegistration([token, standIn]);
    made.push(registration);
    neededByProvider(registration.provider).forEach(ask);
  };
  const askForReal = (token: InjectionToken): void => {
    const list = registrationsOf(container, token);
    if (list.length > 0) list.flatMap(({ provider }) => neededByProvider(provider)).forEach(ask);
    else if (typeof token === 'function') dependenciesOf(token as Constructor).forEach(ask);
  };
  const isMocked = (token: InjectionToken): boolean => mocked.some((each) => each.token === token);
  for (const root of roots) if (!isMocked(root)) askForReal(root);
  for (const { provider } of mocked) neededByProvider(provider).forEach(ask);
  registered.forEach(ask);
  return made;
}

const OWN: readonly InjectionToken[] = [CLOCK, RANDOM, TASK_CONTEXT];

function neededByProvider(provider: Provider<unknown>): InjectionToken[] {
  if ('useToken' in provider) return [provider.useToken];
  return 'useClass' in provider ? dependenciesOf(provider.useClass as Constructor) : [];
}
