import type { DependencyContainer, InjectionToken, Provider } from 'tsyringe';
import type { Constructor } from '../../declare/class.js';
import { dependenciesOf } from '../../worker/container/dependencies.js';
import { type Registration, registrationsOf } from '../../worker/container/registrations.js';
import { CLOCK, RANDOM, TASK_CONTEXT } from '../../worker/container/tokens.js';
import { asRegistration } from './mock.js';

/**
 * Returns the stand-in for a dependency, in each form that `mocks` take; undefined to keep the real one, whose own
 * dependencies are then asked for.
 */
export type Mocker = (token: InjectionToken) => unknown;

/** What a mocker is asked for. */
export interface Unmocked {
  /** The classes under test. They stay real. */
  readonly roots: ReadonlySet<Constructor>;
  /** The tokens that `setup` registered: code may resolve them by hand. */
  readonly registered: ReadonlySet<InjectionToken>;
  readonly mocked: readonly Registration[];
  /** Has what `setup` registered. */
  readonly container: DependencyContainer;
}

/**
 * Asks a mocker for everything that is not under test: all that `setup` registered, and what the classes under test,
 * the mocks and the mocker's own stand-ins are injected with.
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
