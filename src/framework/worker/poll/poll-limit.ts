import { Abort } from '../../base/abort.js';
import { limitCallAfter, limitCallAt } from '../../base/time/call-limit.js';
import type { Cancel, Clock } from '../../base/time/clock.js';

/**
 * The longest time for which a poll may stay open. The service holds a poll for 60 s, and its documentation asks
 * clients to wait at least 65 s. A poll that is open for longer hangs, for example on a half-open connection.
 */
export const POLL_LIMIT_MS = 75_000;

/** Ends one poll when its time is over. */
export class PollLimit {
  readonly signal = new Abort();
  readonly #clock: Clock;
  readonly #holdUntil: () => number;
  #cancel: Cancel | undefined;

  /** @param holdUntil returns a time until which the poll may stay open in any case, in epoch milliseconds */
  constructor(clock: Clock, holdUntil: () => number) {
    this.#clock = clock;
    this.#holdUntil = holdUntil;
    this.restart();
  }

  /** Gives the poll its whole time again. Called when it is really sent: waiting for credentials doesn't count. */
  restart(): void {
    this.cancel();
    this.#cancel = limitCallAfter(this.#clock, POLL_LIMIT_MS, () => {
      const until = this.#holdUntil();
      if (until > this.#clock.now()) this.#cancel = limitCallAt(this.#clock, until, () => this.#end());
      else this.#end();
    });
  }

  /** To be called when the poll has ended. */
  cancel(): void {
    this.#cancel?.();
  }

  #end(): void {
    const error = new Error(`no answer to a poll within ${POLL_LIMIT_MS / 1000} s`);
    // The name says what is wrong where the message is not shown.
    this.signal.abort(Object.assign(error, { name: 'TimeoutError' }));
  }
}
