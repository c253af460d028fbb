import type { Clock } from '../base/time/clock.js';
import { Timer } from '../base/time/timers.js';

/** A poll or a report that waits for its turn. */
export interface Caller {
  /** False if nothing is to be sent any more, so that the next one gets the turn. */
  readonly wants: boolean;
  /** Called when it may send one call, which it has to do at once. */
  go(): void;
}

/** Tried against token buckets, with one worker and with fifty that share one. */
const LIMIT = {
  /** Calls are limited when this share of them is refused, and `chance` more, within at least `countMs`. */
  tolerated: 0.27,
  chance: 12,
  countMs: 500,
  /** A refusal multiplies the rate by `cut`, but leaves it at least `floor` times the best of the last seconds. */
  cut: 0.85,
  floor: 0.7,
  seconds: 5,
  /** In a second the rate grows by this share of the best of the last seconds. */
  growth: 0.05,
  leastPerSecond: 0.5,
  /** After a pause, as many calls may leave at once as the rate allows in this time. */
  burstMs: 250,
  /** The limit ends when no call was refused for `quietMs`, or when one is granted after `shut` refusals in a row. */
  quietMs: 30_000,
  shut: 16,
} as const;

/**
 * Limits how many calls of one kind (polls, or reports) a worker sends to one region and account, first come, first
 * served. The limit begins when the service throttles a large share of the calls. It is then the rate that the service
 * granted: it grows slowly, and falls with a refusal, so that workers fill the quota that they share.
 */
export class CallLimiter {
  readonly #timer: Timer;
  readonly #queue = new Set<Caller>();
  #perSecond = Number.POSITIVE_INFINITY;
  #nextAt = Number.NEGATIVE_INFINITY;
  /** The answers by which it is decided if calls are limited; undefined if none was refused lately. */
  #count: { readonly from: number; answers: number; refused: number } | undefined;
  /** The calls that were granted in each of the last seconds, the latest last. */
  #granted: { readonly second: number; calls: number }[] = [];
  #grownAt = 0;
  #cutAt = 0;
  #refusedAt = 0;
  #refusedInARow = 0;

  /** @param random spreads the calls of a second, so that no worker always gets the quota's next free token */
  constructor(
    private readonly clock: Clock,
    private readonly random: () => number,
  ) {
    this.#timer = new Timer(clock, () => this.#call());
  }

  /** The most calls a second; Infinity while calls aren't limited. */
  get perSecond(): number {
    return this.#perSecond;
  }

  /** True if calls are limited, because the service throttled many. */
  get isLimited(): boolean {
    return this.#perSecond < Infinity;
  }

  /**
   * @returns true if the caller may send one call now; otherwise it waits, and `go` is called when its turn has come
   */
  take(caller: Caller): boolean {
    if (this.#perSecond === Infinity && this.#queue.size === 0) return true;
    if (this.#queue.size === 0 && this.#isDue()) {
      this.#pay();
      return true;
    }
    this.#queue.add(caller);
    this.#wait();
    return false;
  }

  /** Makes the caller wait no longer. */
  leave(caller: Caller): void {
    if (this.#queue.delete(caller)) this.#wait();
  }

  /**
   * Records an answer to a call.
   * @param isThrottled true if the service refused the call because of too many calls in the region and account
   * @param sentAt the time at which the call was sent, in epoch milliseconds
   */
  answered(isThrottled: boolean, sentAt: number): void {
    const now = this.clock.now();
    if (!isThrottled) {
      const second = Math.floor(now / 1_000);
      const last = this.#granted.at(-1);
      if (last?.second === second) last.calls++;
      else this.#granted = [...this.#granted.slice(-LIMIT.seconds), { second, calls: 1 }];
    }
    if (this.#perSecond === Infinity) {
      if (isThrottled || this.#count) this.#judge(isThrottled, now);
      return;
    }
    this.#grow(now);
    const isNews = sentAt >= this.#cutAt;
    if (!isThrottled) {
      if (this.#refusedInARow >= LIMIT.shut && isNews) this.#release();
      this.#refusedInARow = 0;
      return;
    }
    this.#refusedAt = now;
    this.#refusedInARow++;
    if (!isNews) return;
    const least = Math.max(LIMIT.leastPerSecond, LIMIT.floor * this.#best(now));
    this.#perSecond = Math.max(least, LIMIT.cut * this.#perSecond);
    this.#cutAt = now;
  }

  /** Limits calls to the rate that was granted, if too many were refused. */
  #judge(isThrottled: boolean, now: number): void {
    const count = (this.#count ??= { from: now, answers: 0, refused: 0 });
    count.answers++;
    if (isThrottled) count.refused++;
    const { from, answers, refused } = count;
    const beyond = refused - LIMIT.tolerated * answers;
    if (beyond < 0) this.#count = undefined;
    if (beyond < LIMIT.chance || now - from < LIMIT.countMs) return;
    this.#count = undefined;
    this.#perSecond = Math.max(LIMIT.leastPerSecond, ((answers - refused) * 1_000) / (now - from));
    this.#nextAt = this.#grownAt = this.#cutAt = this.#refusedAt = now;
    this.#refusedInARow = 0;
  }

  #grow(now: number): void {
    if (!this.isLimited) return;
    this.#perSecond += (LIMIT.growth * Math.max(1, this.#best(now)) * (now - this.#grownAt)) / 1_000;
    this.#grownAt = now;
    if (now - this.#refusedAt > LIMIT.quietMs) this.#release();
  }

  #release(): void {
    this.#perSecond = Number.POSITIVE_INFINITY;
    this.#wait();
  }

  /** Returns the most calls that were granted in one of the last seconds. */
  #best(now: number): number {
    const from = Math.floor(now / 1_000) - LIMIT.seconds;
    return this.#granted.reduce(
      (most, { second, calls }) => (second < from ? most : Math.max(most, calls)),
      0,
    );
  }

  #isDue(): boolean {
    const now = this.clock.now();
    this.#grow(now);
    return !this.isLimited || this.#nextAt <= now;
  }

  /** Records that a call is sent now. */
  #pay(): void {
    if (!this.isLimited) return;
    const from = Math.max(this.#nextAt, this.clock.now() - LIMIT.burstMs);
    this.#nextAt = from + (2 * this.random() * 1_000) / this.#perSecond;
  }

  /** Lets those who wait send their calls, as many as are due. */
  #call(): void {
    for (const caller of this.#queue) {
      if (!this.#isDue()) break;
      this.#queue.delete(caller);
      if (!caller.wants) continue;
      this.#pay();
      caller.go();
    }
    this.#wait();
  }

  #wait(): void {
    if (this.#queue.size === 0) return this.#timer.set(Infinity);
    const now = this.clock.now();
    this.#timer.set(this.isLimited ? Math.max(now, this.#nextAt) : now);
  }
}
