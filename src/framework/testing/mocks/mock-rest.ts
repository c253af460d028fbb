import type { DependencyContainer, InjectionToken, Provider } from 'tsyringe';
import type { Constructor } from '../../declare/class.js';
import { dependenciesOf } from '../../worker/container/dependencies.js';
import { type Registration, registrationsOf } from '../../worker/container/registrations.js';
import { CLOCK, RANDOM, TASK_CONTEXT } from '../../worker/container/tokens.js';
import { asRegistration } from './mock.js';

/**
 * Returns the stand-in for a dependency, in any form that `mocks` accept. If it returns undefined, the real dependency
 * is used, and the mocker is then called for what the real dependency needs.
 */
export type Mocker = (token: InjectionToken) => unknown;

/** What `mockRest` needs to know in order to call a mocker. */
export interface Unmocked {
  /** The classes under test. They are not mocked. */
  readonly roots: ReadonlySet<Constructor>;
  /** The tokens that `setup` registered. Code may resolve them from the container by itself. */
  readonly registered: ReadonlySet<InjectionToken>;
  readonly mocked: readonly Registration[];
  /** The container in which `setup` registered its providers. */
  readonly container: DependencyContainer;
}

/**
 * Calls a mocker for everything that isn't under test: all that `setup` registered, and the dependencies of the classes
 * under test, of the mocks and of the mocker's own stand-ins.
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
