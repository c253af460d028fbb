/** What was held up for less than this is made up for at once; so much may also leave at once after a pause. */
const TOLERANCE_MS = 25;
/**
 * What the windows that are counted are longer than a second by. A beat that left on a free way may overtake in time
 * one that left before it on a slow one: a service that counts arrivals sees no more than the rate either, as long as
 * ways differ by less than this.
 */
const WAY_MS = 50;

/**
 * How many may leave, and when: a ceiling at every instant. No second sees more than the rate (rounded up; below one
 * a second, the time between two is never shorter than the rate says), also after a stall; and the service, where they
 * arrive, sees no more either. Within a second they leave in a stream. What can be kept up is a little less than the
 * rate: `perSecond`.
 */
export class RateLimiter {
  /** How many a second can be kept up: the rate, less a twentieth. */
  readonly perSecond: number;
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

  constructor(rate: number) {
    this.#most = Math.ceil(rate);
    this.#windowMs = (this.#most * 1000) / rate + WAY_MS;
    this.perSecond = (this.#most * 1000) / this.#windowMs;
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
    const { perSecond } = this.#held && now < this.#held.until ? this.#held : this;
    this.#evenAt = Math.max(this.#evenAt, now) + 1000 / perSecond;
  }

  /** Lets no more leave than this, until then. More than the rate it never is. */
  hold(perSecond: number, until: number): void {
    const held = Math.min(perSecond, this.perSecond);
    this.#held = { perSecond: held, until };
    this.#evenAt = Math.max(this.#evenAt, this.#lastAt + 1000 / held);
  }

  /** When the one left that must be a window ago before the next may. */
  #firstInWindow(): number {
    if (this.#count < this.#most) return Number.NEGATIVE_INFINITY;
    return this.#left[this.#count % this.#most] ?? Number.NEGATIVE_INFINITY;
  }
}
