/** Constants that were chosen by the simulated fleet: `npm run bench -- fleet`, docs/deploy.md. */
const POLICY = {
  /** A count of sends is closed after a second, or later, when it has enough sends to be significant. */
  leastMs: 1_000,
  mostMs: 10_000,
  enough: 8,
  /** A smaller share of refused sends is tolerated: the quota is filled, and few sends are wasted. */
  tolerated: 0.15,
  /** The factor by which the pace exceeds what was granted, so that a quota is filled and a larger one is found. */
  probe: 1.05,
  /** The lowest pace: one send in five seconds. */
  leastPerSecond: 0.2,
  /** The factor by which the pace grows with each count that has few refusals. */
  growth: 1.05,
  /** Refusals are random where less than this part of a cut in sends is granted all the same. */
  elasticity: 0.5,
  /** The number of counts in a trial: others that share the quota must have the time to send less, too. */
  trial: 3,
  /** A trial goes on, up to this many counts, until they have `trialEnough` sends. */
  trialMost: 6,
  trialEnough: 32,
  /** The number of sends after which a quota is reviewed. */
  review: 100,
  /**
   * A review confirms a quota where few sends were refused (`tolerated`), or at most this share of them while
   * `grantedAsBefore` of the former grants was granted.
   */
  refusedOfQuota: 0.3,
  grantedAsBefore: 0.75,
  /** The part of a known quota that the pace keeps until the next review. */
  believed: 0.5,
  /** The time for which refusals are first taken for random; doubled each time that they are found random again. */
  randomMs: 30_000,
  /** The time without a refusal after which the pace is unlimited again. */
  calmMs: 30_000,
  /** The burst that may be sent after a pause: as many sends as the pace has in this time. */
  burstMs: 250,
} as const;

interface Count {
  readonly from: number;
  sent: number;
  refused: number;
  to: number;
}

/** The sends and refusals since the last review of a quota, and the grants a second that were found before. */
interface Quota {
  readonly kind: 'quota';
  granted: number;
  ms: number;
  sent: number;
  refused: number;
}

/** Sends and grants in one second. */
interface Rates {
  /** The number of sends that these rates were computed from. */
  readonly sends: number;
  readonly sent: number;
  readonly granted: number;
}

/**
 * What is believed of refused sends.
 * - `free`: no send is held back.
 * - `doubt`: many sends were refused for the first time, perhaps because a burst is used up.
 * - `trial`: the pace is lowered, to see whether less is granted then.
 * - `quota`: in the trial as much was granted. The pace follows what is granted.
 * - `random`: in the trial less was granted. No send is held back for a while.
 */
type Belief =
  | { readonly kind: 'free' | 'doubt' }
  | Quota
  | { readonly kind: 'trial'; readonly before: Rates; readonly after: Rates[] }
  | { readonly kind: 'random'; readonly until: number };

/**
 * The pace of the polls, or of the reports, in one region and account, in sends a second, shared by all handlers of a
 * worker. It is unlimited until the service throttles; then it stays a little above what is granted, so that a token
 * bucket is filled and not halved. Where sending less does not lower the share of refusals, they are random, and the
 * pace is dropped. A send that is not refused within a second counts as granted. The time is passed in.
 */
export class Pace {
  #perSecond = Number.POSITIVE_INFINITY;
  #nextAt = Number.NEGATIVE_INFINITY;
  #count: Count | undefined;
  /** A closed count that waits for the last refusals of its sends. */
  #closed: Count | undefined;
  #belief: Belief = { kind: 'free' };
  #granted: number | undefined;
  #refusedAt = Number.NEGATIVE_INFINITY;
  #randomMs: number = POLICY.randomMs;

  /** The most sends in one second; Infinity while no send is held back. */
  get perSecond(): number {
    return this.#perSecond;
  }

  /** Returns the time at which the next send may leave; not after `now` where it may leave at once. */
  nextAt(now: number): number {
    this.#advance(now);
    return this.#nextAt;
  }

