import type { DependencyContainer, InjectionToken, Provider } from 'tsyringe';
import type { Registration } from '../../worker/container/registrations.js';

/**
 * A token and its stand-in. If the stand-in is a class, the container makes an instance of it. If the token is a class,
 * any other function is called as a factory; for any token, `{ useFactory }` is a factory. Any other value is injected
 * as it is, without copying it. `{ useValue }` injects even a class or a function as it is.
 */
export type Mock = readonly [token: InjectionToken, standIn: unknown, options?: MockOptions];

export interface MockOptions {
  /**
   * True if it is no mistake when a test doesn't use the mock, as in a list that several tests share. @default false
   */
  readonly optional?: boolean;
}

export function asRegistration([token, standIn]: Mock): Registration {
  return { token, provider: providerOf(token, standIn) };
}

function providerOf(token: InjectionToken, standIn: unknown): Provider<unknown> {
  // tsyringe treats `useValue: undefined` as if there were no value, so a factory is used.
  if (standIn === undefined) return { useFactory: () => undefined };
  if (isProvider(standIn)) return standIn;
  if (isClass(standIn)) return { useClass: standIn };
  if (typeof token === 'function' && isFactory(standIn)) return { useFactory: standIn };
  return { useValue: standIn };
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
