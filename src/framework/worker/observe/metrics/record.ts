import type { Worker } from '../../worker.js';
import { ErrorTypes } from './error-types.js';
import { type CounterName, metricsOf, type MetricSink } from './table.js';

/** What measuring needs of a worker. */
export type Measured = Pick<Worker, 'on' | 'status'>;

const seconds = (ms: number): number => ms / 1000;

/** Hands on what a worker tells, from now on. */
export function recordEvents(worker: Measured, sink: MetricSink): void {
  for (const { name } of worker.status().handlers) startAtZero(name, sink);
  recordTasks(worker, sink);
  recordReports(worker, sink);
  recordPolls(worker, sink);
  worker.on('heartbeat:sent', ({ lateMs }) =>
    sink.record('stepwright.heartbeat.lateness', {}, seconds(lateMs)),
  );
}

function recordTasks(worker: Measured, sink: MetricSink): void {
  const errorTypes = new ErrorTypes();
  const ended = (handler: string, outcome: string, durationMs: number, error_type = ''): void => {
    sink.add('stepwright.tasks.completed', { handler, outcome, error_type }, 1);
    sink.record('stepwright.task.duration', { handler, outcome }, seconds(durationMs));
  };
  worker.on('task:received', ({ handler }) => sink.add('stepwright.tasks.received', { handler }, 1));
  worker.on('task:settled', ({ handler, handlerMs }) =>
    sink.record('stepwright.handler.duration', { handler }, seconds(handlerMs)),
  );
  worker.on('task:succeeded', ({ handler, durationMs }) => ended(handler, 'succeeded', durationMs));
  worker.on('task:failed', ({ handler, durationMs, error }) =>
    ended(handler, 'failed', durationMs, errorTypes.bounded(handler, error)),
  );
  worker.on('task:gone', ({ handler, durationMs, probablyDelivered }) => {
    ended(handler, 'gone', durationMs);
    if (probablyDelivered) sink.add('stepwright.tasks.probably_delivered', { handler }, 1);
  });
  worker.on('report:lost', ({ handler, durationMs }) => ended(handler, 'lost', durationMs));
  worker.on('task:ignored-abort', ({ handler }) => sink.add('stepwright.aborts.ignored', { handler }, 1));
}

function recordReports(worker: Measured, sink: MetricSink): void {
  const reported = (handler: string, outcome: string, reportMs: number): void =>
    sink.record('stepwright.report.duration', { handler, outcome }, seconds(reportMs));
  worker.on('task:succeeded', ({ handler, reportMs }) => reported(handler, 'succeeded', reportMs));
  worker.on('task:failed', ({ handler, reportMs }) => reported(handler, 'failed', reportMs));
  worker.on('report:lost', ({ handler, reportMs }) => {
    reported(handler, 'lost', reportMs);
    sink.add('stepwright.reports.lost', { handler }, 1);
  });
  worker.on('report:retried', ({ handler }) => sink.add('stepwright.reports.retried', { handler }, 1));
}

function recordPolls(worker: Measured, sink: MetricSink): void {
  worker.on('poll:ended', ({ handler, answer, trouble, openMs }) => {
    sink.add('stepwright.polls.ended', { handler, answer }, 1);
    sink.record('stepwright.poll.duration', { handler, answer }, seconds(openMs));
    if (trouble) sink.add('stepwright.polls.failed', { handler, trouble }, 1);
  });
  worker.on('poll:token-possibly-lost', ({ handler }) =>
    sink.add('stepwright.tokens.possibly_lost', { handler }, 1),
  );
}

/** What a query would else miss: the first of a counter that was not there before. Names of errors can't be known. */
function startAtZero(handler: string, sink: MetricSink): void {
  for (const counter of BY_HANDLER) sink.add(counter, { handler }, 0);
  for (const outcome of ['succeeded', 'failed', 'gone', 'lost'])
    sink.add('stepwright.tasks.completed', { handler, outcome, error_type: '' }, 0);
  for (const answer of ['task', 'empty', 'failed'])
    sink.add('stepwright.polls.ended', { handler, answer }, 0);
  for (const trouble of ['throttled', 'crowded', 'refused', 'unreachable'])
    sink.add('stepwright.polls.failed', { handler, trouble }, 0);
}

/** The counters that have no other label. */
const BY_HANDLER = metricsOf('counter').flatMap(([name, { labels }]) =>
  labels.length === 1 ? [name as CounterName] : [],
);
