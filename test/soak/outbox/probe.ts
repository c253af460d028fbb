import { systemClock } from '../../../src/framework/base/time/clock.js';
import type { Store } from '../../../src/framework/index.js';

const EACH_MS = 1_000;

/** Reads a record of a store each second, and notes how long that takes: it shows if the machine is too busy. */
export class Probe {
  readonly #store: Store;
  readonly #took: number[] = [];
  readonly #ended = new AbortController();
  readonly #done: Promise<void>;

  constructor(store: Store) {
    this.#store = store;
    this.#done = this.#run();
  }

  /** Ends the probe. @returns the milliseconds of the median, and of the slowest answer */
  async stop(): Promise<{ median: number; slowest: number }> {
    this.#ended.abort();
    await this.#done;
    const sorted = this.#took.toSorted((a, b) => a - b);
    const at = (part: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * part)] ?? 0);
    return { median: at(0.5), slowest: at(1) };
  }

  async #run(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      const since = performance.now();
      await this.#store.get('probe').catch(() => undefined);
      this.#took.push(performance.now() - since);
      await systemClock.sleep(EACH_MS, this.#ended.signal);
    }
  }
}
