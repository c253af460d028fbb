import type { Clock } from '../../base/time/clock.js';
import { Timer } from '../../base/time/timer.js';
import { Pace } from './pace.js';

/** A poller in the queue. `Turns` calls it when it may send a poll; the poller then sends one, or does nothing. */
interface Taker {
  fill(): void;
}

/**
 * The share of lost turns that are given back. The others aren't, so that a poller whose polls alone are throttled
 * doesn't hold up the rest.
 */
const GIVEN_BACK = 0.75;

/**
 * Decides which handler sends the next poll in one region and account, at the rate that the service accepts. First
 * come, first served: a poller that can't send at once joins the queue for one poll, and joins it again for the next.
 * So the handlers of a worker share a quota evenly, however many polls each of them wants.
 */
export class Turns {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #pace: Pace;
  readonly #timer: Timer;
  #queue: Taker[] = [];
  /** The poller that may send next. */
  #next: Taker | undefined;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
    this.#pace = new Pace(random);
    this.#timer = new Timer(clock, () => this.#call());
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
    this.#wait();
  }

  /** Records that the service accepted a poll. */
  granted(sentAt: number): void {
    this.#pace.granted(sentAt, this.#clock.now());
  }

  /**
   * Records that the service throttled a poll. While polls are limited, the poller usually gets the next turn too.
   * @returns true if polls are limited
   */
  throttled(taker: Taker, sentAt: number): boolean {
    this.#pace.refused(sentAt, this.#clock.now());
    if (this.#pace.perSecond === Infinity) return false;
    if (this.#random() < GIVEN_BACK) {
      this.leave(taker);
      this.#queue.unshift(taker);
      this.#wait();
    }
    return true;
  }

  #isDue(): boolean {
    const now = this.#clock.now();
    return this.#pace.nextAt(now) <= now;
  }

  /** Calls the pollers that are next in the queue, until their turn is to come. */
  #call(): void {
    while (this.#isDue() && (this.#next = this.#queue.shift())) this.#next.fill();
    this.#next = undefined;
    this.#wait();
  }

  #wait(): void {
    const now = this.#clock.now();
    this.#timer.set(this.#queue.length === 0 ? Infinity : Math.max(now, this.#pace.nextAt(now)));
  }
}
