/** What was held up for less than this is made up for at once; so much may also leave at once after a pause. */
const TOLERANCE_MS = 25;
/** Keeps two beats that are a whole window apart out of one another's, however their instants are rounded. */
const ROUNDING_MS = 1;

/**
 * How many may leave, and when: a ceiling at every instant. No second sees more than the rate (rounded up; below one
 * a second, the time between two is never shorter than the rate says), also after a stall. Within a second they leave
 * in a stream.
 */
export class Rate {
  readonly #perSecond: number;
  /** The most within `#windowMs`, which is a second where the rate is a whole number. */
  readonly #most: number;
  readonly #windowMs: number;
  /** When the last `#most` left, in a ring. */
  readonly #left: number[] = [];
  #count = 0;
  #lastAt = Number.NEGATIVE_INFINITY;
  /** When the next would leave in an even stream. */
  #evenAt = Number.NEGATIVE_INFINITY;
  #held: { readonly perSecond: number; readonly until: number } | undefined;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#most = Math.ceil(perSecond);
    this.#windowMs = (this.#most * 1000) / perSecond + ROUNDING_MS;
  }

  /** The earliest instant at which another may leave; it may be past. */
  nextAt(): number {
    return Math.max(this.#evenAt - TOLERANCE_MS, this.#firstInWindow() + this.#windowMs);
  }

  /** One leaves now. */
  leave(now: number): void {
    this.#left[this.#count % this.#most] = now;
    this.#lastAt = now;
    this.#count++;
    const { perSecond } = this.#held && now < this.#held.until ? this.#held : { perSecond: this.#perSecond };
    this.#evenAt = Math.max(this.#evenAt, now) + 1000 / perSecond;
  }

  /** Lets no more leave than this, until then. More than the rate it never is. */
  hold(perSecond: number, until: number): void {
    const held = Math.min(perSecond, this.#perSecond);
    this.#held = { perSecond: held, until };
    this.#evenAt = Math.max(this.#evenAt, this.#lastAt + 1000 / held);
  }

  /** When the one left that must be a window ago before the next may. */
  #firstInWindow(): number {
    if (this.#count < this.#most) return Number.NEGATIVE_INFINITY;
    return this.#left[this.#count % this.#most] ?? Number.NEGATIVE_INFINITY;
  }
}
