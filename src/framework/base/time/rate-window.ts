/** The most things that may begin in any period. */
export interface WindowRate {
  readonly count: number;
  readonly perMs: number;
}

/** Counts what has begun in the last minute, or whatever time a rate is for. Times are epoch milliseconds. */
export class RateWindow {
  /** The times at which things began, the earliest first. */
  readonly #begun: number[] = [];
  /** The number of entries at the start of `#begun` that are too old to count. They are removed later, many at once. */
  #passed = 0;

  constructor(private readonly rate: WindowRate) {}

  /** Returns how many more the rate allows to begin now. */
  room(now: number): number {
    this.#pass(now);
    return this.rate.count - (this.#begun.length - this.#passed);
  }

  begin(now: number): void {
    this.#pass(now);
    this.#begun.push(now);
  }

  /**
   * Returns the time at which the rate allows one more than now, because the earliest counted one no longer counts;
   * undefined if none counts now.
   */
  nextAt(now: number): number | undefined {
    this.#pass(now);
    const first = this.#begun[this.#passed];
    return first === undefined ? undefined : first + this.rate.perMs;
  }

  #pass(now: number): void {
    for (let first; (first = this.#begun[this.#passed]) !== undefined && first + this.rate.perMs <= now;)
      this.#passed++;
    if (this.#passed < 1_024 && this.#passed < this.#begun.length) return;
    this.#begun.splice(0, this.#passed);
    this.#passed = 0;
  }
}
