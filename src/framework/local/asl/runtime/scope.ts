import type { Cancel } from '../../../base/time/clock.js';

/**
 * The life of a branch of an execution, and of the branches it began. When it ends, what waits in it is withdrawn
 * and never goes on: its promise stays pending, and is collected.
 */
export class Scope {
  #ended = false;
  readonly #cancels = new Set<Cancel>();

  get ended(): boolean {
    return this.#ended;
  }

  /** A scope that ends at the latest when this one does. */
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

  /** Ends it. Again is the same. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }

  /**
   * Waits for something from outside.
   * @param begin starts it, and gives what takes it back; it may resolve at once
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

  /** Gives the value of a promise, unless the scope ended meanwhile: then it never does. */
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

/** A new one each time: one for all would hold on to whatever ever waited for it. */
function forever(): Promise<never> {
  return new Promise(() => {});
}
