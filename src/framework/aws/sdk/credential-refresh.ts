import type { Cancel, Clock } from '../../base/time/clock.js';

/**
 * The shortest and the longest wait, in milliseconds, between two refreshes of the credentials. The wait doubles with
 * each refresh, from the shortest to the longest.
 */
const WAIT_MS = [1_000, 30_000] as const;

/**
 * Repeats the refresh of credentials until there are new ones: at once, then after 1 s, then after doubled waits up to
 * 30 s. Many calls may request a refresh at the same time; that makes no further ones.
 */
export class CredentialRefresh {
  readonly #clock: Clock;
  readonly #refresh: () => Promise<boolean>;
  #times = 0;
  #nextAt = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  #timer: Cancel | undefined;
  #closed = false;

  /**
   * @param refresh gets new credentials from their provider. Resolves to true if it must be repeated. Must not reject.
   */
  constructor(clock: Clock, refresh: () => Promise<boolean>) {
    this.#clock = clock;
    this.#refresh = refresh;
  }

  /**
   * Refreshes the credentials now or, if the last refresh was too recent, as soon as the wait is over.
   * @returns a promise that resolves when the refresh that is now running has ended; undefined if it is still waiting
   */
  request(): Promise<void> | undefined {
    if (this.#running || this.#closed) return this.#running;
    const waitMs = this.#nextAt - this.#clock.now();
    if (waitMs <= 0) this.#running = this.#run();
    else
      this.#timer ??= this.#clock.after(waitMs, () => {
        this.#timer = undefined;
        void this.request();
      });
    return this.#running;
  }

  /** Ends the doubling of the waits: the next refresh waits a second at most. */
  reset(): void {
    this.#times = 0;
    this.#nextAt = Math.min(this.#nextAt, this.#clock.now() + WAIT_MS[0]);
    this.#cancel();
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  async #run(): Promise<void> {
    this.#cancel();
    const [least, most] = WAIT_MS;
    this.#nextAt = this.#clock.now() + Math.min(most, least * 2 ** this.#times++);
    const again = await this.#refresh();
    this.#running = undefined;
    if (again) void this.request();
  }

  #cancel(): void {
    this.#timer?.();
    this.#timer = undefined;
  }
}
