import type { Cancel, Clock } from '../../base/time/clock.js';

/** The least time between two refreshes: at first, and at most. It doubles with each refresh. */
const WAIT_MS = [1_000, 30_000] as const;

/**
 * Repeats a refresh until there are new credentials: at once, then after 1 s, doubling to 30 s, however many calls
 * request it.
 */
export class CredentialRefresh {
  readonly #clock: Clock;
  readonly #refresh: () => Promise<boolean>;
  #times = 0;
  #nextAt = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  #timer: Cancel | undefined;
  #closed = false;

  /** @param refresh asks for new credentials; resolves to true where it must be repeated. Must not reject. */
  constructor(clock: Clock, refresh: () => Promise<boolean>) {
    this.#clock = clock;
    this.#refresh = refresh;
  }

  /**
   * Refreshes now, or as soon as the wait is over.
   * @returns the end of the running refresh; undefined where none runs
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

  /** Starts the waits over: the next refresh waits a second at most. */
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
