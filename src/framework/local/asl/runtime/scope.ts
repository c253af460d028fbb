import type { Cancel } from '../../../base/time/clock.js';

/**
 * The lifetime of a branch, and of the branches inside it. When it ends, whatever waits in it is cancelled: its promise
 * stays pending, and is collected.
 */
export class Scope {
  #ended = false;
  readonly #cancels = new Set<Cancel>();

  get ended(): boolean {
    return this.#ended;
  }

  /** Makes a scope that ends with this one, or before. */
  child(): Scope {
    const child = new Scope();
    if (this.#ended) child.end();
    else {
      const end = (): void => child.end();
      this.#cancels.add(end);
      child.#cancels.add(() => this.#cancels.delete(end));
    }
    return child;
  }

  /** Ends the scope, once. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }

  /**
   * Waits for something from outside. Stays pending where the scope ends.
   * @param begin starts it and returns its cancel; may resolve at once
   */
  wait<T>(begin: (resolve: (value: T) => void) => Cancel): Promise<T> {
    return new Promise((resolve) => {
      if (this.#ended) return;
      let cancel: Cancel | undefined;
      let settled = false;
      const settle = (value: T): void => {
        settled = true;
        if (cancel) this.#cancels.delete(cancel);
        if (!this.#ended) resolve(value);
      };
      cancel = begin(settle);
      if (!settled) this.#cancels.add(cancel);
    });
  }

  /** Settles as the promise does. Stays pending where the scope ends before that. */
  async keep<T>(promise: Promise<T> | T): Promise<T> {
    try {
      const value = await promise;
      return this.#ended ? await forever() : value;
    } catch (error) {
      if (this.#ended) return forever();
      throw error;
    }
  }
}

/** Makes a new promise each time: a shared one would keep everything that waits for it. */
function forever(): Promise<never> {
  return new Promise(() => {});
}
