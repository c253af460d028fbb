import { type PublicQueue, QUEUE_MINUTES } from '../../base/worker-status.js';

const MINUTE_MS = 60_000;
/** A poll that was answered later than this after it reached the service was held: nothing waited for it. */
const HELD_MS = 1_000;
/** The time by which a task may have been handed out before its answer arrived. */
const TRAVEL_MS = 500;

/**
 * Notes what the answers to a handler's polls prove about its activity's queue. The service answers a poll at once where
 * a task waits, so nothing waits while it holds one. A poll that is still open proves nothing: it may hang.
 */
export class QueueWatch {
  readonly #begun: number[] = [];
  #minute = 0;
  #emptyFrom = Number.POSITIVE_INFINITY;
  #emptyAt: number | undefined;
  #emptyMinuteAt: number | undefined;

  /**
   * Notes the answer to a poll.
   * @param since the time at which the poll reached the service; undefined where that is not known
   */
  answered(kind: 'task' | 'empty', since: number | undefined, now: number): void {
    if (kind === 'task') this.#count(now);
    if (since === undefined || now - since < HELD_MS) return;
    this.#noteEmpty(since, kind === 'task' ? now - TRAVEL_MS : now);
  }

  at(now: number): PublicQueue {
    this.#turnTo(now);
    const [emptyAt, emptyMinuteAt] = [this.#emptyAt, this.#emptyMinuteAt];
    return { emptyAt, emptyMinuteAt, minuteAt: this.#minute * MINUTE_MS, begun: [...this.#begun] };
  }

  #count(now: number): void {
    this.#turnTo(now);
    this.#begun[0] = (this.#begun[0] ?? 0) + 1;
  }

  /** Joins the time to the latest one where they overlap, so that two polls can cover a minute's beginning together. */
  #noteEmpty(from: number, to: number): void {
    if (this.#emptyAt !== undefined && to <= this.#emptyAt) return;
    const joined = this.#emptyAt !== undefined && from <= this.#emptyAt;
    this.#emptyFrom = joined ? Math.min(from, this.#emptyFrom) : from;
    this.#emptyAt = to;
    const minuteAt = Math.floor(to / MINUTE_MS) * MINUTE_MS;
    if (minuteAt >= this.#emptyFrom) this.#emptyMinuteAt = minuteAt;
  }

  /** Begins the minutes that have come. Where the wall clock is set back, the latest minute goes on. */
  #turnTo(now: number): void {
    const minute = Math.floor(now / MINUTE_MS);
    const passed = this.#begun.length === 0 ? 1 : Math.min(minute - this.#minute, QUEUE_MINUTES);
    for (let i = 0; i < passed; i++) this.#begun.unshift(0);
    this.#begun.length = Math.min(this.#begun.length, QUEUE_MINUTES);
    if (passed > 0) this.#minute = minute;
  }
}
