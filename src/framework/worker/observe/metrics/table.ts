/** One metric of a worker: a counter, a gauge or a histogram. */
export interface Metric {
  readonly kind: 'counter' | 'histogram' | 'gauge';
  /**
   * The unit, as OpenTelemetry writes it: `s` for seconds; `{task}` and the like for numbers of things; `1` for a
   * fraction, or for yes (1) and no (0).
   */
  readonly unit: string;
  /**
   * The names of the labels. Each label has a limited number of values: handlers, outcomes, kinds of trouble, and the
   * first 50 error names of a handler.
   */
  readonly labels: readonly string[];
  readonly help: string;
  /** The upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
  /** The way in which the values of several processes are combined to one. @default they are added up */
  readonly together?: 'max' | 'min';
}

const TASK_SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400,
] as const;
const CALL_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 900] as const;
const POLL_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 30, 60, 75] as const;
const LATE_SECONDS = [0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60] as const;

/** All metrics of a worker, by their OpenTelemetry names. Names, units and labels are stable. */
export const METRICS = {
  'stepwright.tasks.received': {
    ...{ kind: 'counter', unit: '{task}', labels: ['handler'] },
    help: 'Tasks that polls received',
  },
  'stepwright.tasks.completed': {
    ...{ kind: 'counter', unit: '{task}', labels: ['handler', 'outcome', 'error_type'] },
    help: 'Tasks that ended: succeeded, failed (error_type is its name), gone, lost',
  },
  'stepwright.tasks.probably_delivered': {
    ...{ kind: 'counter', unit: '{task}', labels: ['handler'] },
    help: 'Of those gone, the ones whose result was most likely taken',
  },
  'stepwright.task.duration': {
    ...{ kind: 'histogram', unit: 's', labels: ['handler', 'outcome'], buckets: TASK_SECONDS },
    help: 'From receipt until the service took the outcome, or the task was gone or lost',
  },
  'stepwright.handler.duration': {
    ...{ kind: 'histogram', unit: 's', labels: ['handler'], buckets: TASK_SECONDS },
    help: 'From receipt until the handler has settled, or was left behind',
  },
  'stepwright.report.duration': {
    ...{ kind: 'histogram', unit: 's', labels: ['handler', 'outcome'], buckets: CALL_SECONDS },
    help: 'From the decision about a task until the service took it, or it was lost',
  },
  'stepwright.reports.retried': {
    ...{ kind: 'counter', unit: '{attempt}', labels: ['handler'] },
    help: 'Attempts to report that failed and were repeated',
  },
  'stepwright.reports.lost': {
    ...{ kind: 'counter', unit: '{report}', labels: ['handler'] },
    help: 'Results that the service never took',
  },
  'stepwright.results.undelivered': {
    ...{ kind: 'gauge', unit: '{result}', labels: ['handler'] },
    help: 'Outcomes of settled handlers that the service has not taken yet',
  },
  'stepwright.handlers.running': {
    ...{ kind: 'gauge', unit: '{task}', labels: ['handler'] },
    help: 'Handlers that have not settled',
  },
  'stepwright.slots.used': {
    ...{ kind: 'gauge', unit: '{slot}', labels: ['handler'] },
    help: 'Slots in use, by running handlers and open polls',
  },
  'stepwright.slots.limit': {
    ...{ kind: 'gauge', unit: '{slot}', labels: ['handler'] },
    help: 'Slots there are: concurrency',
  },
  'stepwright.aborts.ignored': {
    ...{ kind: 'counter', unit: '{task}', labels: ['handler'] },
    help: 'Handlers that ran on long after their signal aborted',
  },
  'stepwright.progress.least': {
    ...{ kind: 'gauge', unit: '1', labels: ['handler'], together: 'min' },
    help: 'Of the running tasks that say how far they are, from 0 to 1, the one that is least far',
  },
  'stepwright.progress.age': {
    ...{ kind: 'gauge', unit: 's', labels: ['handler'], together: 'max' },
    help: 'Of the running tasks that say how far they are, the longest that one has not said so',
  },
  'stepwright.polls.open': {
    ...{ kind: 'gauge', unit: '{poll}', labels: ['handler'] },
    help: 'Polls that are open',
  },
  'stepwright.polls.target': {
    ...{ kind: 'gauge', unit: '{poll}', labels: ['handler'] },
    help: 'Polls that may be open',
  },
  'stepwright.polls.ended': {
    ...{ kind: 'counter', unit: '{poll}', labels: ['handler', 'answer'] },
    help: 'Polls that ended: with a task, empty, or failed',
  },
  'stepwright.poll.duration': {
    ...{ kind: 'histogram', unit: 's', labels: ['handler', 'answer'], buckets: POLL_SECONDS },
    help: 'How long a poll was open',
  },
  'stepwright.polls.failed': {
    ...{ kind: 'counter', unit: '{poll}', labels: ['handler', 'trouble'] },
    help: 'Polls that failed: throttled, crowded, refused, unreachable',
  },
  'stepwright.tokens.possibly_lost': {
    ...{ kind: 'counter', unit: '{token}', labels: ['handler'] },
    help: 'Polls that ended without a response: a task that one received is lost',
  },
  'stepwright.heartbeat.lateness': {
    ...{ kind: 'histogram', unit: 's', labels: [], buckets: LATE_SECONDS },
    help: 'How long after it was due a heartbeat left',
  },
  'stepwright.event_loop.delay': {
    ...{ kind: 'gauge', unit: 's', labels: ['percentile'], together: 'max' },
    help: 'The delay of the event loop of the main thread in about the last minute, by percentile (50, 99, 100)',
  },
  'stepwright.worker.ready': {
    ...{ kind: 'gauge', unit: '1', labels: [], together: 'min' },
    help: '1 while the worker is ready',
  },
  'stepwright.worker.state': {
    ...{ kind: 'gauge', unit: '1', labels: ['state'] },
    help: '1 for the state that the worker is in',
  },
  'stepwright.outcomes.kept': {
    ...{ kind: 'counter', unit: '{outcome}', labels: ['handler'] },
    help: 'Outcomes that were put into the outbox',
  },
  'stepwright.outcomes.unkept': {
    ...{ kind: 'counter', unit: '{outcome}', labels: ['handler'] },
    help: 'Outcomes whose reports were sent without being in the outbox, or before that',
  },
  'stepwright.outcomes.offered': {
    ...{ kind: 'counter', unit: '{outcome}', labels: ['outcome'] },
    help: 'Outcomes that were left in the outbox, by what became of them: accepted, delivered by another, gone, lost',
  },
  'stepwright.outbox.keeps': {
    ...{ kind: 'gauge', unit: '1', labels: [], together: 'min' },
    help: '1 while the store of the outbox takes outcomes; none where `outbox` is off',
  },
  'stepwright.outbox.waiting': {
    ...{ kind: 'gauge', unit: '{outcome}', labels: [] },
    help: 'Outcomes that are in the outbox and not accepted yet; none where `outbox` is off',
  },
  'stepwright.outbox.oldest': {
    ...{ kind: 'gauge', unit: 's', labels: [], together: 'max' },
    help: 'Seconds since the oldest outcome in the outbox was decided; 0 if there is none',
  },
  'stepwright.stores.failed': {
    ...{ kind: 'counter', unit: '{time}', labels: ['use'] },
    help: 'Times that calls to a store began to fail, by its use: payloads, outbox, checkpoint, idempotent, deferred',
  },
  'stepwright.worker.protection': {
    ...{ kind: 'gauge', unit: '1', labels: ['state'], together: 'max' },
    help: '1 for the state of the protection from scale-in (free, wanted, held); none where `protect` is off',
  },
} as const satisfies Record<string, Metric>;

