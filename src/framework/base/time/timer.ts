import type { Cancel, Clock } from './clock.js';

/** Runs a function at a time that can be changed until then. */
export class Timer {
  readonly #clock: Clock;
  readonly #fn: () => void;
  #set: { readonly at: number; readonly cancel: Cancel } | undefined;

  constructor(clock: Clock, fn: () => void) {
    this.#clock = clock;
    this.#fn = fn;
  }

  /** Sets the time, in epoch milliseconds, instead of the one that was set before. Infinity: the function isn't run. */
  set(at: number): void {
    if (this.#set?.at === at) return;
    this.#set?.cancel();
    this.#set = undefined;
    if (at === Number.POSITIVE_INFINITY) return;
    const run = (): void => {
      this.#set = undefined;
      this.#fn();
    };
    this.#set = { at, cancel: this.#clock.after(Math.max(0, at - this.#clock.now()), run) };
  }
}
