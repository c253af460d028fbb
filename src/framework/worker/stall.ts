import type { Cancel, Clock } from '../base/time/clock.js';

const TICK_MS = 1_000;
/** A tick that comes so late: nothing ran in between. */
const LATE_MS = 1_000;
/** What the sockets held is read within this time after a standstill. */
const AFTERMATH_MS = 1_000;

/**
 * Notices that the process stood still: a blocked event loop, a stopped process. What arrives right
 * after that may have lain in the socket for as long.
 */
export class StallWatch {
  readonly #clock: Clock;
  readonly #onTick: () => void;
  #cancel: Cancel | undefined;
  #last = Number.NEGATIVE_INFINITY;
  #stall = { from: Number.NEGATIVE_INFINITY, to: Number.NEGATIVE_INFINITY };

  /** @param onTick called each second. */
  constructor(clock: Clock, onTick: () => void) {
    this.#clock = clock;
    this.#onTick = onTick;
  }

  start(): void {
    this.#last = this.#clock.now();
    this.#cancel = this.#clock.every(TICK_MS, () => this.#tick());
  }

  stop(): void {
    this.#cancel?.();
  }

  /**
   * Whether what has just arrived came out of a standstill.
   * @param sentAt when it was asked for.
   * @returns when it may have been sent at the earliest; undefined where it came as it should.
   */
  heldBackSince(sentAt: number): number | undefined {
    const now = this.#clock.now();
    // Sockets may be read before the late tick has fired.
    if (now - this.#last >= TICK_MS + LATE_MS) return Math.max(sentAt, this.#last);
    const { from, to } = this.#stall;
    return sentAt < to && now - to < AFTERMATH_MS ? Math.max(sentAt, from) : undefined;
  }

  #tick(): void {
    const now = this.#clock.now();
    if (now - this.#last >= TICK_MS + LATE_MS) this.#stall = { from: this.#last, to: now };
    this.#last = now;
    this.#onTick();
  }
}