type Named<Kind extends Metric['kind']> = {
  [Name in keyof typeof METRICS]: (typeof METRICS)[Name] extends { kind: Kind } ? Name : never;
}[keyof typeof METRICS];

export type MetricName = keyof typeof METRICS;
export type CounterName = Named<'counter'>;
export type HistogramName = Named<'histogram'>;
export type GaugeName = Named<'gauge'>;
/** The labels of a metric, with their values. */
export type Labels = Readonly<Record<string, string>>;

/**
 * The functions of a metrics library that the measuring code uses. It requests each counter and histogram once, keeps
 * it, and adds its measurements to it.
 */
export interface MetricSink {
  /** Returns a counter. It is shown with the value 0 from then on, so that a query can see its first increase. */
  counter(name: CounterName, labels: Labels): Counter;
  /** Returns a histogram. It isn't shown before it has a value. */
  histogram(name: HistogramName, labels: Labels): Histogram;
}

/** One counter, for one set of labels. */
export interface Counter {
  add(by: number): void;
}

/** One histogram, for one set of labels. */
export interface Histogram {
  /** @param value in the metric's unit */
  record(value: number): void;
}

/** Returns all metrics of a kind, with their names. */
export const metricsOf = (kind: Metric['kind']): [MetricName, Metric][] =>
  Object.entries<Metric>(METRICS).filter(([, metric]) => metric.kind === kind) as [MetricName, Metric][];

/**
 * Returns a metric's name in Prometheus, such as `stepwright_task_duration_seconds` or
 * `stepwright_tasks_received_total`.
 */
export function prometheusName(name: string, { kind, unit }: Metric): string {
  const base = name.replaceAll('.', '_');
  if (kind === 'counter') return `${base}_total`;
  return unit === 's' ? `${base}_seconds` : base;
}
