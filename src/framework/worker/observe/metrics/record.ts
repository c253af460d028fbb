import { STORE_USES } from '../../../base/store/store-events.js';
import type { WorkerEvents } from '../worker-events.js';
import type { ObservedWorker } from '../observer.js';
import { ErrorTypes } from './error-types.js';
import {
  type Counter,
  type CounterName,
  type Histogram,
  type Labels,
  metricsOf,
  type MetricSink,
} from './table.js';

const seconds = (ms: number): number => ms / 1000;

/**
 * From now on, turns a worker's events into measurements, which it adds to the counters and histograms of a
 * {@link MetricSink}.
 */
export function recordEvents(worker: ObservedWorker, sink: MetricSink): void {
  const handlers = new Map(
    worker.status().handlers.map(({ name }) => [name, new HandlerMetrics(name, sink)] as const),
  );
  // A worker's handlers never change.
  const of = ({ handler }: { readonly handler: string }): HandlerMetrics | undefined => handlers.get(handler);
  worker.on('task:received', (event) => of(event)?.received.add(1));
  worker.on('task:settled', (event) => of(event)?.settled.record(seconds(event.handlerMs)));
  worker.on('task:succeeded', (event) => of(event)?.succeeded(event));
  worker.on('task:failed', (event) => of(event)?.failed(event));
  worker.on('task:deferred', (event) => of(event)?.deferred(event));
  worker.on('task:gone', (event) => of(event)?.gone(event));
  worker.on('task:ignored-abort', (event) => of(event)?.counter('stepwright.aborts.ignored').add(1));
  worker.on('report:lost', (event) => of(event)?.lost(event));
  worker.on('report:retried', (event) => of(event)?.counter('stepwright.reports.retried').add(1));
  worker.on('poll:ended', (event) => of(event)?.polled(event));
  worker.on('poll:token-possibly-lost', (event) =>
    of(event)?.counter('stepwright.tokens.possibly_lost').add(1),
  );
  recordOutbox(worker, sink);
  recordStores(worker, sink);
  const lateness = sink.histogram('stepwright.heartbeat.lateness', {});
  worker.on('heartbeat:sent', ({ lateMs }) => lateness.record(seconds(lateMs)));
}

function recordStores(worker: ObservedWorker, sink: MetricSink): void {
  const failed = new Map(STORE_USES.map((use) => [use, sink.counter('stepwright.stores.failed', { use })]));
  worker.on('store:failed', ({ use }) => failed.get(use)?.add(1));
}

function recordOutbox(worker: ObservedWorker, sink: MetricSink): void {
  if (!worker.status().outbox) return;
  const counter = (name: CounterName, labels: Labels): Counter => sink.counter(name, labels);
  for (const { name: handler } of worker.status().handlers)
    for (const name of ['stepwright.outcomes.kept', 'stepwright.outcomes.unkept'] as const)
      counter(name, { handler });
  for (const outcome of ['accepted', 'delivered', 'gone', 'lost'])
    counter('stepwright.outcomes.offered', { outcome });
  worker.on('outbox:kept', ({ handler }) => counter('stepwright.outcomes.kept', { handler }).add(1));
  worker.on('outbox:unkept', ({ handler }) => counter('stepwright.outcomes.unkept', { handler }).add(1));
  worker.on('outbox:offered', ({ outcome }) => counter('stepwright.outcomes.offered', { outcome }).add(1));
}

type Outcome = 'succeeded' | 'failed' | 'gone' | 'lost';

/**
 * The counters and histograms of one handler. Those that every task uses are looked up once, in the constructor,
 * because a lookup for each task would be slow.
 */
class HandlerMetrics {
  readonly #handler: string;
  readonly #sink: MetricSink;
  readonly #errorTypes = new ErrorTypes();
  readonly received: Counter;
  readonly settled: Histogram;
  readonly #ended: Readonly<Record<Outcome, Ended>>;
  readonly #polls: Readonly<Record<WorkerEvents['poll:ended']['answer'], Polled>>;

