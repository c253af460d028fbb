/** The constants were chosen by the simulated fleet: `npm run bench -- fleet`, docs/deploy.md. */
const PACE = {
  /** The share of refusals that is tolerated, the refusals beyond it that may be chance, and the least time of a count. */
  tolerated: 0.25,
  chance: 10,
  countMs: 500,
  /** A trial begins when others that share a quota send less, too. It takes so many answers, if they come in its time. */
  othersMs: 2_000,
  trial: 50,
  trialMs: 3_500,
  /** Refusals are random where this part of the former share is still refused, unless the share is that large. */
  asBefore: 0.6,
  mostRandom: 0.65,
  randomMs: 15_000,
  /** Each grant raises the pace by this; by more below `slow` sends a second, so that it grows evenly with the time. */
  growth: 0.2,
  slow: 6,
  /** A refusal lowers the pace to this part of itself, once in so long, but not below the least. */
  lowered: 0.7,
  loweredMs: 500,
  least: 0.25,
  /** The pace of a trial is this many times what was granted, and at least that. */
  probe: 1.1,
  first: 1.5,
  /** After so many refusals in a row nothing gets through: the next grant makes the pace unlimited again. */
  shut: 16,
  /** The pace is unlimited again after so long without a refusal, and learnt anew after so long in any case. */
  calmMs: 30_000,
  learntMs: 60_000,
  /** The burst that may be sent after a pause: as many sends as the pace has in this time. */
  burstMs: 250,
} as const;

/**
 * The pace of the polls, or of the reports, in one region and account, in sends a second, shared by all handlers of a
 * worker. It is unlimited until the service throttles a good part of them, and then what was granted. If as large a part
 * is refused all the same, refusals are random, and the pace is unlimited for a while. Otherwise there is a quota: each
 * grant raises the pace a little, each refusal lowers it to a part of itself, and workers that share the quota so come
 * to equal parts of it. The time is passed in.
 */
export class Pace {
  readonly #random: () => number;
  #perSecond = Number.POSITIVE_INFINITY;
  #nextAt = Number.NEGATIVE_INFINITY;
  /** The answers since a refusal, or in the trial. Undefined where nothing is counted. */
  #count: { readonly from: number; answers: number; refused: number } | undefined;
  /** The share of refusals for which the pace was limited, and when. */
  #limited = { at: Number.POSITIVE_INFINITY, share: 0 };
  #loweredAt = Number.NEGATIVE_INFINITY;
  #refusedAt = Number.NEGATIVE_INFINITY;
  #refusedInARow = 0;
  #randomUntil = Number.NEGATIVE_INFINITY;

  /** @param random spreads the sends: those of a regular sender would take the tokens of all others */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** The most sends in one second; Infinity while no send is held back. */
  get perSecond(): number {
    return this.#perSecond;
  }

  /** Returns the time at which the next send may leave; not after `now` where it may leave at once. */
  nextAt(now: number): number {
    if (now - this.#refusedAt > PACE.calmMs || now - this.#limited.at > PACE.learntMs) this.release();
    return this.#nextAt;
  }

  /**
   * Reserves the next turn, which comes within `mostMs` milliseconds, so that no turn is wasted on a sender that would
   * not wait for it.
   * @returns the time of the turn; not after `now` where it has come already.
   */
  reserve(now: number, mostMs = Number.POSITIVE_INFINITY): number {
    const turn = Math.min(Math.max(this.nextAt(now), now - PACE.burstMs), now + mostMs);
    if (this.#perSecond === Number.POSITIVE_INFINITY) return now;
    this.#nextAt = turn + (2 * this.#random() * 1_000) / this.#perSecond;
    return turn;
  }

  /** Notes that the send which left at `sentAt` was not throttled. */
  granted(sentAt: number, now: number): void {
    if (sentAt < this.#limited.at && this.#perSecond < Number.POSITIVE_INFINITY) return;
    if (this.#refusedInARow >= PACE.shut) return this.release();
    this.#refusedInARow = 0;
    if (this.#isTried(sentAt, 0, now)) return;
    this.#perSecond += PACE.growth * Math.max(1, PACE.slow / this.#perSecond);
  }

  /** Notes that the send which left at `sentAt` was throttled. */
  refused(sentAt: number, now: number): void {
    this.#refusedAt = now;
    const isLimited = this.#perSecond < Number.POSITIVE_INFINITY;
    if (isLimited && sentAt >= this.#limited.at) this.#refusedInARow++;
    if (this.#isTried(sentAt, 1, now) || !isLimited) return;
    if (sentAt < this.#loweredAt || now - this.#loweredAt < PACE.loweredMs) return;
    this.#perSecond = Math.max(PACE.least, PACE.lowered * this.#perSecond);
    this.#loweredAt = now;
  }

  /** Makes the pace unlimited: what was learnt of the quota is out of date. */
  release(): void {
    this.#perSecond = Number.POSITIVE_INFINITY;
    this.#nextAt = Number.NEGATIVE_INFINITY;
    this.#limited = { at: Number.POSITIVE_INFINITY, share: 0 };
    this.#count = undefined;
    this.#refusedInARow = 0;
  }

  /** Counts an answer, while that decides whether to limit the pace. Returns false when it is decided. */
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

  /** Limits the pace to what was granted, where too much was refused. */
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

  /** Ends the trial, where it has lasted. Limits the pace no more where as large a part is refused as before. */
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
