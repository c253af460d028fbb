import type { Cancel, Clock } from '../../base/time/clock.js';
import type { OpenPoll } from './backoff.js';
import { Pace } from './pace.js';

/** A poller in the queue. `Turns` calls it when it may send a poll; the poller then sends one, or does nothing. */
interface Taker {
  fill(): void;
}

/**
 * How many times in a row a poller whose poll was throttled may try again before the next poller in the queue gets its
 * turn.
 */
const LOST_TURNS = 3;

/**
 * Decides which handler sends the next poll in one region and account, at the rate that the service accepts. First
 * come, first served: a poller that can't send at once joins the queue for one poll, and joins it again for the next.
 * So the handlers of a worker share a quota evenly, however many polls each of them wants.
 */
export class Turns {
  readonly #clock: Clock;
  readonly #pace: Pace;
  #queue: Taker[] = [];
  /** The poller that may send next. */
  #next: Taker | undefined;
  #wake: Cancel | undefined;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#pace = new Pace(random);
  }

  /**
   * Takes the turn to send a poll. Returns false if the poller has to wait: it is then in the queue, and is called
   * later.
   */
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

  /** Removes the poller from the queue. If no other waits, no timer is left. */
  leave(taker: Taker): void {
    this.#queue = this.#queue.filter((each) => each !== taker);
    if (this.#queue.length === 0) this.#disarm();
  }

  /** Records that the service accepted a poll. */
  granted(sentAt: number): void {
    this.#pace.granted(sentAt, this.#clock.now());
  }

  /**
   * Records that the service throttled a poll. The poller then gets the next turn too, unless it has lost several in a
   * row. @returns true if the poller is now waiting for a turn; false if the polls aren't limited
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

  /** Removes the limit, because what is known of the quota is out of date. */
  release(): void {
    this.#pace.release();
    this.#disarm();
    if (this.#queue.length > 0) this.#wait();
  }

  #disarm(): void {
    this.#wake?.();
    this.#wake = undefined;
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
