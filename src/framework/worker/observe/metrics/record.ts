import { STORE_USES } from '../../../base/store.js';
import type { ObservedWorker } from '../observer.js';
import { ErrorTypes } from './error-types.js';
import type { CounterName, MetricSink } from './table.js';

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
