import type { Cancel } from '../../../base/time/clock.js';

/**
 * The lifetime of a branch, and of the branches inside it. The end of a scope cancels whatever waits inside: the
 * promises stay pending, and are garbage-collected.
 */
export class Scope {
  #ended = false;
  readonly #cancels = new Set<Cancel>();

  get ended(): boolean {
    return this.#ended;
  }

  /** Makes a scope inside this one, which ends with this one or earlier. */
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
   * Waits for something outside the scope. Stays pending where the scope ends before.
   * @param begin starts the wait and returns its cancel; may call `resolve` at once
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

  /** Settles as the promise does. Stays pending where the scope ends before the promise settles. */
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
 * Returns a promise that never settles, a new one for each call: a shared one would keep everything that waits for it.
 */
function forever(): Promise<never> {
  return new Promise(() => {});
}
