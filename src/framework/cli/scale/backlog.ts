/** The sum of a metric in one minute of the clock; `at` is the minute's beginning in epoch milliseconds. */
export interface MinuteSum {
  readonly at: number;
  readonly sum: number;
}

/** The counts of an activity's tasks in CloudWatch, by the minute. Minutes in which nothing happened are absent. */
export interface QueueCounts {
  readonly scheduled: readonly MinuteSum[];
  readonly started: readonly MinuteSum[];
  /** The time at which CloudWatch was asked. */
  readonly readAt: number;
}

/** The facts that the workers tell about an activity's queue. Instants are epoch milliseconds. */
export interface QueueProofs {
  /** The latest time at which a held poll proved that nothing waited; undefined where none is known. */
  readonly emptyAt: number | undefined;
  /** The latest full minute at whose beginning nothing waited; undefined where none is known. */
  readonly emptyMinuteAt: number | undefined;
  /** The number of tasks that the workers began in each minute, by the minute's beginning. */
  readonly begun: ReadonlyMap<number, number>;
}

/** The number of tasks that wait for a worker, and what it is derived from. */
export interface Backlog {
  readonly waiting: number;
  /**
   * - `proved`: a held poll has shown that nothing waited, at a time that CloudWatch does not cover yet.
   * - `counted`: scheduled less started, from a minute at which nothing waited.
   * - `assumed`: the same without such a minute, so that tasks that were stopped before their start may be in it.
   */
  readonly sure: 'proved' | 'counted' | 'assumed';
  /** The end of the last minute that CloudWatch covers. */
  readonly countedUntil: number;
  /** The number of tasks scheduled in a minute, at present. */
  readonly scheduledPerMinute: number;
}

export const MINUTE_MS = 60_000;
/** CloudWatch has a minute at most this long after its end. */
const CLOUDWATCH_LATE_MS = 3 * MINUTE_MS;
/** The present rate of scheduled tasks is the median of this many minutes: a burst is no rate. */
const RATE_MINUTES = 5;

const minuteOf = (at: number): number => Math.floor(at / MINUTE_MS) * MINUTE_MS;

/**
 * Derives how many tasks of an activity wait. From the last minute at whose beginning nothing waited, it follows
 * CloudWatch's counts; of the minutes that CloudWatch does not have yet, it knows what the workers began.
 */
export function countBacklog(counts: QueueCounts, proofs: QueueProofs, now: number): Backlog {
  const minutes = new Minutes(counts, proofs, now);
  const { countedUntil, scheduledPerMinute } = minutes;
  const { emptyAt, emptyMinuteAt } = proofs;
  if (emptyAt !== undefined && emptyAt >= countedUntil)
    return { waiting: 0, sure: 'proved', countedUntil, scheduledPerMinute };
  const waited = minutes.waitingAtTheEnd();
  const waiting = waited === 0 ? 0 : Math.max(1, waited - minutes.begunOfThese());
  const sure = emptyMinuteAt === undefined ? 'assumed' : 'counted';
  return { waiting, sure, countedUntil, scheduledPerMinute };
}

/** The minutes of the clock, as CloudWatch and the workers know them. */
class Minutes {
  readonly #scheduled: ReadonlyMap<number, number>;
  readonly #started: ReadonlyMap<number, number>;
  readonly #proofs: QueueProofs;
  readonly #now: number;
  /** The end of the last minute that CloudWatch covers. */
  readonly countedUntil: number;

  constructor({ scheduled, started, readAt }: QueueCounts, proofs: QueueProofs, now: number) {
    this.#scheduled = new Map(scheduled.map(({ at, sum }) => [at, sum]));
    this.#started = new Map(started.map(({ at, sum }) => [at, sum]));
    this.#proofs = proofs;
    this.#now = now;
    this.countedUntil = this.#findCountedUntil(readAt);
  }

  get scheduledPerMinute(): number {
    const sums = Array.from(
      { length: RATE_MINUTES },
      (_, index) => this.#scheduled.get(this.countedUntil - (index + 1) * MINUTE_MS) ?? 0,
    );
    return sums.toSorted((a, b) => a - b)[Math.floor(RATE_MINUTES / 2)] ?? 0;
  }

  /** Returns the number of tasks that waited at the end of the last minute that CloudWatch covers. */
  waitingAtTheEnd(): number {
    const { emptyAt, emptyMinuteAt } = this.#proofs;
    let waiting = 0;
    for (let at = emptyMinuteAt ?? this.#first(); at < this.countedUntil; at += MINUTE_MS) {
      if (this.#isMissing(at)) continue;
      const started = this.#started.get(at) ?? 0;
      // Nothing waited at one time in this minute: what waited at its beginning was started in it, or was stopped.
      if (emptyAt !== undefined && minuteOf(emptyAt) === at) waiting = Math.min(waiting, started);
      waiting = Math.max(0, waiting + (this.#scheduled.get(at) ?? 0) - started);
    }
    return waiting;
  }

  /**
   * Returns how many of the tasks that waited at the end of the last minute that CloudWatch covers were begun since.
   * Of what was begun since, as much was scheduled since as the present rate says.
   */
  begunOfThese(): number {
    let begun = 0;
    for (const [at, count] of this.#proofs.begun) if (at >= this.countedUntil) begun += count;
    const scheduled = (this.scheduledPerMinute * (this.#now - this.countedUntil)) / MINUTE_MS;
    return Math.max(0, Math.round(begun - scheduled));
  }

  #first(): number {
    return Math.min(...this.#scheduled.keys(), ...this.#started.keys(), this.countedUntil);
  }

  /** True where the workers began tasks in a minute of which CloudWatch has nothing. */
  #isMissing(at: number): boolean {
    return !this.#isCovered(at) && (this.#proofs.begun.get(at) ?? 0) > 0;
  }

  #isCovered(at: number): boolean {
    return this.#scheduled.has(at) || this.#started.has(at);
  }

  /** A minute without data is covered when it should have come, unless the workers know that something happened in it. */
  #findCountedUntil(readAt: number): number {
    const complete = minuteOf(readAt - CLOUDWATCH_LATE_MS);
    const latest = Math.max(...this.#scheduled.keys(), ...this.#started.keys(), Number.NEGATIVE_INFINITY);
    if (latest >= complete) return latest + MINUTE_MS;
    const missing = [...this.#proofs.begun.keys()].filter(
      (at) => at > latest && at < complete && this.#isMissing(at),
    );
    return Math.min(complete, ...missing);
  }
}
