import { closest } from 'fastest-levenshtein';
import type { DependencyContainer, InjectionToken } from 'tsyringe';
import type { Problem } from '../../base/errors.js';
import { CLOCK, RANDOM, registrationOf, TASK_CONTEXT } from '../../worker/container/registrations.js';
import { asksLate } from '../../worker/container/dependencies.js';
import { nameOf } from './injected.js';
import { unusedProblem } from './options.js';

/** The container of a test bed, and the tokens that are resolved from it. */
export interface Injected {
  readonly container: DependencyContainer;
  /** The tokens that the handlers need, directly or through other classes. */
  readonly needed: ReadonlySet<InjectionToken>;
  /** The handlers' own classes. They are among the tokens in `needed`. */
  readonly roots: ReadonlySet<InjectionToken>;
  /**
   * The tokens that the user's `setup` function has registered. Code can resolve these directly from the container, so
   * a mock of one counts as used.
   */
  readonly registered: ReadonlySet<InjectionToken>;
}

const OWN: ReadonlySet<InjectionToken> = new Set<InjectionToken>([CLOCK, RANDOM, TASK_CONTEXT]);

/**
 * Returns a problem for each mock that is never injected. Returns none if a factory is used, since a factory can
 * resolve any token.
 */
export function unusedMocks(
  tokens: readonly InjectionToken[],
  { container, needed, roots, registered }: Injected,
): Problem[] {
  if (tokens.includes(TASK_CONTEXT)) return [TASK_CONTEXT_MOCKED];
  const unused = tokens.filter((token) => !needed.has(token) && !registered.has(token) && !OWN.has(token));
  if (unused.length === 0 || [...needed].some((token) => asksByHand(token, container))) return [];
  const others = [...needed].filter(
    (token) => !tokens.includes(token) && !OWN.has(token) && !roots.has(token),
  );
  return unused.map((token) => {
    const name = nameOf(token);
    const twin = others.find((other) => nameOf(other) === name);
    const fix = twin
      ? `another ${name} is injected, of another file or another copy: import it from where the class imports it`
      : `${suggestion(name, others.map(nameOf))}if your code uses it, have it injected by the constructor; else remove the mock. What is asked of container.resolve() is registered in \`setup\``;
    return unusedProblem(`mocks: ${name}`, 'nothing that this test runs is injected with it', fix);
  });
}

const TASK_CONTEXT_MOCKED = unusedProblem(
  'mocks: TASK_CONTEXT',
  'each task is injected with its own context, and never with a mock',
  'remove the mock; to choose what a handler sees of its task, call the method itself with createTaskContext({ … })',
);

const suggestion = (name: string, names: readonly string[]): string =>
  names.length > 0 ? `did you mean ${closest(name, [...names])}? Injected are: ${names.join(', ')}; ` : '';

function asksByHand(token: InjectionToken, container: DependencyContainer): boolean {
  const provider = registrationOf(container, token)?.provider;
  if (provider) return 'useFactory' in provider;
  return typeof token === 'function' && asksLate(token as new () => unknown);
}
