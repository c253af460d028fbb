import { TURN_MS } from './thread-messages.js';

/** A turn that comes so late was held up. */
const LATE_MS = 1_000;

/** Remembers which handlers ran while the event loop was held up: one of them did it. */
export class BlockingHandlers {
  #ran = new Set<string>();
  #suspects: readonly string[] = [];
  #lastAt = Number.POSITIVE_INFINITY;

  /** Those that ran when a turn last came late. */
  get suspects(): readonly string[] {
    return this.#suspects;
  }

  /** A task of this handler came. */
  began(handler: string): void {
    this.#ran.add(handler);
  }

  /** The loop turns. To be called every 250 ms. @param running handlers whose tasks run on the main thread */
  turned(now: number, running: readonly string[]): void {
    if (now - this.#lastAt >= TURN_MS + LATE_MS) this.#suspects = [...this.#ran];
    this.#lastAt = now;
    this.#ran = new Set(running);
  }
}
