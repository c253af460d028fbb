import type { Cancel, Clock } from '../../../base/time/clock.js';
import type { LimitedStore } from '../limited-store.js';

/** The most records that are being deleted at once. */
const MOST_AT_ONCE = 16;
/** After a deletion has failed, the next is tried after this time. */
const AGAIN_MS = 10_000;
/** The most keys that wait. The records of others stay, and are deleted when a worker has offered them in vain. */
const MOST_KEYS = 100_000;

/** Deletes records beside everything else, some at a time, and again if that fails. */
export class Deletions {
  readonly #store: LimitedStore;
  readonly #clock: Clock;
  readonly #keys = new Set<string>();
  #open = 0;
  #isClosed = false;
  #cancelPause: Cancel | undefined;
  #waiting: (() => void)[] = [];

  constructor(store: LimitedStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** The number of records that aren't deleted yet. */
  get size(): number {
    return this.#keys.size + this.#open;
  }

  add(key: string): void {
    if (this.#isClosed) return;
    if (this.#keys.size < MOST_KEYS) this.#keys.add(key);
    this.#next();
  }

  /** Resolves when everything is deleted, or when a deletion has failed. */
  async done(): Promise<void> {
    if (this.#open > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Deletes nothing more, and leaves no timer. */
  close(): void {
    this.#keys.clear();
    this.#isClosed = true;
    this.#cancelPause?.();
  }

  #next(): void {
    if (this.#cancelPause) return;
    for (const key of this.#keys) {
      if (this.#open === MOST_AT_ONCE) return;
      this.#keys.delete(key);
      void this.#delete(key);
    }
  }

  async #delete(key: string): Promise<void> {
    this.#open++;
    try {
      await this.#store.delete(key);
    } catch {
      this.#failed(key);
    }
    this.#open--;
    this.#next();
    if (this.#open > 0) return;
    for (const resolve of this.#waiting) resolve();
    this.#waiting = [];
  }

  #failed(key: string): void {
    if (this.#isClosed) return;
    this.#keys.add(key);
    this.#cancelPause ??= this.#clock.after(AGAIN_MS, () => this.#resume());
  }

  #resume(): void {
    this.#cancelPause = undefined;
    this.#next();
  }
}
