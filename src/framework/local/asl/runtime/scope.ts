import type { Cancel } from '../../../base/time/clock.js';

/**
 * The lifetime of a branch, including the branches inside it. When a scope ends, everything that waits inside it is
 * cancelled: the promises stay pending, and are garbage-collected.
 */
export class Scope {
  #ended = false;
  readonly #cancels = new Set<Cancel>();

  get ended(): boolean {
    return this.#ended;
  }

  /** Makes a scope inside this one. It ends when this one ends, or earlier. */
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

  /** Ends the scope; does nothing after the first call. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }

  /**
   * Waits for something outside the scope. Stays pending if the scope ends before that.
   * @param begin starts the wait and returns a function that cancels it. It may call `resolve` at once
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

  /** Settles as the promise does. Stays pending if the scope ends before the promise settles. */
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

/**
 * Returns a promise that never settles. Each call returns a new one, since a shared one would keep everything that
 * waits for it in memory.
 */
function forever(): Promise<never> {
  return new Promise(() => {});
}
