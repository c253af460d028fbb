import { TURN_MS } from './thread-messages.js';

/** If a turn of the event loop is late by this much, the loop was blocked. */
const LATE_MS = 1_000;

/** Remembers which handlers were running while the event loop was blocked. One of them may be the cause. */
export class BlockingHandlers {
  #ran = new Set<string>();
  #suspects: readonly string[] = [];
  #lastAt = Number.POSITIVE_INFINITY;

  /** The names of the handlers that were running when the event loop was last blocked. */
  get suspects(): readonly string[] {
    return this.#suspects;
  }

  /** Records that a task of this handler begins on the main thread. */
  began(handler: string): void {
    this.#ran.add(handler);
  }

  /**
   * Records a turn of the event loop. To be called every {@link TURN_MS}.
   * @param running the handlers that have tasks running on the main thread
   */
  turned(now: number, running: readonly string[]): void {
    if (now - this.#lastAt >= TURN_MS + LATE_MS) this.#suspects = [...this.#ran];
    this.#lastAt = now;
    this.#ran = new Set(running);
  }
}
