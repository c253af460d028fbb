import type { Clock } from '../../../base/time/clock.js';
import { lineSize } from '../log-line.js';
import type { FromHost } from '../pool-messages.js';

type LineMessage = Extract<FromHost, { kind: 'log' | 'stray' }>;

/** The most characters of log lines on their way to the worker, which acknowledges the lines that it has written. */
const MOST = 2 ** 18;
/**
 * The characters of log lines that may be sent each second without an acknowledgement: a handler that computes for long
 * reads none.
 */
const UNACKNOWLEDGED_PER_SECOND = 2 ** 16;
/** The least time between two messages that say how many lines were dropped. */
const TELL_EACH_MS = 1_000;

/**
 * Sends log lines to the worker, no faster than it writes them. A handler that logs in a loop would otherwise fill the
 * worker's memory and hold up every other task. Lines for which there is no room are dropped and counted.
 */
export class LogBudget {
  readonly #send: (message: FromHost) => void;
  readonly #clock: Clock;
  /** The characters that may be sent now. Below zero after a line that was longer than the rest. */
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

  /** Allows more characters to be sent, because the worker has written as many. */
  add(characters: number): void {
    this.#left = Math.min(MOST, this.#left + characters);
  }

  /** Sends the number of lines dropped since the last such message, if any were. */
  tellLost(): void {
    if (this.#lost === 0) return;
    this.#send({ kind: 'lines-lost', lines: this.#lost });
    this.#lost = 0;
    this.#toldAt = this.#clock.now();
  }
}
