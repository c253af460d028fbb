import type { InjectionToken } from 'tsyringe';
import type { Constructor, HandlerDefinition } from '../declare/definition.js';
import type { Interceptor } from '../declare/interceptor.js';
import type { Registration } from '../handler/container/container.js';
import { dependenciesOf } from '../handler/container/dependencies.js';
import { CLOCK, RANDOM, TASK_CONTEXT } from '../handler/container/tokens.js';

/** Makes the stand-in for a dependency; `undefined` leaves it as it is, and asks for what it needs itself. */
export type Mocker = (token: InjectionToken) => unknown;

/** Asks a mocker for everything that the handlers and interceptors need and that nobody mocked. */
export function mockRest(
  handlers: readonly HandlerDefinition[],
  globalInterceptors: readonly Constructor<Interceptor>[],
  mocked: readonly Registration[],
  mocker: Mocker,
): Registration[] {
  const roots = [...globalInterceptors, ...handlers.flatMap((each) => [each.target, ...each.interceptors])];
  const seen = new Set<InjectionToken>([
    CLOCK,
    RANDOM,
    TASK_CONTEXT,
    ...mocked.map(({ token }) => token),
    ...roots,
  ]);
  const made: Registration[] = [];
  const ask = (type: Constructor): void => {
    for (const token of dependenciesOf(type)) {
      if (seen.has(token)) continue;
      seen.add(token);
      const standIn = mocker(token);
      if (standIn !== undefined) made.push({ token, provider: { useValue: standIn } });
      else if (typeof token === 'function') ask(token);
    }
  };
  for (const root of new Set(roots)) ask(root);
  return made;
}
