import type { DependencyContainer, InjectionToken, Provider } from 'tsyringe';
import type { Registration } from '../../worker/container/registrations.js';
import { withMissingMethods } from './missing-methods.js';
import type { Mock, MockOptions, StandIn } from './stand-in.js';

/**
 * Returns an item for the list `mocks`. The compiler checks that the mock has the type of what the token injects.
 * @param token a class, or an `InjectionToken<T>`
 * @param standIn an object, which may lack members, or a class, a factory or a provider
 */
export function mock<const Token extends InjectionToken>(
  token: Token,
  standIn: StandIn<Token>,
  options: MockOptions = {},
): Mock<Token> {
  return [token, standIn, options];
}

export function asRegistration([token, standIn]: Mock): Registration {
  return { token, provider: providerOf(token, standIn) };
}

function providerOf(token: InjectionToken, standIn: unknown): Provider<unknown> {
  if (isProvider(standIn)) return completed(token, standIn);
  if (isClass(standIn)) return { useClass: standIn };
  if (typeof token === 'function' && isFactory(standIn)) return completed(token, { useFactory: standIn });
  return completed(token, { useValue: standIn });
}

/**
 * Returns a provider that adds the missing methods to plain objects that it provides as mocks of a class, by
 * `withMissingMethods`.
 */
function completed(token: InjectionToken, provider: Provider<unknown>): Provider<unknown> {
  if ('useFactory' in provider)
    return { useFactory: (container) => withMissingMethods(token, provider.useFactory(container)) };
  if (!('useValue' in provider)) return provider;
  const value = withMissingMethods(token, provider.useValue);
  // tsyringe treats `useValue: undefined` as if there were no value, so a factory is used.
  return value === undefined ? { useFactory: () => undefined } : { useValue: value };
}

const PROVIDER_KEYS = ['useValue', 'useClass', 'useFactory', 'useToken'];

function isProvider(value: unknown): value is Provider<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && PROVIDER_KEYS.includes(keys[0] ?? '');
}

function isClass(value: unknown): value is new () => unknown {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
}

function isFactory(value: unknown): value is (container: DependencyContainer) => unknown {
  return typeof value === 'function';
}
