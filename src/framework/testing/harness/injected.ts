import type { DependencyContainer, InjectionToken } from 'tsyringe';
import { closest } from 'fastest-levenshtein';
import { didYouMean } from '../../base/show.js';
import type { Problem } from '../../base/errors.js';
import { CLOCK, RANDOM, registrationOf, TASK_CONTEXT } from '../../worker/container/registrations.js';
import { asksLate } from '../../worker/container/dependencies.js';
import { unusedProblem } from './options.js';

/** What a container has injected for a token. */
interface Made {
  readonly instance: unknown;
  /** True if another instance was injected, too. */
  isOneOfSeveral: boolean;
}

/** The instances that the container of a test bed has injected into the handlers and what they depend on. */
export class InjectedInstances {
  readonly #made = new Map<InjectionToken, Made>();

  /**
   * Begins to note what the container injects.
   * @param tokens what the handlers depend on, directly or through other classes
   */
  constructor(
    private readonly container: DependencyContainer,
    tokens: Iterable<InjectionToken>,
  ) {
    for (const token of tokens)
      container.afterResolution(
        token,
        (_token, instance, how) => how === 'Single' && this.#note(token, instance),
        {
          frequency: 'Always',
        },
      );
  }

  /**
   * Returns the instance that was injected for a token, or what is registered for it.
   * @throws an Error if there is none, or if several instances were injected
   */
  get<T>(token: InjectionToken<T>): T {
    const made = this.#made.get(token);
    if (made?.isOneOfSeveral === true)
      throw new Error(
        `bed.get(${nameOf(token)}): several instances were injected, a new one into each class that needs it\nFix: read it from the class, or make it one for all, by @singleton()`,
      );
    if (made) return made.instance as T;
    if (this.container.isRegistered(token, true)) return this.container.resolve(token);
    throw new Error(
      `bed.get(${nameOf(token)}): it was injected into nothing that this bed runs: ${didYouMean(nameOf(token), [...this.#made.keys()].map(nameOf))}. A handler with scope: 'task' gets other instances for each task`,
    );
  }

  #note(token: InjectionToken, instance: unknown): void {
    const made = this.#made.get(token);
    if (!made) this.#made.set(token, { instance, isOneOfSeveral: false });
    else if (made.instance !== instance) made.isOneOfSeveral = true;
  }
}

/** Returns the name of a token for messages. */
function nameOf(token: InjectionToken): string {
  if (typeof token === 'function') return token.name;
  if (typeof token === 'string') return `'${token}'`;
  return typeof token === 'symbol' ? token.toString() : 'a delayed class';
}

/** The container of a test bed, and the tokens that are resolved from it. */
interface Injected {
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
