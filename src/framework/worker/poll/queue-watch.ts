import { type QueueStatus, QUEUE_MINUTES } from '../../base/worker-status.js';

const MINUTE_MS = 60_000;
/** If a poll is answered later than this after it reached the service, the service held it, so no task was waiting. */
const HELD_MS = 1_000;
/** The longest time that an answer may take from the service to the worker. */
const TRAVEL_MS = 500;

/**
 * Records what the answers to a handler's polls prove about the activity's queue. The service answers a poll at once if
 * a task is waiting, so none is waiting while it holds a poll. A poll that is still open proves nothing, since it may
 * hang.
 */
export class QueueWatch {
  readonly #begun: number[] = [];
  #minute = 0;
  #emptyFrom = Number.POSITIVE_INFINITY;
  #emptyAt: number | undefined;
  #emptyMinuteAt: number | undefined;

  /**
   * Records the answer to a poll. @param since the time at which the poll reached the service; undefined if that isn't
   * known
   */
  answered(kind: 'task' | 'empty', since: number | undefined, now: number): void {
    if (kind === 'task') this.#count(now);
    if (since === undefined || now - since < HELD_MS) return;
    this.#noteEmpty(since, kind === 'task' ? now - TRAVEL_MS : now);
  }

  at(now: number): QueueStatus {
    this.#turnTo(now);
    const [emptyAt, emptyMinuteAt] = [this.#emptyAt, this.#emptyMinuteAt];
    return { emptyAt, emptyMinuteAt, minuteAt: this.#minute * MINUTE_MS, begun: [...this.#begun] };
  }

  #count(now: number): void {
    this.#turnTo(now);
    this.#begun[0] = (this.#begun[0] ?? 0) + 1;
  }

  /**
   * Records that no task was waiting from `from` to `to`. If this overlaps the latest such period, the two are joined,
   * so that together they can cover the beginning of a minute.
   */
  #noteEmpty(from: number, to: number): void {
    if (this.#emptyAt !== undefined && to <= this.#emptyAt) return;
    const joined = this.#emptyAt !== undefined && from <= this.#emptyAt;
    this.#emptyFrom = joined ? Math.min(from, this.#emptyFrom) : from;
    this.#emptyAt = to;
    const minuteAt = Math.floor(to / MINUTE_MS) * MINUTE_MS;
    if (minuteAt >= this.#emptyFrom) this.#emptyMinuteAt = minuteAt;
  }

  /** Starts a new count for each minute that has begun. If the wall clock is set back, the current minute continues. */
  #turnTo(now: number): void {
    const minute = Math.floor(now / MINUTE_MS);
    const passed = this.#begun.length === 0 ? 1 : Math.min(minute - this.#minute, QUEUE_MINUTES);
    for (let i = 0; i < passed; i++) this.#begun.unshift(0);
    this.#begun.length = Math.min(this.#begun.length, QUEUE_MINUTES);
    if (passed > 0) this.#minute = minute;
  }
}
