/** The constants were chosen by the simulated fleet: `npm run bench -- fleet`, docs/deploy.md. */
const TARGET = {
  /** A task was waiting if its poll took at most so many times as long as the quickest (`quickestMs` at most), and this. */
  atOnce: 1.5,
  slackMs: 10,
  quickestMs: 400,
  /** A poll that waited longer for its task was not needed. */
  idleMs: 1_000,
  /** The time that the service holds a poll before it answers that there is no task (API reference, GetActivityTask). */
  holdMs: 60_000,
} as const;

export interface PollLimits {
  readonly min: number;
  readonly max: number;
}

/**
 * The number of polls that a handler wants to have open. A poll that found a task waiting makes it the most, since more
 * may wait; a poll that waited for its task, or for none, takes one away. For each poll of a start one more is wanted
 * from a random moment of the hold on, until the next one ends empty: workers that start together would otherwise poll
 * in that rhythm for as long as they have nothing to do.
 */
export class PollTarget {
  #limits: PollLimits;
  readonly #random: () => number;
  #size: number;
  #quickestMs: number = TARGET.quickestMs;
  /** The moments at which one more poll is wanted, earliest first. */
  #moments: number[] = [];

  constructor(limits: PollLimits, random: () => number) {
    this.#limits = limits;
    this.#random = random;
    this.#size = limits.min;
  }

  get size(): number {
    return this.#size;
  }

  /** The most polls that may ever be open. */
  get most(): number {
    return this.#limits.max;
  }

  /** Sets another least and most number. */
  limit(limits: PollLimits): void {
    this.#limits = limits;
    this.#size = Math.min(limits.max, Math.max(limits.min, this.#size));
  }

  /** The time at which the number grows by itself; Infinity where it does not. */
  get growsAt(): number {
    return this.#moments[0] ?? Infinity;
  }

  /** Begins with the least number, all of them sent now. */
  start(now: number): void {
    const moment = (): number => now + Math.round((1 - this.#random()) * TARGET.holdMs);
    this.#size = this.#limits.min;
    this.#moments = Array.from({ length: this.#size }, moment).sort((one, other) => one - other);
  }

  /** Goes back to the least number, because nothing gets through. */
  reset(): void {
    this.#size = this.#limits.min;
    this.#moments = [];
  }

  /** Lets the number grow where its time has come. */
  tick(now: number): void {
    for (; this.growsAt <= now; this.#moments.shift())
      this.#size = Math.min(this.#limits.max, this.#size + 1);
  }

  /** Notes that a poll brought a task. @param waitedMs the time that it was open */
  gotTask(waitedMs: number): void {
    if (waitedMs <= TARGET.atOnce * this.#quickestMs + TARGET.slackMs) this.#size = this.#limits.max;
    else if (waitedMs > TARGET.idleMs) this.shrink();
    // The quickest answer is forgotten slowly, since what was quick an hour ago need not be quick now.
    this.#quickestMs = Math.min(waitedMs, this.#quickestMs * 1.05 + 1, TARGET.quickestMs);
  }

  /** Notes that a poll was not needed. */
  shrink(): void {
    this.#size = Math.max(this.#limits.min, this.#size - 1);
  }
}
