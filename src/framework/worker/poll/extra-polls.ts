/** The time that the service holds a poll before it answers that there is no task (API reference, GetActivityTask). */
const HOLD_MS = 60_000;
/** While held polls are in doubt, another poll is sent beside each that is this old. */
const DOUBTED_AFTER_MS = 15_000;

interface OpenPoll {
  readonly sentAt: number;
}

/**
 * The polls that may be open for a while beside those that the work calls for:
 *
 * - One for each poll that was sent at the start, or at a new start after trouble, at a random moment of the hold. A
 *   fleet that starts in one moment would otherwise poll in that rhythm for as long as it has nothing to do. The extra
 *   poll replaces the next one that ends empty, so that no worker is without a poll meanwhile. Only where the activity
 *   has no room for one more, because many others poll, is the next poll that ends empty sent later instead.
 * - While held polls are in doubt, because one was never answered, another one beside each that gets old: a connection
 *   that lost one request may have lost the next, too, and the limit of a poll is long.
 */
export class ExtraPolls {
  /** The times at which one more poll may be opened, in epoch milliseconds, earliest first. */
  #moments: number[] = [];
  /** The number of extra polls that may be open because their time has come. */
  #moved = 0;
  /**
   * For each extra poll that the activity had no room for: the time at which the next poll that ends empty is repeated.
   */
  #late: number[] = [];
  #doubted = false;

  /** Plans an extra poll for each of `many` polls that are sent now, at random moments of the hold. */
  plan(many: number, now: number, random: () => number): void {
    const later = (): number => now + Math.round((1 - random()) * HOLD_MS);
    this.clear();
    this.#moments = Array.from({ length: many }, later).sort((one, other) => one - other);
  }

  /** Drops the planned extra polls. */
  clear(): void {
    this.#moments = [];
    this.#moved = 0;
    this.#late = [];
  }

  /** Returns the number of extra polls that may be open now. @param open all open polls */
  allowed(now: number, open: Iterable<OpenPoll>): number {
    while (this.#moments[0] !== undefined && this.#moments[0] <= now) {
      this.#moments.shift();
      this.#moved++;
    }
    if (!this.#doubted) return this.#moved;
    return this.#moved + [...open].filter(({ sentAt }) => now - sentAt >= DOUBTED_AFTER_MS).length;
  }

  /**
   * Returns the time at which one more extra poll may be open if no poll ends before; Infinity where only the end of
   * one can change that.
   */
  nextAt(now: number, open: Iterable<OpenPoll>): number {
    const moment = this.#moments[0] ?? Infinity;
    if (!this.#doubted) return moment;
    const old = Array.from(open, ({ sentAt }) => sentAt + DOUBTED_AFTER_MS);
    return Math.min(moment, ...old.filter((at) => at > now));
  }

  /**
   * Notes that a poll was answered.
   * @param empty true where the poll returned no task: an extra poll then counts as its successor
   * @returns the time at which to send the poll's successor; undefined for at once
   */
  answered(empty: boolean): number | undefined {
    this.#doubted = false;
    if (!empty) return undefined;
    this.#moved = Math.max(0, this.#moved - 1);
    return this.#late.shift();
  }

  /** Notes that the activity had no room for one more poll. */
  crowded(now: number): void {
    if (this.#moved === 0) return;
    this.#moved--;
    this.#late.push(now + HOLD_MS);
  }

  /** Notes that a poll was never answered: it stayed open for longer than the service holds a poll. */
  doubt(): void {
    this.clear();
    this.#doubted = true;
  }
}
