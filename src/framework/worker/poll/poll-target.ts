/** These constants were chosen with the simulated fleet (`npm run bench -- fleet`, see docs/benchmarks.md). */
const TARGET = {
  /**
   * A task counts as having waited in the queue if its poll took at most `atOnce` times as long as the quickest poll so
   * far (counted as `quickestMs` at most), plus a fixed time.
   */
  atOnce: 1.5,
  slackMs: 10,
  quickestMs: 400,
  /** If a poll was open for longer than this before it got a task, that poll wasn't needed. */
  idleMs: 1_000,
  /** How long the service holds a poll before it answers that there is no task (API reference, GetActivityTask). */
  holdMs: 60_000,
} as const;

export interface PollLimits {
  readonly min: number;
  readonly max: number;
}

/**
 * Decides how many polls a handler should have open. If a poll gets a task that was waiting, the number becomes the
 * maximum, since more tasks may be waiting. If a poll had to wait for its task, or got none, the number falls by one.
 * In addition, each poll of a start raises the number by one at a random moment, until the next poll ends without a
 * task. Without this, workers that start together would poll at the same moments for as long as they have nothing to
 * do.
 */
export class PollTarget {
  #limits: PollLimits;
  readonly #random: () => number;
  #size: number;
  #quickestMs: number = TARGET.quickestMs;
  /** The times at which the number is raised by one, earliest first. */
  #moments: number[] = [];

  constructor(limits: PollLimits, random: () => number) {
    this.#limits = limits;
    this.#random = random;
    this.#size = limits.min;
  }

  get size(): number {
    return this.#size;
  }

  /** The maximum number of open polls. */
  get most(): number {
    return this.#limits.max;
  }

  /** The next time at which the number is raised; Infinity if there is none. */
  get growsAt(): number {
    return this.#moments[0] ?? Infinity;
  }

  /** Changes the minimum and the maximum. */
  limit(limits: PollLimits): void {
    this.#limits = limits;
    this.#resize(this.#size);
  }

  /** Sets the number to the minimum, as at the start of a worker. */
  start(now: number): void {
    const moment = (): number => now + Math.round((1 - this.#random()) * TARGET.holdMs);
    this.reset();
    this.#moments = Array.from({ length: this.#size }, moment).sort((one, other) => one - other);
  }

  /** Sets the number to the minimum, until tasks arrive. */
  reset(): void {
    this.#size = this.#limits.min;
    this.#moments = [];
  }

  /** Raises the number if the time for that has come. */
  tick(now: number): void {
    for (; this.growsAt <= now; this.#moments.shift()) this.#resize(this.#size + 1);
  }

  /** Records that a poll was answered. @param openMs the time for which it was open */
  answered(kind: 'task' | 'empty', openMs: number): void {
    const isAtOnce = openMs <= TARGET.atOnce * this.#quickestMs + TARGET.slackMs;
    if (kind === 'task' && isAtOnce) this.#resize(this.#limits.max);
    else if (kind === 'empty' || openMs > TARGET.idleMs) this.#resize(this.#size - 1);
    // The quickest answer is forgotten slowly, since what was quick an hour ago need not be quick now.
    if (kind === 'task') this.#quickestMs = Math.min(openMs, this.#quickestMs * 1.05 + 1, TARGET.quickestMs);
  }

  #resize(size: number): void {
    this.#size = Math.min(this.#limits.max, Math.max(this.#limits.min, size));
  }
}
