import type { Clock } from '../../../base/time/clock.js';
import { lineSize } from '../log-line.js';
import type { FromHost } from '../pool-messages.js';

type LineMessage = Extract<FromHost, { kind: 'log' | 'stray' }>;

/**
 * The most characters of log lines that this thread or process may have sent without an acknowledgement. The worker
 * acknowledges lines when it has written them to the log.
 */
const MOST = 2 ** 18;
/**
 * The characters of log lines that may be sent per second even if no acknowledgement was read. While a handler computes
 * for long, this thread can't read acknowledgements.
 */
const UNACKNOWLEDGED_PER_SECOND = 2 ** 16;
/** The least time between two messages that say how many lines were dropped. */
const TELL_EACH_MS = 1_000;

/**
 * Sends log lines to the worker no faster than the worker writes them. Otherwise a handler that logs in a loop would
 * fill the worker's memory and delay all other tasks. Lines that may not be sent are dropped and counted.
 */
export class LogBudget {
  readonly #send: (message: FromHost) => void;
  readonly #clock: Clock;
  /** The characters of log lines that may be sent now. Negative after a line that was longer than what was left. */
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

  /**
   * Allows this many more characters to be sent. Called when the worker has acknowledged that many, and as time passes.
   */
  add(characters: number): void {
    this.#left = Math.min(MOST, this.#left + characters);
  }

  /** If lines were dropped since the worker was last told so, sends it their number. */
  tellLost(): void {
    if (this.#lost === 0) return;
    this.#send({ kind: 'lines-lost', lines: this.#lost });
    this.#lost = 0;
    this.#toldAt = this.#clock.now();
  }
}
