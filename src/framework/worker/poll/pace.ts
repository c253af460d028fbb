/** These constants were chosen with the simulated fleet (`npm run bench -- fleet`, see docs/benchmarks.md). */
const PACE = {
  /**
   * `tolerated`: the share of refused sends that doesn't limit the pace. `chance` and the next: how many more refusals
   * may be chance, and the shortest time for which answers are counted.
   */
  tolerated: 0.25,
  chance: 10,
  countMs: 500,
  /**
   * A trial (a test of whether refusals are random) begins when other workers with the same quota send less too. It
   * ends after this many answers, if they arrive in this time.
   */
  othersMs: 2_000,
  trial: 50,
  trialMs: 3_500,
  /**
   * Refusals are taken for random if the trial still has this part of the former share of refusals, unless that share
   * is very large.
   */
  asBefore: 0.6,
  mostRandom: 0.65,
  randomMs: 15_000,
  /**
   * Each accepted send raises the pace by this much; below `slow` sends a second by more, so that the pace grows evenly
   * over time.
   */
  growth: 0.2,
  slow: 6,
  /** A refusal multiplies the pace by this factor, at most once in this time, and never below the minimum. */
  lowered: 0.7,
  loweredMs: 500,
  least: 0.25,
  /** During a trial, the pace is this many times the rate that was accepted before, or the minimum given here. */
  probe: 1.1,
  first: 1.5,
  /** After this many refusals in a row, no send gets through. The next accepted send then removes the limit. */
  shut: 16,
  /**
   * The limit is removed after this time without a refusal, and in any case after the longer time, to be measured
   * again.
   */
  calmMs: 30_000,
  learntMs: 60_000,
  /** After a pause, as many sends may leave at once as the pace allows in this time. */
  burstMs: 250,
} as const;

/**
 * Limits how many polls (or reports) a second a worker sends in one region and account. All its handlers share the
 * limit. There is no limit until the service throttles a large share of the sends; then the limit is the rate that the
 * service accepted. If an equally large share is refused under that limit, refusals are random rather than a quota, and
 * the limit is removed for a while. Otherwise each accepted send raises the limit a little and each refusal lowers it
 * by a factor, so that workers with a common quota approach equal shares. The caller passes in the time.
 */
export class Pace {
  readonly #random: () => number;
  #perSecond = Number.POSITIVE_INFINITY;
  #nextAt = Number.NEGATIVE_INFINITY;
  /** The answers since the first refusal, or since the trial began. Undefined if answers aren't being counted. */
  #count: { readonly from: number; answers: number; refused: number } | undefined;
  /** The share of refused sends for which the pace was limited, and the time at which that happened. */
  #limited = { at: Number.POSITIVE_INFINITY, share: 0 };
  #loweredAt = Number.NEGATIVE_INFINITY;
  #refusedAt = Number.NEGATIVE_INFINITY;
  #refusedInARow = 0;
  #randomUntil = Number.NEGATIVE_INFINITY;

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
    if (now - this.#refusedAt > PACE.calmMs || now - this.#limited.at > PACE.learntMs) this.release();
    return this.#nextAt;
  }

  /**
   * Reserves the next send if its time comes within `mostMs` milliseconds; otherwise reserves nothing, so that no send
   * is wasted on a caller that wouldn't wait for it.
   * @returns the time of the send; `now` or earlier if it may leave at once
   */
  reserve(now: number, mostMs = Number.POSITIVE_INFINITY): number {
    const turn = Math.min(Math.max(this.nextAt(now), now - PACE.burstMs), now + mostMs);
    if (this.#perSecond === Number.POSITIVE_INFINITY) return now;
    this.#nextAt = turn + (2 * this.#random() * 1_000) / this.#perSecond;
    return turn;
  }

  /** Records that the service accepted the send that left at `sentAt`. */
  granted(sentAt: number, now: number): void {
    if (sentAt < this.#limited.at && this.#perSecond < Number.POSITIVE_INFINITY) return;
    if (this.#refusedInARow >= PACE.shut) return this.release();
    this.#refusedInARow = 0;
    if (this.#isTried(sentAt, 0, now)) return;
    this.#perSecond += PACE.growth * Math.max(1, PACE.slow / this.#perSecond);
  }

  /** Records that the service throttled the send that left at `sentAt`. */
  refused(sentAt: number, now: number): void {
    this.#refusedAt = now;
    const isLimited = this.#perSecond < Number.POSITIVE_INFINITY;
    if (isLimited && sentAt >= this.#limited.at) this.#refusedInARow++;
    if (this.#isTried(sentAt, 1, now) || !isLimited) return;
    if (sentAt < this.#loweredAt || now - this.#loweredAt < PACE.loweredMs) return;
    this.#perSecond = Math.max(PACE.least, PACE.lowered * this.#perSecond);
    this.#loweredAt = now;
  }

  /** Removes the limit, because what is known of the quota is out of date. */
  release(): void {
    this.#perSecond = Number.POSITIVE_INFINITY;
    this.#nextAt = Number.NEGATIVE_INFINITY;
    this.#limited = { at: Number.POSITIVE_INFINITY, share: 0 };
    this.#count = undefined;
    this.#refusedInARow = 0;
  }

  /** Counts an answer while the decision to limit the pace is open. Returns false when the decision is made. */
  #isTried(sentAt: number, refused: 0 | 1, now: number): boolean {
    const isFree = this.#perSecond === Number.POSITIVE_INFINITY;
    if (isFree && refused === 1) this.#count ??= { from: now, answers: 0, refused: 0 };
    const count = this.#count;
    if (!count) return isFree;
    if (sentAt < count.from) return true;
    count.answers++;
    count.refused += refused;
    if (isFree) this.#judge(count, now);
    else this.#try(count, now);
    return true;
  }

  /** Limits the pace to the rate that was accepted, if too many sends were refused. */
  #judge({ from, answers, refused }: { from: number; answers: number; refused: number }, now: number): void {
    const beyond = refused - PACE.tolerated * answers;
    if (beyond < 0) this.#count = undefined;
    if (beyond < PACE.chance || now < this.#randomUntil || now - from < PACE.countMs) return;
    this.#perSecond = Math.max(PACE.first, (PACE.probe * (answers - refused) * 1_000) / (now - from));
    this.#limited = { at: now, share: refused / answers };
    this.#loweredAt = now;
    this.#nextAt = now;
    this.#count = { from: now + PACE.othersMs, answers: 0, refused: 0 };
  }

  /**
   * Ends the trial if it has lasted long enough. Removes the limit if as large a share of sends is refused as before.
   */
  #try({ from, answers, refused }: { from: number; answers: number; refused: number }, now: number): void {
    if (answers < PACE.trial && now - from < PACE.trialMs) return;
    this.#count = undefined;
    const share = refused / answers;
    const isRandom = share <= PACE.mostRandom && share >= PACE.asBefore * this.#limited.share;
    if (answers < PACE.trial || !isRandom) return;
    this.release();
    this.#randomUntil = now + PACE.randomMs;
  }
}
