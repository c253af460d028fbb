import type { Rate } from '../../declare/rate.js';

/**
 * Limits a handler to a rate such as 100 tasks per minute, by counting the tasks that have begun in the last minute (or
 * whatever time the rate is for).
 */
export class RateWindow {
  readonly #rate: Rate;
  /** The times at which tasks began, in epoch milliseconds, the earliest first. */
  readonly #begun: number[] = [];
  /** The number of entries at the start of `#begun` that are too old to count. They are removed later, many at once. */
  #passed = 0;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Returns how many more tasks the rate allows to begin now. */
  room(now: number): number {
    this.#pass(now);
    return this.#rate.count - (this.#begun.length - this.#passed);
  }

  begin(now: number): void {
    this.#pass(now);
    this.#begun.push(now);
  }

  /**
   * Returns the time at which the rate allows one more task than now, because the oldest counted one no longer counts;
   * undefined if no task counts now.
   */
  nextAt(now: number): number | undefined {
    this.#pass(now);
    const first = this.#begun[this.#passed];
    return first === undefined ? undefined : first + this.#rate.perMs;
  }

  #pass(now: number): void {
    for (let first; (first = this.#begun[this.#passed]) !== undefined && first + this.#rate.perMs <= now;)
      this.#passed++;
    if (this.#passed < 1_024 && this.#passed < this.#begun.length) return;
    this.#begun.splice(0, this.#passed);
    this.#passed = 0;
  }
}
