import type { Clock } from '../../../base/time/clock.js';
import { lineSize } from '../log-line.js';
import type { FromHost } from '../pool-messages.js';

type LineMessage = Extract<FromHost, { kind: 'log' | 'stray' }>;

/** The characters of log lines that may be on their way to the worker, which acknowledges those that it has written. */
const MOST = 2 ** 18;
/** The characters a second that are sent without one: a handler that computes for long reads no acknowledgement. */
const UNACKNOWLEDGED_PER_SECOND = 2 ** 16;
/** The least time between two messages about lost lines. */
const TELL_EACH_MS = 1_000;

/**
 * Sends log lines to the worker, no faster than it writes them. A handler that logs in a loop would otherwise fill the
 * worker's memory and hold up every other task. Lines beyond that are dropped and counted.
 */
export class LogBudget {
  readonly #send: (message: FromHost) => void;
  readonly #clock: Clock;
  /** Below zero after a line that is longer than what was left. */
  #left = MOST;
  #countedAt: number;
  #lost = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(send: (message: FromHost) => void, clock: Clock) {
    this.#send = send;
    this.#clock = clock;
    this.#countedAt = clock.now();
  }

  send(message: LineMessage): void {
    const now = this.#clock.now();
    this.add(((now - this.#countedAt) / 1000) * UNACKNOWLEDGED_PER_SECOND);
    this.#countedAt = now;
    if (this.#left <= 0) return void this.#lost++;
    if (now - this.#toldAt >= TELL_EACH_MS) this.tellLost();
    this.#left -= lineSize(message.line);
    this.#send(message);
  }

  /** Adds to what may be sent: the worker has written so many characters. */
  add(characters: number): void {
    this.#left = Math.min(MOST, this.#left + characters);
  }

  /** Sends the number of lines that were dropped since it was last sent, if any. */
  tellLost(): void {
    if (this.#lost === 0) return;
    this.#send({ kind: 'lines-lost', lines: this.#lost });
    this.#lost = 0;
    this.#toldAt = this.#clock.now();
  }
}
