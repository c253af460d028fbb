/**
 * If sending is late by less than this, the lost time is made up at once: after a pause, the heartbeats of this time
 * may be sent together.
 */
const TOLERANCE_MS = 25;
/**
 * A window is longer than a second by this much. A heartbeat on a fast connection may overtake an earlier one on a slow
 * connection. A service that counts arrivals still counts no more than the rate, as long as the connections' delays
 * differ by less than this.
 */
const WAY_MS = 50;

/**
 * Limits how many heartbeats are sent. In any period of one second, at most as many as the rate are sent, and at most
 * as many arrive at the service, even after the process has stalled. Within a second they are evenly spread.
 *
 * A rate that isn't a whole number is rounded up. At a rate below one per second, two heartbeats are never closer than
 * the rate says. Continuously, slightly less than the rate can be sent: `perSecond`.
 */
export class RateLimiter {
  /** The heartbeats per second that can be sent continuously: the rate, less a twentieth. */
  readonly perSecond: number;
  /** The most heartbeats within `#windowMs`. If the rate is a whole number, that window is about a second. */
  readonly #most: number;
  readonly #windowMs: number;
  /** The times at which the last `#most` heartbeats were sent, as a ring buffer. */
  readonly #left: number[] = [];
  #count = 0;
  #lastAt = Number.NEGATIVE_INFINITY;
  /** The time at which the next heartbeat would be sent if all were evenly spread. */
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

  /** Counts as many heartbeats as the rate allows as sent now, because it isn't known which ones others have sent. */
  fill(now: number): void {
    for (let n = 0; n < this.#most; n++) this.#left[n] = now;
    this.#count = this.#most;
    this.#lastAt = now;
  }

  /** Counts a heartbeat that is being sent now. */
  leave(now: number): void {
    this.#left[this.#count % this.#most] = now;
    this.#lastAt = now;
    this.#count++;
    const { perSecond } = this.#held && now < this.#held.until ? this.#held : this;
    this.#evenAt = Math.max(this.#evenAt, now) + 1000 / perSecond;
  }

  /** Lowers the rate until the time `until`. If `perSecond` is above the configured rate, it has no effect. */
  hold(perSecond: number, until: number): void {
    const held = Math.min(perSecond, this.perSecond);
    this.#held = { perSecond: held, until };
    this.#evenAt = Math.max(this.#evenAt, this.#lastAt + 1000 / held);
  }

  /**
   * Returns the time of the oldest heartbeat that counts for the limit. The next one may be sent one window after that.
   */
  #firstInWindow(): number {
    if (this.#count < this.#most) return Number.NEGATIVE_INFINITY;
    return this.#left[this.#count % this.#most] ?? Number.NEGATIVE_INFINITY;
  }
}
