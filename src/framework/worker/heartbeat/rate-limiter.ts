/** A delay below this is made up for at once; after a pause, as much may be sent at once. */
const TOLERANCE_MS = 25;
/**
 * The time by which a window is longer than a second. A heartbeat on a fast connection may overtake an earlier one on a
 * slow connection: a service that counts arrivals still sees no more than the rate, as long as latencies differ by less
 * than this.
 */
const WAY_MS = 50;

/**
 * Limits how many heartbeats are sent, at every instant. No second sees more than the rate, even after a stall, neither
 * here nor at the service. (The rate is rounded up; with a rate below one a second, two heartbeats are never closer
 * than the rate says.) Within a second they are evenly spread. Slightly less than the rate can be kept up: `perSecond`.
 */
export class RateLimiter {
  /** The heartbeats a second that can be kept up: the rate, less a twentieth. */
  readonly perSecond: number;
  /** The most heartbeats within `#windowMs`, which is about a second where the rate is a whole number. */
  readonly #most: number;
  readonly #windowMs: number;
  /** The instants at which the last `#most` heartbeats were sent, as a ring. */
  readonly #left: number[] = [];
  #count = 0;
  #lastAt = Number.NEGATIVE_INFINITY;
  /** The instant at which the next heartbeat would be sent in an even stream. */
  #evenAt = Number.NEGATIVE_INFINITY;
  #held: { readonly perSecond: number; readonly until: number } | undefined;

  constructor(rate: number) {
    this.#most = Math.ceil(rate);
    this.#windowMs = (this.#most * 1000) / rate + WAY_MS;
    this.perSecond = (this.#most * 1000) / this.#windowMs;
  }

  /** Returns the earliest instant at which the next heartbeat may be sent, which may be past. */
  nextAt(): number {
    return Math.max(this.#evenAt - TOLERANCE_MS, this.#firstInWindow() + this.#windowMs);
  }

  /** Counts a heartbeat that is sent now. */
  leave(now: number): void {
    this.#left[this.#count % this.#most] = now;
    this.#lastAt = now;
    this.#count++;
    const { perSecond } = this.#held && now < this.#held.until ? this.#held : this;
    this.#evenAt = Math.max(this.#evenAt, now) + 1000 / perSecond;
  }

  /** Lowers the rate until an instant. A rate above the configured one has no effect. */
  hold(perSecond: number, until: number): void {
    const held = Math.min(perSecond, this.perSecond);
    this.#held = { perSecond: held, until };
    this.#evenAt = Math.max(this.#evenAt, this.#lastAt + 1000 / held);
  }

  /** Returns the instant of the oldest heartbeat in the window, which must be a window ago before the next is sent. */
  #firstInWindow(): number {
    if (this.#count < this.#most) return Number.NEGATIVE_INFINITY;
    return this.#left[this.#count % this.#most] ?? Number.NEGATIVE_INFINITY;
  }
}
