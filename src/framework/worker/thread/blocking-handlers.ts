import { TURN_MS } from './thread-messages.js';

/** If `turned` is called later than expected by this much, the event loop was blocked. */
const LATE_MS = 1_000;

/**
 * Remembers which handlers had tasks on the main thread while its event loop was blocked, since one of them may have
 * blocked it.
 */
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
   * Records that the event loop is running. To be called every {@link TURN_MS}; a late call shows that the loop was
   * blocked.
   * @param running the handlers that have tasks running on the main thread
   */
  turned(now: number, running: readonly string[]): void {
    if (now - this.#lastAt >= TURN_MS + LATE_MS) this.#suspects = [...this.#ran];
    this.#lastAt = now;
    this.#ran = new Set(running);
  }
}
