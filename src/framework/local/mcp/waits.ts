import type { Clock } from '../../base/time/clock.js';
import { ToolError } from './tool.js';

/** The most calls that may wait at the same time. */
const WAIT_LIMIT = 32;
/** The longest wait of one call, in seconds. Clients give up a call after a minute. */
export const LONGEST_WAIT_SECONDS = 50;
const CHECK_EVERY_MS = 50;

/** The waits of all calls. While WAIT_LIMIT calls wait, another one returns what it finds at once. */
export class Waits {
  #waiting = 0;

  constructor(private readonly clock: Clock) {}

  /**
   * Calls `find` until it returns a value, the time is over, or `signal` aborts.
   * @returns what `find` has returned last
   */
  async until<T>(find: () => T | undefined, seconds: number, signal: AbortSignal): Promise<T | undefined> {
    let found = find();
    if (found !== undefined || this.#waiting >= WAIT_LIMIT) return found;
    const deadline = this.clock.now() + seconds * 1000;
    this.#waiting++;
    try {
      for (let left = seconds * 1000; found === undefined && left > 0; left = deadline - this.clock.now()) {
        await this.clock.sleep(Math.min(CHECK_EVERY_MS, left), signal);
        if (signal.aborted) break;
        found = find();
      }
    } finally {
      this.#waiting--;
    }
    return found;
  }

  /**
   * Waits for a piece of work, which may never end.
   * @param work gets a signal that aborts when its result is not wanted any more
   * @throws ToolError if too many calls wait already, or the time is over
   */
  async for<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#waiting >= WAIT_LIMIT) throw new ToolError('too many calls wait already: try again later');
    const end = new AbortController();
    const both = AbortSignal.any([signal, end.signal]);
    const over = this.clock.sleep(LONGEST_WAIT_SECONDS * 1000, both).then((): never => {
      throw new ToolError(`it has not ended within ${LONGEST_WAIT_SECONDS} s, and is given up`);
    });
    this.#waiting++;
    try {
      return await Promise.race([work(both), over]);
    } finally {
      this.#waiting--;
      over.catch(() => {});
      end.abort();
    }
  }
}
