/** The service holds a poll for so long, and then answers that there is no task (API reference, GetActivityTask). */
const HOLD_MS = 60_000;
/** While it is doubted that held polls are held by the service, another is sent beside each that is this old. */
const DOUBTED_AFTER_MS = 15_000;

interface OpenPoll {
  readonly sentAt: number;
}

/**
 * Polls that may be open for a while beside those that the work wants:
 *
 * - One for each that was sent when all began, or began again. A fleet that starts in one moment would otherwise poll
 *   in that rhythm for as long as it has nothing to do. Each takes the place of the next one that ends empty, and
 *   its moment is drawn from the whole hold; no worker is without a poll for it. Only where the activity has no room
 *   for one more, so that many others poll, is the next one that ends empty sent later instead.
 * - While held polls are in doubt, because one was never answered at all, another beside each that gets old: a
 *   connection that swallowed one request may have swallowed the next, too, and a poll's limit is long.
 */
export class ExtraPolls {
  /** When one more may be opened, earliest first. */
  #moments: number[] = [];
  /** How many may be open because their moment has come. */
  #moved = 0;
  /** Those that had no room: when what ends empty is to be sent in their stead. */
  #late: number[] = [];
  #doubted = false;

  /** Plans to move as many polls away from the moment at which they were all sent. */
  plan(many: number, now: number, random: () => number): void {
    const later = (): number => now + Math.round((1 - random()) * HOLD_MS);
    this.clear();
    this.#moments = Array.from({ length: many }, later).sort((one, other) => one - other);
  }

  /** Plans nothing any more. */
  clear(): void {
    this.#moments = [];
    this.#moved = 0;
    this.#late = [];
  }

  /** How many more may be open now. @param open those that are */
  allowed(now: number, open: Iterable<OpenPoll>): number {
    while (this.#moments[0] !== undefined && this.#moments[0] <= now) {
      this.#moments.shift();
      this.#moved++;
    }
    if (!this.#doubted) return this.#moved;
    return this.#moved + [...open].filter(({ sentAt }) => now - sentAt >= DOUBTED_AFTER_MS).length;
  }

  /** When one more may be open if nothing is told before; Infinity where only news can change that. */
  nextAt(now: number, open: Iterable<OpenPoll>): number {
    const moment = this.#moments[0] ?? Infinity;
    if (!this.#doubted) return moment;
    const old = Array.from(open, ({ sentAt }) => sentAt + DOUBTED_AFTER_MS);
    return Math.min(moment, ...old.filter((at) => at > now));
  }

  /**
   * A poll was answered.
   * @param empty without a task: one that was moved takes its place
   * @returns until when its place is to stay empty, if it is
   */
  answered(empty: boolean): number | undefined {
    this.#doubted = false;
    if (!empty) return undefined;
    this.#moved = Math.max(0, this.#moved - 1);
    return this.#late.shift();
  }

  /** There was no room for one more poll. */
  crowded(now: number): void {
    if (this.#moved === 0) return;
    this.#moved--;
    this.#late.push(now + HOLD_MS);
  }

  /** A poll was never answered at all: it was held for longer than the service holds any. */
  doubt(): void {
    this.clear();
    this.#doubted = true;
  }
}
