import type { Cancel, Clock } from '../../base/time/clock.js';

/** How long nothing is asked after an ask; doubled each time. */
const ASK_AGAIN_MS = [1_000, 30_000] as const;

/** Something to ask until its answer is the one that is waited for: at once, then after 1 s, doubling to 30 s. */
export class RepeatedAsk {
  readonly #clock: Clock;
  readonly #ask: () => Promise<boolean>;
  #times = 0;
  #nextAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;
  #timer: Cancel | undefined;
  #closed = false;

  /** @param ask whether to ask again. Must not throw. */
  constructor(clock: Clock, ask: () => Promise<boolean>) {
    this.#clock = clock;
    this.#ask = ask;
  }

  /** Asks now, or as soon as it may be asked again. @returns the ask that is under way, if one is */
  want(): Promise<void> | undefined {
    if (this.#asking || this.#closed) return this.#asking;
    const waitMs = this.#nextAt - this.#clock.now();
    if (waitMs <= 0) this.#asking = this.#run();
    else
      this.#timer ??= this.#clock.after(waitMs, () => {
        this.#timer = undefined;
        void this.want();
      });
    return this.#asking;
  }

  /** The next time is like the first again, but that it is left alone for a second. */
  reset(): void {
    this.#times = 0;
    this.#nextAt = Math.min(this.#nextAt, this.#clock.now() + ASK_AGAIN_MS[0]);
    this.#cancel();
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  async #run(): Promise<void> {
    this.#cancel();
    const [least, most] = ASK_AGAIN_MS;
    this.#nextAt = this.#clock.now() + Math.min(most, least * 2 ** this.#times++);
    const again = await this.#ask();
    this.#asking = undefined;
    if (again) void this.want();
  }

  #cancel(): void {
    this.#timer?.();
    this.#timer = undefined;
  }
}
