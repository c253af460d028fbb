/** These constants were chosen with the simulated fleet (`npm run bench -- fleet`, see docs/benchmarks.md). */
const PACE = {
  /** The pace is limited when this share of the sends is refused, and `chance` more, in at least `countMs`. */
  tolerated: 0.27,
  chance: 12,
  countMs: 500,
  /** The limit is at first this many times the rate that was accepted, so that the quota stays filled. */
  begin: 1.1,
  /**
   * If at least `trialPerSecond` were accepted, two trials show whether refusals are random. The first begins when other
   * workers with the same quota have had `othersMs` to send less too; for the second the pace is multiplied by `again`,
   * since a quota that others still exceed refuses less then. In each, answers are counted for `trialMs`. Refusals are
   * random if both times the share that is refused is still `asBefore` times the former, but not above `mostRandom`.
   */
  trials: 2,
  trialPerSecond: 12,
  othersMs: 2_000,
  again: 0.7,
  trialMs: 4_000,
  asBefore: 0.6,
  mostRandom: 0.65,
  /** The pace is measured again after this time, whether it is limited or refusals are random. */
  learntMs: 60_000,
  /** Each accepted send raises the pace by `growth`; below `slow` sends a second by more, so that it grows evenly. */
  growth: 0.2,
  slow: 6,
  /** A refusal multiplies the pace by `lowered`, at most once in `loweredMs`, and never below `least`. */
  lowered: 0.7,
  loweredMs: 500,
  least: 0.25,
  /** After this many refusals in a row, the next accepted send removes the limit: the service was throttling all sends. */
  shut: 16,
  /** After a pause, as many sends may leave at once as the pace allows in this time. */
  burstMs: 250,
} as const;

interface Count {
  readonly from: number;
  answers: number;
  refused: number;
}

/**
 * Limits how many polls (or reports) a second a worker sends in one region and account. All its handlers share the
 * limit. There is no limit until the service throttles a large share of the sends; then the limit is the rate that the
 * service accepted. If a large share is still refused under that limit, refusals are random rather than a quota, and
 * the limit is removed for a while. Otherwise each accepted send raises the limit a little and each refusal lowers it
 * by a factor, so that workers with a common quota approach equal shares. The caller passes in the time.
 */
export class Pace {
  readonly #random: () => number;
  #perSecond = Number.POSITIVE_INFINITY;
  #nextAt = Number.NEGATIVE_INFINITY;
  /** The answers by which it is decided if the pace is limited, or stays so. Undefined if none are counted. */
  #count: Count | undefined;
  /** The share of sends that was refused before the pace was limited. */
  #refusedBefore = 0;
  #trialsLeft = 0;
  #refusedInARow = 0;
  #loweredAt = Number.NEGATIVE_INFINITY;
  #learntUntil = Number.NEGATIVE_INFINITY;

  /**
   * @param random spreads the sends over time: a worker that sent at regular intervals would always take the quota's
   * next free token before the others
   */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** The maximum number of sends a second; Infinity if there is no limit. */
  get perSecond(): number {
    return this.#perSecond;
  }

  /** Returns the time at which the next send may leave; `now` or earlier if it may leave at once. */
  nextAt(now: number): number {
    if (this.#perSecond < Infinity && now >= this.#learntUntil) this.#release();
    return this.#nextAt;
  }

  /**
   * Reserves the next send, and returns its time; `now` or earlier if it may leave at once. If that is more than `mostMs`
   * milliseconds from now, nothing is reserved, and the send may leave then: the caller doesn't wait longer.
   */
  reserve(now: number, mostMs = Number.POSITIVE_INFINITY): number {
    const turn = Math.min(Math.max(this.nextAt(now), now - PACE.burstMs), now + mostMs);
    if (this.#perSecond === Infinity) return now;
    this.#nextAt = turn + (2 * this.#random() * 1_000) / this.#perSecond;
    return turn;
  }

  /** Records that the service accepted the send that left at `sentAt`. */
  granted(sentAt: number, now: number): void {
    if (this.#isCounted(sentAt, 0, now) || sentAt < this.#loweredAt) return;
    const isShut = this.#refusedInARow >= PACE.shut;
    this.#refusedInARow = 0;
    if (isShut) return this.#release();
    this.#perSecond += PACE.growth * Math.max(1, PACE.slow / this.#perSecond);
  }

  /** Records that the service throttled the send that left at `sentAt`. */
  refused(sentAt: number, now: number): void {
    if (this.#perSecond === Infinity && !this.#count) this.#countFrom(now);
    if (this.#isCounted(sentAt, 1, now) || sentAt < this.#loweredAt) return;
    this.#refusedInARow++;
    if (now - this.#loweredAt < PACE.loweredMs) return;
    this.#perSecond = Math.max(PACE.least, PACE.lowered * this.#perSecond);
    this.#loweredAt = now;
  }

  /** Counts an answer while a decision is open. Returns false if none is, so that the answer changes the pace. */
  #isCounted(sentAt: number, refused: 0 | 1, now: number): boolean {
    const count = this.#count;
    if (!count) return this.#perSecond === Infinity;
    if (sentAt < count.from) return true;
    count.answers++;
    count.refused += refused;
    if (this.#perSecond === Infinity) this.#judge(count, now);
    else if (now - count.from >= PACE.trialMs) this.#endTrial(count, now);
    return true;
  }

  /** Limits the pace to the rate that was accepted, if too many sends were refused. */
  #judge({ from, answers, refused }: Count, now: number): void {
    const beyond = refused - PACE.tolerated * answers;
    if (beyond < 0) this.#count = undefined;
    if (beyond < PACE.chance || now - from < PACE.countMs || now < this.#learntUntil) return;
    const accepted = ((answers - refused) * 1_000) / (now - from);
    this.#perSecond = Math.max(PACE.least, PACE.begin * accepted);
    this.#nextAt = this.#loweredAt = now;
    this.#learntUntil = now + PACE.learntMs;
    this.#refusedBefore = refused / answers;
    this.#count = undefined;
    if (accepted < PACE.trialPerSecond) return;
    this.#trialsLeft = PACE.trials;
    this.#countFrom(now + PACE.othersMs);
  }

  /** Tries once more at a lower pace if as large a share of sends is refused as before, and then removes the limit. */
  #endTrial({ answers, refused }: Count, now: number): void {
    this.#count = undefined;
    const share = refused / answers;
    if (share < PACE.asBefore * this.#refusedBefore || share > PACE.mostRandom) return;
    if (--this.#trialsLeft > 0) {
      this.#perSecond *= PACE.again;
      return this.#countFrom(now);
    }
    this.#release();
    this.#learntUntil = now + PACE.learntMs;
  }

  #countFrom(from: number): void {
    this.#count = { from, answers: 0, refused: 0 };
  }

  #release(): void {
    this.#perSecond = Number.POSITIVE_INFINITY;
    this.#nextAt = Number.NEGATIVE_INFINITY;
    this.#count = undefined;
  }
}
