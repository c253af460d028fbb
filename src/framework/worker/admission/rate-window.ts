import type { Rate } from '../../declare/rate.js';

/** Counts the tasks that have begun in the last span of a rate. */
export class RateWindow {
  readonly #rate: Rate;
  /** The times at which tasks began, in epoch milliseconds, the earliest first. */
  readonly #begun: number[] = [];
  /** The number of entries at the start of `#begun` that have left the window. */
  #passed = 0;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Returns how many tasks may begin now. */
  room(now: number): number {
    this.#pass(now);
    return this.#rate.count - (this.#begun.length - this.#passed);
  }

  begin(now: number): void {
    this.#pass(now);
    this.#begun.push(now);
  }

  /** Returns the time at which there is room for one more than now; undefined while nothing is in the window. */
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
