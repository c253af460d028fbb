/** The time after which one more poll is tried while there is room for fewer than are wanted. */
const GROWS_AFTER_MS = 1_000;

/**
 * The number of polls that an activity has room for beside those of all other workers, estimated from
 * `ActivityWorkerLimitExceeded`: halved by each refusal, and one more each second while more are wanted.
 */
export class PollRoom {
  #size = Number.POSITIVE_INFINITY;
  #changedAt = Number.NEGATIVE_INFINITY;

  /** The number of polls that there is room for; Infinity where no limit is known. */
  get size(): number {
    return this.#size;
  }

  /** Notes a refused poll. Polls that were sent together count once. @param open the number of other open polls */
  refused(sentAt: number, open: number, now: number): void {
    if (sentAt < this.#changedAt) return;
    this.#size = Math.max(1, Math.floor((open + 1) / 2));
    this.#changedAt = now;
  }

  /** Returns the time at which the room grows; Infinity while it suffices for `wanted` polls. */
  growsAt(wanted: number): number {
    return this.#size < wanted ? this.#changedAt + GROWS_AFTER_MS : Infinity;
  }

  /**
   * Lets the room grow by one poll, where its time has come.
   * @param most the most polls that may ever be open: room for these is no limit
   */
  tick(now: number, wanted: number, most: number): void {
    if (now < this.growsAt(wanted)) return;
    this.#size++;
    this.#changedAt = now;
    if (this.#size >= most) this.forget();
  }

  /** Drops the limit. */
  forget(): void {
    this.#size = Number.POSITIVE_INFINITY;
  }
}