  /**
   * Reserves the next turn, which comes within `mostMs` milliseconds, so that no turn is wasted on a sender that would
   * not wait for it.
   * @returns the time of the turn; not after `now` where it has come already.
   */
  reserve(now: number, mostMs = Number.POSITIVE_INFINITY): number {
    this.#advance(now);
    if (this.#perSecond === Number.POSITIVE_INFINITY) return now;
    const turn = Math.min(Math.max(this.#nextAt, now - POLICY.burstMs), now + mostMs);
    this.#nextAt = turn + 1000 / this.#perSecond;
    return turn;
  }

  /** Counts a send that leaves now, in its turn. */
  sent(now: number): void {
    this.#advance(now);
    this.#count ??= { from: now, sent: 0, refused: 0, to: now };
    this.#count.sent++;
  }

  /** Counts a refusal of the send that left at `sentAt`. */
  refused(sentAt: number, now: number): void {
    this.#advance(now);
    this.#refusedAt = now;
    const count = this.#closed && sentAt < this.#closed.to ? this.#closed : this.#count;
    if (count) count.refused++;
  }

  /** Makes the pace unlimited: what was learnt of the quota is out of date. */
  release(): void {
    this.#free({ kind: 'free' });
  }

  #advance(now: number): void {
    if (this.#closed && now - this.#closed.to >= POLICY.leastMs) {
      this.#judge(this.#closed, now);
      this.#closed = undefined;
    }
    const count = this.#count;
    if (!count || this.#closed) return;
    const age = now - count.from;
    if (age < POLICY.leastMs || (count.sent < POLICY.enough && age < POLICY.mostMs)) return;
    this.#closed = { ...count, to: now };
    this.#count = undefined;
  }

  #judge({ from, to, sent, refused }: Count, now: number): void {
    if (now - this.#refusedAt > POLICY.calmMs) return this.release();
    if (this.#belief.kind === 'random' && now < this.#belief.until) return;
    const perSecond = 1000 / (to - from);
    const rates = { sends: sent, sent: sent * perSecond, granted: Math.max(0, sent - refused) * perSecond };
    const share = Math.min(1, refused / sent);
    if (this.#belief.kind === 'trial') return this.#try(this.#belief, rates, now);
    if (this.#belief.kind === 'quota' && !this.#isQuotaStill(this.#belief, sent, refused, to - from))
      return this.#callRandom(now);
    if (share <= POLICY.tolerated) return this.#grow(rates);
    this.#granted = this.#granted === undefined ? rates.granted : (this.#granted + rates.granted) / 2;
    if (this.#belief.kind === 'quota') this.#follow();
    else if (this.#belief.kind === 'doubt') this.#lower(rates);
    else this.#belief = { kind: 'doubt' };
  }

  #grow({ sent, granted }: Rates): void {
    if (this.#belief.kind === 'doubt') this.#belief = { kind: 'free' };
    if (sent === granted && sent >= this.#perSecond * 0.8) this.#perSecond *= POLICY.growth;
  }

  #lower(before: Rates): void {
    this.#granted = before.granted;
    this.#belief = { kind: 'trial', before, after: [] };
    this.#follow();
  }

  #follow(): void {
    const least = this.#belief.kind === 'quota' ? POLICY.believed * this.#belief.granted : 0;
    this.#perSecond = Math.max(POLICY.leastPerSecond, least, (this.#granted ?? 0) * POLICY.probe);
  }

  #try({ before, after }: Extract<Belief, { kind: 'trial' }>, rates: Rates, now: number): void {
    after.push(rates);
    // The first count is dropped, since it began before this pace or that of others was lowered.
    const seen = after.slice(1);
    const sends = seen.reduce((sum, each) => sum + each.sends, 0);
    const enough = sends >= POLICY.trialEnough || after.length >= POLICY.trialMost;
    if (after.length < POLICY.trial || !enough) return;
    const mean = (key: 'sent' | 'granted'): number =>
      seen.reduce((sum, each) => sum + each[key], 0) / seen.length;
    const [sentPart, grantedPart] = [mean('sent') / before.sent, mean('granted') / before.granted];
    const atRandom = grantedPart - sentPart < POLICY.elasticity * (1 - sentPart);
    if (atRandom) return this.#callRandom(now);
    this.#granted = mean('granted');
    this.#belief = { kind: 'quota', granted: this.#granted, ms: 0, sent: 0, refused: 0 };
    this.#follow();
  }

  /** Returns false where less is granted each time that less is sent, since a quota would grant the same. */
  #isQuotaStill(quota: Quota, sent: number, refused: number, ms: number): boolean {
    quota.ms += ms;
    quota.sent += sent;
    quota.refused += refused;
    if (quota.sent < POLICY.review) return true;
    const share = quota.refused / quota.sent;
    const granted = ((quota.sent - quota.refused) * 1000) / quota.ms;
    const asBefore = granted >= POLICY.grantedAsBefore * quota.granted;
    Object.assign(quota, { granted, ms: 0, sent: 0, refused: 0 });
    return share <= POLICY.tolerated || (share <= POLICY.refusedOfQuota && asBefore);
  }

  #callRandom(now: number): void {
    this.#free({ kind: 'random', until: now + this.#randomMs });
    this.#randomMs *= 2;
  }

  #free(belief: Belief): void {
    this.#perSecond = Number.POSITIVE_INFINITY;
    this.#nextAt = Number.NEGATIVE_INFINITY;
    this.#granted = undefined;
    this.#belief = belief;
  }
}
