/** The sum of a CloudWatch metric in one minute. `at` is the start of the minute in epoch milliseconds. */
export interface MinuteSum {
  readonly at: number;
  readonly sum: number;
}

/**
 * The numbers of an activity's tasks that were scheduled and started in each minute, as read from CloudWatch. Minutes
 * in which nothing happened are absent.
 */
export interface QueueCounts {
  readonly scheduled: readonly MinuteSum[];
  readonly started: readonly MinuteSum[];
  /** The time at which these numbers were requested from CloudWatch. */
  readonly readAt: number;
}

/**
 * Facts about an activity's queue of waiting tasks that are known from the status of the workers. Times are epoch
 * milliseconds.
 */
export interface QueueProofs {
  /**
   * The latest time at which the queue is known to have been empty: the service held a poll open, which it does only
   * while no task waits. Undefined if none is known.
   */
  readonly emptyAt: number | undefined;
  /** The start of the latest full minute that began with an empty queue; undefined if none is known. */
  readonly emptyMinuteAt: number | undefined;
  /** The number of tasks that the workers have received in each minute. The keys are the starts of the minutes. */
  readonly begun: ReadonlyMap<number, number>;
}

/** The number of tasks that wait for a worker, and the way in which it was found. */
export interface Backlog {
  readonly waiting: number;
  /**
   * The way in which `waiting` was found.
   * - `proved`: the queue was empty at a time that CloudWatch's numbers don't cover yet, so nothing waits.
   * - `counted`: the tasks scheduled minus the tasks started, since a minute that began with an empty queue.
   * - `assumed`: the same difference, but no such minute is known. Tasks that were stopped before a worker started them
   *   may then be counted as waiting.
   */
  readonly sure: 'proved' | 'counted' | 'assumed';
  /** The end of the last minute for which CloudWatch's numbers are complete, in epoch milliseconds. */
  readonly countedUntil: number;
  /** The number of tasks that are scheduled per minute at present. */
  readonly scheduledPerMinute: number;
}

export const MINUTE_MS = 60_000;
/** CloudWatch's numbers of a minute are complete at most this many milliseconds after the minute's end. */
const CLOUDWATCH_LATE_MS = 3 * MINUTE_MS;
/** The tasks scheduled per minute are the median of this many minutes, so that a short burst doesn't count. */
const RATE_MINUTES = 5;

const minuteOf = (at: number): number => Math.floor(at / MINUTE_MS) * MINUTE_MS;

/**
 * Computes how many tasks of an activity wait for a worker: those scheduled minus those started, by CloudWatch, since
 * the last minute that began with an empty queue. For the latest minutes, which CloudWatch doesn't cover yet, the tasks
 * that the workers have received are subtracted.
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

/** The minutes of an activity's history, with what CloudWatch and the workers know about each. */
class Minutes {
  readonly #scheduled: ReadonlyMap<number, number>;
  readonly #started: ReadonlyMap<number, number>;
  /** The end of the last minute for which CloudWatch's numbers are complete, in epoch milliseconds. */
  readonly countedUntil: number;

  constructor(
    { scheduled, started, readAt }: QueueCounts,
    private readonly proofs: QueueProofs,
    private readonly now: number,
  ) {
    this.#scheduled = new Map(scheduled.map(({ at, sum }) => [at, sum]));
    this.#started = new Map(started.map(({ at, sum }) => [at, sum]));
    this.countedUntil = this.#findCountedUntil(readAt);
  }

  get scheduledPerMinute(): number {
    const sums = Array.from(
      { length: RATE_MINUTES },
      (_, index) => this.#scheduled.get(this.countedUntil - (index + 1) * MINUTE_MS) ?? 0,
    );
    return sums.toSorted((a, b) => a - b)[Math.floor(RATE_MINUTES / 2)] ?? 0;
  }

  /** Returns the number of tasks that were waiting at the time {@link countedUntil}. */
  waitingAtTheEnd(): number {
    const { emptyAt, emptyMinuteAt } = this.proofs;
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
   * Returns how many of the tasks that were waiting at the time {@link countedUntil} have been received by workers
   * since. Tasks that were scheduled after that time don't count; their number is estimated from the present rate.
   */
  begunOfThese(): number {
    let begun = 0;
    for (const [at, count] of this.proofs.begun) if (at >= this.countedUntil) begun += count;
    const scheduled = (this.scheduledPerMinute * (this.now - this.countedUntil)) / MINUTE_MS;
    return Math.max(0, Math.round(begun - scheduled));
  }

  #first(): number {
    return Math.min(...this.#scheduled.keys(), ...this.#started.keys(), this.countedUntil);
  }

  /**
   * Returns true if CloudWatch has no numbers for a minute in which the workers received tasks, so that its numbers are
   * still to come.
   */
  #isMissing(at: number): boolean {
    return !this.#isCovered(at) && (this.proofs.begun.get(at) ?? 0) > 0;
  }

  #isCovered(at: number): boolean {
    return this.#scheduled.has(at) || this.#started.has(at);
  }

  /**
   * Returns {@link countedUntil}. A minute without numbers counts as complete when its numbers are due, unless the
   * workers know that they received tasks in it.
   */
  #findCountedUntil(readAt: number): number {
    const complete = minuteOf(readAt - CLOUDWATCH_LATE_MS);
    const latest = Math.max(...this.#scheduled.keys(), ...this.#started.keys(), Number.NEGATIVE_INFINITY);
    if (latest >= complete) return latest + MINUTE_MS;
    const missing = [...this.proofs.begun.keys()].filter(
      (at) => at > latest && at < complete && this.#isMissing(at),
    );
    return Math.min(complete, ...missing);
  }
}
