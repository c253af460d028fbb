import type { Cancel, Clock } from '../base/time/clock.js';

const TICK_MS = 1_000;
/** If the tick that should come every second is late by this much, the process was blocked or stopped. */
const LATE_MS = 1_000;
/** Data that arrives within this time after a stall may have been waiting in its socket. */
const AFTERMATH_MS = 1_000;

/**
 * Detects stalls: periods in which the event loop was blocked, or the process was stopped. Responses that are read
 * right after a stall may have waited unread in their sockets since it began.
 */
export class StallWatch {
  #cancel: Cancel | undefined;
  #last = Number.NEGATIVE_INFINITY;
  #stall = { from: Number.NEGATIVE_INFINITY, to: Number.NEGATIVE_INFINITY };

  /** @param onTick called every second */
  constructor(
    private readonly clock: Clock,
    private readonly onTick: () => void,
  ) {}

  start(): void {
    this.#last = this.clock.now();
    this.#cancel = this.clock.every(TICK_MS, () => this.#tick());
  }

  stop(): void {
    this.#cancel?.();
  }

  /**
   * Called right after a response was read. If the response may have waited unread during a stall, returns the earliest
   * time at which the service may have sent it. Otherwise returns undefined.
   * @param sentAt the time at which the request was sent
   */
  unreadSince(sentAt: number): number | undefined {
    const now = this.clock.now();
    // This may be called before the late tick fires.
    if (now - this.#last >= TICK_MS + LATE_MS) return Math.max(sentAt, this.#last);
    const { from, to } = this.#stall;
    return sentAt < to && now - to < AFTERMATH_MS ? Math.max(sentAt, from) : undefined;
  }

  #tick(): void {
    const now = this.clock.now();
    if (now - this.#last >= TICK_MS + LATE_MS) this.#stall = { from: this.#last, to: now };
    this.#last = now;
    this.onTick();
  }
}
