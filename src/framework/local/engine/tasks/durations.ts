/** Each step of the counts is this much longer than the one before. */
const STEP = 1.2;

/** Durations in milliseconds, counted by their approximate length, so that any number of them takes the same memory. */
export class Durations {
  readonly #counts: number[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(ms: number): void {
    const at = ms < 1 ? 0 : 1 + Math.floor(Math.log(ms) / Math.log(STEP));
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#size++;
  }

  /** Adds all durations of another count to this one. */
  addAll(other: Durations): void {
    for (const [at, count] of other.#counts.entries())
      if (count > 0) this.#counts[at] = (this.#counts[at] ?? 0) + count;
    this.#size += other.#size;
  }

  /** Returns the duration that a share of them does not exceed, to within a tenth. Undefined if there are none. */
  percentile(share: number): number | undefined {
    let left = share * this.#size;
    for (const [at, count] of this.#counts.entries()) {
      left -= count ?? 0;
      if (this.#size > 0 && left <= 0 && count > 0) return at === 0 ? 0 : Math.round(STEP ** (at - 0.5));
    }
    return undefined;
  }
}
