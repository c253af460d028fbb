/** Heartbeats are evenly spread over time, but sent in ticks of 100 ms: those that belong to this time leave together. */
const TOLERANCE_MS = 125;
/**
 * The window in which heartbeats are counted is longer than a second by this much. A later heartbeat on a fast
 * connection may reach the service before an earlier one on a slow connection. As long as the delays of connections
 * differ by less than this, still no more heartbeats than the rate arrive in any second.
 */
export const WAY_MS = 50;

/**
 * Limits the number of heartbeats per second to `rate`. In no period of one second are more sent, or do more arrive at
 * the service, even right after the process was blocked. Heartbeats are spread evenly within a second.
 *
 * A rate that isn't a whole number is rounded up. At a rate below one per second, the time between two heartbeats is at
 * least 1 / rate. The rate that can be kept up continuously, `perSecond`, is slightly lower.
 */
export class RateLimiter {
  /** The heartbeats per second that can be sent continuously. It is about a twentieth lower than the rate. */
  readonly perSecond: number;
  /** The most heartbeats that are sent within `#windowMs`, which is about a second if the rate is a whole number. */
  readonly #most: number;
  readonly #windowMs: number;
  /** The times at which the last `#most` heartbeats were sent, as a ring buffer. */
  readonly #left: number[] = [];
  #count = 0;
  #lastAt = Number.NEGATIVE_INFINITY;
  /** The time at which the next heartbeat would be sent if all were spread perfectly evenly. */
  #evenAt = Number.NEGATIVE_INFINITY;
  #held: { readonly perSecond: number; readonly until: number } | undefined;

  constructor(rate: number) {
    this.#most = Math.ceil(rate);
    this.#windowMs = (this.#most * 1000) / rate + WAY_MS;
    this.perSecond = (this.#most * 1000) / this.#windowMs;
  }

  /** Returns the earliest time at which the next heartbeat may be sent. It may be in the past. */
  nextAt(): number {
    return Math.max(this.#evenAt - TOLERANCE_MS, this.#firstInWindow() + this.#windowMs);
  }

  /**
   * Behaves as if a whole second's heartbeats had been sent just now. Called when another scheduler has sent heartbeats
   * until now, because it isn't known when.
   */
  fill(now: number): void {
    for (let n = 0; n < this.#most; n++) this.#left[n] = now;
    this.#count = this.#most;
    this.#lastAt = now;
  }

  /** Records that a heartbeat is sent now. */
  leave(now: number): void {
    this.#left[this.#count % this.#most] = now;
    this.#lastAt = now;
    this.#count++;
    const { perSecond } = this.#held && now < this.#held.until ? this.#held : this;
    this.#evenAt = Math.max(this.#evenAt, now) + 1000 / perSecond;
  }

  /**
   * Lowers the rate to `perSecond` until the time `until`. Has no effect if `perSecond` isn't below the normal rate.
   */
  hold(perSecond: number, until: number): void {
    const held = Math.min(perSecond, this.perSecond);
    this.#held = { perSecond: held, until };
    this.#evenAt = Math.max(this.#evenAt, this.#lastAt + 1000 / held);
  }

  /**
   * Returns the time at which the oldest of the last `#most` heartbeats was sent. The next one may be sent a window's
   * length after that.
   */
  #firstInWindow(): number {
    if (this.#count < this.#most) return Number.NEGATIVE_INFINITY;
    return this.#left[this.#count % this.#most] ?? Number.NEGATIVE_INFINITY;
  }
}
