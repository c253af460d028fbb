import type { Cancel, Clock } from '../../base/time/clock.js';
import type { OpenPoll } from './backoff.js';
import { Pace } from './pace.js';

/** A poller that is called in its turn. It takes the turn, or lets it pass. */
interface Taker {
  fill(): void;
}

/** The turns that a poller may lose to throttling before another one has the next. */
const LOST_TURNS = 3;

/**
 * The turns to send a poll in one region and account, at the pace that the service grants. First come, first served: a
 * poller that can't send at once is queued for one turn, and queues again for the next. So the handlers of a worker
 * share a quota evenly, however many polls each of them wants.
 */
export class Turns {
  readonly #clock: Clock;
  readonly #pace: Pace;
  #queue: Taker[] = [];
  /** The poller whose turn it is. */
  #next: Taker | undefined;
  #wake: Cancel | undefined;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#pace = new Pace(random);
  }

  /** Takes a turn. Returns false where the poller has to wait for one: it is queued, and will be called. */
  take(taker: Taker): boolean {
    const isNext = this.#next === taker || (this.#next === undefined && this.#queue.length === 0);
    if (isNext && this.#isDue()) {
      this.#next = undefined;
      this.#pace.reserve(this.#clock.now());
      return true;
    }
    if (!this.#queue.includes(taker)) this.#queue.push(taker);
    this.#wait();
    return false;
  }

  /** Gives up the poller's place in the queue. */
  leave(taker: Taker): void {
    this.#queue = this.#queue.filter((each) => each !== taker);
  }

  /** Notes that a poll was not throttled. */
  granted(sentAt: number): void {
    this.#pace.granted(sentAt, this.#clock.now());
  }

  /**
   * Notes that a poll was throttled. Its turn brought nothing, so its poller has the next one, unless it lost several.
   * @returns true where the poller now waits for a turn, false where turns are not limited
   */
  throttled(taker: Taker, { sentAt, tries }: Pick<OpenPoll, 'sentAt' | 'tries'>): boolean {
    this.#pace.refused(sentAt, this.#clock.now());
    if (this.#pace.perSecond === Number.POSITIVE_INFINITY) return false;
    if (tries < LOST_TURNS) {
      this.leave(taker);
      this.#queue.unshift(taker);
      this.#wait();
    }
    return true;
  }

  /** Limits the polls no more: what was learnt of the quota is out of date. */
  release(): void {
    this.#pace.release();
    this.#wake?.();
    this.#wake = undefined;
    if (this.#queue.length > 0) this.#wait();
  }

  #isDue(): boolean {
    const now = this.#clock.now();
    return this.#pace.nextAt(now) <= now;
  }

  #wait(): void {
    const now = this.#clock.now();
    this.#wake ??= this.#clock.after(Math.max(0, this.#pace.nextAt(now) - now), () => {
      this.#wake = undefined;
      while (this.#isDue() && (this.#next = this.#queue.shift())) this.#next.fill();
      this.#next = undefined;
      if (this.#queue.length > 0) this.#wait();
    });
  }
}
