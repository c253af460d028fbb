import { STORE_USES } from '../../../base/store.js';
import type { ObservedWorker } from '../worker-events.js';
import {
  type Counter,
  type CounterName,
  type Histogram,
  type HistogramName,
  type Labels,
  METRICS,
  type MetricSink,
} from './table.js';

const seconds = (ms: number): number => ms / 1000;

const OUTCOMES = ['succeeded', 'failed', 'gone', 'lost', 'deferred'] as const;
const POLL_FAILURES = ['throttled', 'crowded', 'refused', 'unreachable', 'unhealthy'] as const;
const BY_HANDLER = [
  'stepwright.tasks.received',
  'stepwright.aborts.ignored',
  'stepwright.tokens.possibly_lost',
] as const satisfies readonly CounterName[];

/**
 * From now on, turns a worker's events into measurements, which it adds to the counters and histograms of a
 * {@link MetricSink}. Counters start at zero, so that a query sees their first increase.
 */
export function recordEvents(worker: ObservedWorker, sink: MetricSink): void {
  const errorTypes = new ErrorTypes();
  const completed = (handler: string, outcome: string, error_type = '') =>
    sink.counter('stepwright.tasks.completed', { handler, outcome, error_type });
  const failed = (handler: string, trouble: string) =>
    sink.counter('stepwright.polls.failed', { handler, trouble });
  const lateness = sink.histogram('stepwright.heartbeat.lateness', {});
  for (const { name: handler } of worker.status().handlers) {
    for (const name of BY_HANDLER) sink.counter(name, { handler });
    for (const outcome of OUTCOMES) completed(handler, outcome);
    for (const trouble of POLL_FAILURES) failed(handler, trouble);
  }
  for (const use of STORE_USES) sink.counter('stepwright.stores.failed', { use });

  const received = byHandler((handler) => sink.counter('stepwright.tasks.received', { handler }));
  const settled = byHandler((handler) => sink.histogram('stepwright.handler.duration', { handler }));
  const ended = (outcome: (typeof OUTCOMES)[number]) => {
    const duration = byHandler((handler) => sink.histogram('stepwright.task.duration', { handler, outcome }));
    const unnamed = byHandler((handler) => completed(handler, outcome));
    return ({ handler, durationMs, error }: Ended): void => {
      if (typeof error === 'string') completed(handler, outcome, errorTypes.bounded(handler, error)).add(1);
      else unnamed(handler).add(1);
      duration(handler).record(seconds(durationMs));
    };
  };
  worker.on('task:received', ({ handler }) => received(handler).add(1));
  worker.on('task:settled', ({ handler, handlerMs }) => settled(handler).record(seconds(handlerMs)));
  worker.on('task:succeeded', ended('succeeded'));
  worker.on('task:failed', ended('failed'));
  worker.on('task:deferred', ended('deferred'));
  worker.on('task:gone', ended('gone'));
  worker.on('report:lost', ended('lost'));
  worker.on('task:ignored-abort', ({ handler }) =>
    sink.counter('stepwright.aborts.ignored', { handler }).add(1),
  );
  worker.on('poll:ended', ({ handler, trouble }) => trouble && failed(handler, trouble).add(1));
  worker.on('poll:token-possibly-lost', ({ handler }) =>
    sink.counter('stepwright.tokens.possibly_lost', { handler }).add(1),
  );
  worker.on('store:failed', ({ use }) => sink.counter('stepwright.stores.failed', { use }).add(1));
  worker.on('heartbeat:sent', ({ lateMs }) => lateness.record(seconds(lateMs)));
}

interface Ended {
  readonly handler: string;
  readonly durationMs: number;
  /** The name of a failure, or why the task is gone or lost. */
  readonly error?: string | Error;
}

/** Makes one for each handler and keeps it, since a look-up by all labels for each task would be slow. */
function byHandler<T>(make: (handler: string) => T): (handler: string) => T {
  const made = new Map<string, T>();
  return (handler) => {
    const known = made.get(handler) ?? make(handler);
    made.set(handler, known);
    return known;
  };
}

/** The value of one counter, for one set of labels. */
export class CounterCell implements Counter {
  readonly name: CounterName;
  readonly labels: Labels;
  value = 0;

  constructor(name: CounterName, labels: Labels) {
    this.name = name;
    this.labels = labels;
  }

  add(by: number): void {
    this.value += by;
  }
}

/** The values of one histogram, for one set of labels. */
export class HistogramCell implements Histogram {
  readonly name: HistogramName;
  readonly labels: Labels;
  /**
   * The upper bounds of the histogram's buckets, in ascending order. A value that equals a bound counts for its bucket.
   */
  readonly bounds: readonly number[];
  /**
   * The number of values in each bucket. A bucket counts only the values above the bound of the bucket before it. The
   * last element counts the values above all bounds.
   */
  readonly counts: Float64Array;
  sum = 0;

  constructor(name: HistogramName, labels: Labels) {
    this.name = name;
    this.labels = labels;
    this.bounds = METRICS[name].buckets;
    this.counts = new Float64Array(this.bounds.length + 1);
  }

  record(value: number): void {
    let low = 0;
    for (let high = this.bounds.length; low < high;) {
      const middle = (low + high) >> 1;
      if (value <= (this.bounds[middle] as number)) high = middle;
      else low = middle + 1;
    }
    this.counts[low] = (this.counts[low] as number) + 1;
    this.sum += value;
  }
}

/**
 * All counters, or all histograms, by name and labels. A value is recorded by an addition; metrics libraries read the
 * numbers when they need them.
 */
export class Cells<Cell extends { readonly name: string; readonly labels: Labels }> {
  readonly #make: (name: Cell['name'], labels: Labels) => Cell;
  readonly #cells = new Map<string, Cell>();

  constructor(make: (name: Cell['name'], labels: Labels) => Cell) {
    this.#make = make;
  }

  of(name: Cell['name'], labels: Labels): Cell {
    const key = [name, ...Object.values(labels)].join('\0');
    const known = this.#cells.get(key);
    if (known) return known;
    const made = this.#make(name, labels);
    this.#cells.set(key, made);
    return made;
  }

  all(): Iterable<Cell> {
    return this.#cells.values();
  }
}

/** The most error names of one handler that are used as label values. */
export const MOST_ERROR_TYPES = 50;
/**
 * Matches the name of an error. Doesn't match a message, which must not become a label, since it could contain data of
 * a task.
 */
const NAME = /^[A-Za-z_$][\w$.:-]{0,63}$/;

/**
 * Limits how many different error names are used as label values, since a metrics store keeps a separate series for
 * each value.
 */
export class ErrorTypes {
  readonly #known = new Map<string, Set<string>>();

  /**
   * Returns the label value for an error. It is the error's name, but `other` if the handler has already had 50
   * different names, or if the text isn't a name.
   */
  bounded(handler: string, error: string): string {
    const known = this.#known.get(handler) ?? new Set();
    this.#known.set(handler, known);
    if (known.has(error)) return error;
    if (known.size >= MOST_ERROR_TYPES || !NAME.test(error)) return 'other';
    known.add(error);
    return error;
  }
}
