import { STORE_USES } from '../../../base/store.js';
import type { Clock } from '../../../base/time/clock.js';
import type { WorkerStatus } from '../../../base/worker-status.js';
import type { ObservedWorker } from '../../../declare/worker-events.js';
import { EventLoopDelay, readGauges, type Reading } from './gauges.js';
import type { CounterName, HistogramName, Labels } from './table.js';
import { getOrMake } from '../../../base/collections.js';

const seconds = (ms: number): number => ms / 1000;

const OUTCOMES = ['succeeded', 'failed', 'gone', 'lost', 'deferred'] as const;
const POLL_FAILURES = ['throttled', 'crowded', 'refused', 'unreachable', 'unhealthy'] as const;
const BY_HANDLER = [
  'stepwright.tasks.received',
  'stepwright.aborts.ignored',
  'stepwright.tokens.possibly_lost',
] as const satisfies readonly CounterName[];

/** The value of one counter, for one set of labels. */
interface Counter {
  readonly name: CounterName;
  readonly labels: Labels;
  value: number;
}

/** One histogram, for one set of labels. */
export interface Histogram {
  /** @param value in the metric's unit */
  record(value: number): void;
}

/**
 * A worker's metrics from now on. Counters and histograms are of its events, each counter from zero on, so that a query
 * sees its first increase; gauges are read when they are needed.
 */
export class Measurements<H extends Histogram> {
  readonly counters = new Cells<CounterName, Counter>((name, labels) => ({ name, labels, value: 0 }));
  readonly histograms: Cells<HistogramName, H>;
  readonly #loop: EventLoopDelay;
  #status: () => WorkerStatus;

  /** @param makeHistogram makes the histogram of a name and a set of labels, with the first value that it has */
  constructor(
    worker: ObservedWorker,
    clock: Clock,
    makeHistogram: (name: HistogramName, labels: Labels) => H,
  ) {
    this.histograms = new Cells(makeHistogram);
    this.#loop = new EventLoopDelay(() => clock.now());
    this.#status = () => worker.status();
    recordEvents(worker, this.counters, this.histograms);
    // A worker that has stopped keeps its last values, as an SDK that reads them does.
    worker.on('state', ({ to }) => {
      if (to !== 'stopped' && to !== 'failed') return;
      const last = worker.status();
      this.#status = () => last;
      this.#loop.stop();
    });
  }

  gauges(): Reading[] {
    return readGauges(this.#status(), this.#loop);
  }
}

/** All counters, or all histograms, by name and labels. */
class Cells<Name extends string, Cell> {
  readonly #cells = new Map<string, Cell>();

  constructor(private readonly make: (name: Name, labels: Labels) => Cell) {}

  of(name: Name, labels: Labels): Cell {
    const key = [name, ...Object.values(labels)].join('\0');
    return getOrMake(this.#cells, key, () => this.make(name, labels));
  }

  all(): Iterable<Cell> {
    return this.#cells.values();
  }
}

/** From now on, adds a worker's events to the counters and histograms. */
function recordEvents(
  worker: ObservedWorker,
  counters: Cells<CounterName, Counter>,
  histograms: Cells<HistogramName, Histogram>,
): void {
  const errorTypes = new ErrorTypes();
  const completed = (handler: string, outcome: string, error_type = '') =>
    counters.of('stepwright.tasks.completed', { handler, outcome, error_type });
  const failed = (handler: string, trouble: string) =>
    counters.of('stepwright.polls.failed', { handler, trouble });
  const lateness = histograms.of('stepwright.heartbeat.lateness', {});
  for (const { name: handler } of worker.status().handlers) {
    for (const name of BY_HANDLER) counters.of(name, { handler });
    for (const outcome of OUTCOMES) completed(handler, outcome);
    for (const trouble of POLL_FAILURES) failed(handler, trouble);
  }
  for (const use of STORE_USES) counters.of('stepwright.stores.failed', { use });

  const received = byHandler((handler) => counters.of('stepwright.tasks.received', { handler }));
  const settled = byHandler((handler) => histograms.of('stepwright.handler.duration', { handler }));
  const ended = (outcome: (typeof OUTCOMES)[number]) => {
    const duration = byHandler((handler) => histograms.of('stepwright.task.duration', { handler, outcome }));
    const unnamed = byHandler((handler) => completed(handler, outcome));
    return ({ handler, durationMs, error }: Ended): void => {
      if (typeof error === 'string') completed(handler, outcome, errorTypes.bounded(handler, error)).value++;
      else unnamed(handler).value++;
      duration(handler).record(seconds(durationMs));
    };
  };
  worker.on('task:received', ({ handler }) => received(handler).value++);
  worker.on('task:settled', ({ handler, handlerMs }) => settled(handler).record(seconds(handlerMs)));
  worker.on('task:succeeded', ended('succeeded'));
  worker.on('task:failed', ended('failed'));
  worker.on('task:deferred', ended('deferred'));
  worker.on('task:gone', ended('gone'));
  worker.on('report:lost', ended('lost'));
  worker.on(
    'task:ignored-abort',
    ({ handler }) => counters.of('stepwright.aborts.ignored', { handler }).value++,
  );
  worker.on('poll:ended', ({ handler, trouble }) => trouble && failed(handler, trouble).value++);
  worker.on(
    'poll:token-possibly-lost',
    ({ handler }) => counters.of('stepwright.tokens.possibly_lost', { handler }).value++,
  );
  worker.on('store:failed', ({ use }) => counters.of('stepwright.stores.failed', { use }).value++);
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
  return (handler) => getOrMake(made, handler, make);
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
    const known = getOrMake(this.#known, handler, () => new Set());
    if (known.has(error)) return error;
    if (known.size >= MOST_ERROR_TYPES || !NAME.test(error)) return 'other';
    known.add(error);
    return error;
  }
}
