import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How coarse it is: how often the loop is looked at. */
const EACH_MS = 20;
/** Older values are forgotten at the next reading. */
const FORGET_MS = 60_000;
const QUANTILES = [0.5, 0.99, 1] as const;

/** By how much the event loop turns late: Node's own measure, which counts from here. */
export class EventLoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: EACH_MS });
  readonly #now: () => number;
  #since: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#since = now();
    this.#histogram.enable();
  }

  /** Of the last minute or so; several readers share it. */
  read(): { readonly quantile: string; readonly seconds: number }[] {
    const read = QUANTILES.map((quantile) => ({
      quantile: String(quantile),
      seconds: this.#late(quantile),
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

  /** Node counts the whole turn: what is beyond the time between two looks is late. */
  #late(quantile: number): number {
    const ns = quantile === 1 ? this.#histogram.max : this.#histogram.percentile(quantile * 100);
    return this.#histogram.count === 0 ? 0 : Math.max(0, ns / 1e9 - EACH_MS / 1000);
  }
}
