import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { WorkerState, WorkerStatus } from '../../../base/worker-status.js';
import type { GaugeName, Labels } from './table.js';

/** The value of one gauge for one set of labels. */
export interface Reading {
  readonly name: GaugeName;
  readonly labels: Labels;
  readonly value: number;
}

const STATES: readonly WorkerState[] = ['created', 'running', 'draining', 'stopped', 'failed'];

/** Reads all gauges of a worker. There is none of the outbox where the worker has no outbox. */
export function readGauges(
  { ready, state, handlers, outbox }: WorkerStatus,
  loop: EventLoopDelay,
): Reading[] {
  return [
    reading('stepwright.worker.ready', {}, Number(ready)),
    ...STATES.map((each) => reading('stepwright.worker.state', { state: each }, Number(each === state))),
    ...(outbox ? [reading('stepwright.outbox.oldest', {}, outbox.oldestMs / 1_000)] : []),
    ...loop
      .read()
      .map(({ percentile, seconds }) => reading('stepwright.event_loop.delay', { percentile }, seconds)),
    ...handlers.flatMap(({ name: handler, concurrency, running, undelivered, polls }) => [
      reading('stepwright.slots.limit', { handler }, concurrency),
      reading('stepwright.handlers.running', { handler }, running),
      reading('stepwright.results.undelivered', { handler }, undelivered),
      reading('stepwright.polls.open', { handler }, polls.open),
    ]),
  ];
}

const reading = (name: GaugeName, labels: Labels, value: number): Reading => ({ name, labels, value });

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
  #since: number;

  constructor(private readonly now: () => number) {
    this.#since = now();
    this.#histogram.enable();
  }

  /** Returns the event loop's delays in about the last minute, by percentile; the 100th is the longest. */
  read(): { readonly percentile: string; readonly seconds: number }[] {
    const read = PERCENTILES.map((percentile) => ({
      percentile: String(percentile),
      seconds: this.#late(percentile),
    }));
    if (this.now() - this.#since >= FORGET_MS) {
      this.#since = this.now();
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
