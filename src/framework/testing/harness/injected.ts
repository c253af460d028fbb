import type { DependencyContainer, InjectionToken } from 'tsyringe';
import { didYouMean } from '../../base/show.js';

/** What a container has injected for a token. */
interface Made {
  readonly instance: unknown;
  /** True if another instance was injected, too. */
  isOneOfSeveral: boolean;
}

/** The instances that the container of a test bed has injected into the handlers and what they depend on. */
export class InjectedInstances {
  readonly #container: DependencyContainer;
  readonly #made = new Map<InjectionToken, Made>();

  /**
   * Begins to note what the container injects.
   * @param tokens what the handlers depend on, directly or through other classes
   */
  constructor(container: DependencyContainer, tokens: Iterable<InjectionToken>) {
    this.#container = container;
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
    if (this.#container.isRegistered(token, true)) return this.#container.resolve(token);
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
export function nameOf(token: InjectionToken): string {
  if (typeof token === 'function') return token.name;
  if (typeof token === 'string') return `'${token}'`;
  return typeof token === 'symbol' ? token.toString() : 'a delayed class';
}
