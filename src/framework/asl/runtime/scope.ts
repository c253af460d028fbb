import type { Cancel, Clock } from '../../base/time/clock.js';
import { withResolvers } from '../../base/time/wait.js';

/**
 * The lifetime of a branch. When it ends, everything that code in the branch, or in a branch inside it, waits for is
 * cancelled. The promises then stay pending for ever, and are garbage-collected.
 */
export class Scope {
  #ended = false;
  /** Most scopes wait for one thing at a time, and need no set for others. */
  #cancel: Cancel | undefined;
  #others: Set<Cancel> | undefined;

  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Returns a promise that never settles if the scope has ended, otherwise undefined. It may end between the moment in
   * which something is done and the one in which code that awaits it goes on.
   */
  halt(): Promise<never> | undefined {
    return this.#ended ? forever() : undefined;
  }

  /** Creates a scope inside this one. When this scope ends, the new one ends too. */
  child(): Scope {
    const child = new Scope();
    if (this.#ended) child.end();
    else {
      const end = (): void => child.end();
      this.#add(end);
      child.#add(() => this.#remove(end));
    }
    return child;
  }

  /** Ends the scope, and cancels all that is waited for in it. Further calls do nothing. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const [cancel, others = []] = [this.#cancel, this.#others];
    this.#cancel = this.#others = undefined;
    cancel?.();
    for (const other of others) other();
  }

  #add(cancel: Cancel): void {
    if (this.#cancel) (this.#others ??= new Set()).add(cancel);
    else this.#cancel = cancel;
  }

  #remove(cancel: Cancel): void {
    if (this.#cancel === cancel) this.#cancel = undefined;
    else this.#others?.delete(cancel);
  }

  /**
   * Returns a promise for something that can be cancelled, such as a timer. If the scope ends first, it is cancelled
   * and the promise never settles.
   * @param begin starts to wait, and returns a function that cancels it. May call `resolve` at once
   */
  wait<T>(begin: (resolve: (value: T) => void) => Cancel): Promise<T> {
    const { promise, resolve } = withResolvers<T>();
    if (this.#ended) return promise;
    let cancel: Cancel | undefined;
    let settled = false;
    const settle = (value: T): void => {
      settled = true;
      if (cancel) this.#remove(cancel);
      if (!this.#ended) resolve(value);
    };
    cancel = begin(settle);
    if (!settled) this.#add(cancel);
    return promise;
  }

  /** Resolves after `ms` milliseconds on a clock. The promise never settles if the scope ends before then. */
  sleep(clock: Clock, ms: number): Promise<undefined> {
    // The clock keeps `resolve` itself: a function around it would take memory for each execution that waits.
    return this.wait<undefined>((resolve) => clock.after(ms, resolve as () => void));
  }

  /** Returns a promise that settles like the given one, but never settles if the scope ends first. */
  keep<T>(promise: Promise<T>): Promise<T> {
    return promise.then(
      (value) => this.halt() ?? value,
      (error: unknown) => this.halt() ?? Promise.reject(error as Error),
    );
  }
}

/**
 * Returns a promise that never settles. Each call must return a new promise: one that is shared would keep all code
 * that awaits it in memory.
 */
function forever(): Promise<never> {
  return new Promise(() => {});
}