  constructor(handler: string, sink: MetricSink) {
    this.#handler = handler;
    this.#sink = sink;
    // Counters start at zero, so that a query sees their first increase. Error names can't be known in advance.
    for (const counter of BY_HANDLER) this.counter(counter);
    for (const trouble of ['throttled', 'crowded', 'refused', 'unreachable'])
      sink.counter('stepwright.polls.failed', { handler, trouble });
    this.received = this.counter('stepwright.tasks.received');
    this.settled = sink.histogram('stepwright.handler.duration', { handler });
    const ended = (outcome: Outcome): Ended => ({
      completed: sink.counter('stepwright.tasks.completed', { handler, outcome, error_type: '' }),
      duration: sink.histogram('stepwright.task.duration', { handler, outcome }),
      report: sink.histogram('stepwright.report.duration', { handler, outcome }),
    });
    this.#ended = {
      ...{ succeeded: ended('succeeded'), failed: ended('failed'), gone: ended('gone'), lost: ended('lost') },
    };
    const polled = (answer: string): Polled => ({
      ended: sink.counter('stepwright.polls.ended', { handler, answer }),
      duration: sink.histogram('stepwright.poll.duration', { handler, answer }),
    });
    this.#polls = { task: polled('task'), empty: polled('empty'), failed: polled('failed') };
  }

  /** Returns this handler's counter with the given name. Only for counters whose only label is the handler. */
  counter(name: CounterName): Counter {
    return this.#sink.counter(name, { handler: this.#handler });
  }

  succeeded({ durationMs, reportMs }: WorkerEvents['task:succeeded']): void {
    const { completed, duration, report } = this.#ended.succeeded;
    completed.add(1);
    duration.record(seconds(durationMs));
    report.record(seconds(reportMs));
  }

  failed({ durationMs, reportMs, error }: WorkerEvents['task:failed']): void {
    const { duration, report } = this.#ended.failed;
    const error_type = this.#errorTypes.bounded(this.#handler, error);
    const labels = { handler: this.#handler, outcome: 'failed', error_type };
    this.#sink.counter('stepwright.tasks.completed', labels).add(1);
    duration.record(seconds(durationMs));
    report.record(seconds(reportMs));
  }

  deferred({ durationMs, reportMs }: WorkerEvents['task:deferred']): void {
    const labels = { handler: this.#handler, outcome: 'deferred' };
    this.#sink.counter('stepwright.tasks.completed', { ...labels, error_type: '' }).add(1);
    this.#sink.histogram('stepwright.task.duration', labels).record(seconds(durationMs));
    this.#sink.histogram('stepwright.report.duration', labels).record(seconds(reportMs));
  }

  gone({ durationMs, probablyDelivered }: WorkerEvents['task:gone']): void {
    const { completed, duration } = this.#ended.gone;
    completed.add(1);
    duration.record(seconds(durationMs));
    if (probablyDelivered) this.counter('stepwright.tasks.probably_delivered').add(1);
  }

  lost({ durationMs, reportMs }: WorkerEvents['report:lost']): void {
    const { completed, duration, report } = this.#ended.lost;
    completed.add(1);
    duration.record(seconds(durationMs));
    report.record(seconds(reportMs));
    this.counter('stepwright.reports.lost').add(1);
  }

  polled({ answer, trouble, openMs }: WorkerEvents['poll:ended']): void {
    const { ended, duration } = this.#polls[answer];
    ended.add(1);
    duration.record(seconds(openMs));
    if (trouble) this.#sink.counter('stepwright.polls.failed', { handler: this.#handler, trouble }).add(1);
  }
}

interface Ended {
  readonly completed: Counter;
  readonly duration: Histogram;
  readonly report: Histogram;
}

interface Polled {
  readonly ended: Counter;
  readonly duration: Histogram;
}

/** The names of all counters whose only label is the handler. */
const BY_HANDLER = metricsOf('counter').flatMap(([name, { labels }]) =>
  labels.length === 1 && labels[0] === 'handler' ? [name as CounterName] : [],
);
