/** While there is too little room, one poll more is tried after so long. */
const GROWS_AFTER_MS = 1_000;

/**
 * How many polls of a handler its activity has room for beside those of all other workers, as far as
 * `ActivityWorkerLimitExceeded` lets it be known: down by half with a refusal, up by one a second while more are wanted.
 */
export class PollRoom {
  #size = Number.POSITIVE_INFINITY;
  #changedAt = Number.NEGATIVE_INFINITY;

  /** Infinity where nothing is known. */
  get size(): number {
    return this.#size;
  }

  /** A poll was refused. What is refused together is one refusal. @param open polls that are open beside it */
  refused(sentAt: number, open: number, now: number): void {
    if (sentAt < this.#changedAt) return;
    this.#size = Math.max(1, Math.floor((open + 1) / 2));
    this.#changedAt = now;
  }

  /** When it grows; Infinity while it suffices. */
  growsAt(wanted: number): number {
    return this.#size < wanted ? this.#changedAt + GROWS_AFTER_MS : Infinity;
  }

  /** Lets it grow where it is time. @param most polls that may ever be open: where it has room for these, it is no limit */
  tick(now: number, wanted: number, most: number): void {
    if (now < this.growsAt(wanted)) return;
    this.#size++;
    this.#changedAt = now;
    if (this.#size >= most) this.forget();
  }

  forget(): void {
    this.#size = Number.POSITIVE_INFINITY;
  }
}
