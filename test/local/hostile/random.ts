import { mulberry32 } from '../../support/random.js';

/** Random numbers and choices; the same seed gives the same ones. */
export class Random {
  /** Returns a number from 0 (included) to 1 (excluded). */
  readonly next: () => number;

  constructor(seed: number) {
    this.next = mulberry32(seed);
  }

  /** Returns an integer from 0 (included) to `end` (excluded). */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.below(list.length)] ?? list[0];
  }

  /** Returns a list of 1 to `most` items. */
  list<T>(most: number, item: (index: number) => T): T[] {
    return Array.from({ length: 1 + this.below(most) }, (_, i) => item(i));
  }
}
