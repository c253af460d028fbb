import { systemClock } from '../../../base/time/clock.js';
import type { Commits } from './commits.js';
import type { Listing } from './listing.js';

/** The least time between two steps. */
const PAUSE_MS = 10_000;
/** The records of one step. */
const STEP = 100;

/**
 * Removes records whose time to live is over. It takes a step after a write, with at least 10 s between two: it looks
 * at a hundred records, and at two more for each record with an end that was written since, so that it keeps up.
 */
export class Sweep {
  readonly #listing: Listing;
  readonly #commits: Commits;
  readonly #now: () => number;
  #rest: Awaited<ReturnType<Listing['named']>> = [];
  #last = Number.NEGATIVE_INFINITY;
  #written = 0;

  constructor(listing: Listing, commits: Commits, now: () => number) {
    this.#listing = listing;
    this.#commits = commits;
    this.#now = now;
  }

  /** Is called after each write. */
  afterWrite(hasEnd: boolean): void {
    if (hasEnd) this.#written += 1;
    const now = systemClock.now();
    if (now - this.#last < PAUSE_MS) return;
    this.#last = now;
    const count = STEP + 2 * this.#written;
    this.#written = 0;
    // The store's own calls say what is wrong with it.
    this.step(count).catch(() => undefined);
  }

  async step(count: number): Promise<void> {
    if (this.#rest.length === 0) this.#rest = await this.#listing.named('');
    for (const { key, place } of this.#rest.splice(-count)) {
      const end = await this.#listing.endOf({ key, place }).catch(() => undefined);
      if (end !== undefined && end <= this.#now()) await this.#commits.make({ kind: 'expire', key, place });
    }
  }
}
