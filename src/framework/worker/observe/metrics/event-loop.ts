import { monitorEventLoopDelay } from 'node:perf_hooks';

/** The time between two samples of the event loop's delay, in milliseconds. */
const EACH_MS = 20;
/** Delays that were measured longer ago than this are dropped when `read` is called next. */
const FORGET_MS = 60_000;
const PERCENTILES = [50, 99, 100] as const;

/**
 * Measures the delay of the event loop with Node's `monitorEventLoopDelay`. It starts when an object is constructed.
 */
export class EventLoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: EACH_MS });
  readonly #now: () => number;
  #since: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#since = now();
    this.#histogram.enable();
  }

  /** Returns the event loop's delays in about the last minute, by percentile; the 100th is the longest. */
  read(): { readonly percentile: string; readonly seconds: number }[] {
    const read = PERCENTILES.map((percentile) => ({
      percentile: String(percentile),
      seconds: this.#late(percentile),
    }));
    if (this.#now() - this.#since >= FORGET_MS) {
      this.#since = this.#now();
      this.#histogram.reset();
    }
    return read;
  }

  stop(): void {
    this.#histogram.disable();
  }

  /**
   * Returns the delay at a percentile, in seconds. Node measures the whole time between two samples, so the sampling
   * interval is subtracted.
   */
  #late(percentile: number): number {
    const ns = percentile === 100 ? this.#histogram.max : this.#histogram.percentile(percentile);
    return this.#histogram.count === 0 ? 0 : Math.max(0, ns / 1e9 - EACH_MS / 1000);
  }
}
