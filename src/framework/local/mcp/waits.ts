import type { Clock } from '../../base/time/clock.js';

/** The most calls that may wait at the same time. */
const WAIT_LIMIT = 32;
/** The longest wait of one call, in seconds. Clients give up a call after a minute. */
export const LONGEST_WAIT_SECONDS = 50;
const LOOK_EVERY_MS = 50;

/** The waits of all calls. */
export class Waits {
  #waiting = 0;

  constructor(private readonly clock: Clock) {}

  /**
   * Looks until `look` returns a value, the time is over, or `signal` aborts.
   * @param seconds the longest time to wait. If too many calls wait already, this one doesn't
   * @returns what `look` has returned last
   */
  async until<T>(look: () => T | undefined, seconds: number, signal: AbortSignal): Promise<T | undefined> {
    const deadline = this.clock.now() + seconds * 1000;
    let found = look();
    if (found !== undefined || this.#waiting >= WAIT_LIMIT) return found;
    this.#waiting++;
    try {
      while (found === undefined && !signal.aborted && this.clock.now() < deadline) {
        await this.clock.sleep(Math.min(LOOK_EVERY_MS, deadline - this.clock.now()), signal);
        found = signal.aborted ? undefined : look();
      }
    } finally {
      this.#waiting--;
    }
    return found;
  }
}
