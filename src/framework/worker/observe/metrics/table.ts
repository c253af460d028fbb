/** One metric of a worker: a counter, a gauge or a histogram. */
export interface Metric {
  readonly kind: 'counter' | 'histogram' | 'gauge';
  /**
   * The unit, as OpenTelemetry writes it: `s` for seconds; `{task}` and the like for numbers of things. None is `1`,
   * since exporters to Prometheus append `_ratio` to the name of such a gauge.
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
}

const TASK_SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400,
] as const;
const LATE_SECONDS = [0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60] as const;

/** All metrics of a worker, by their OpenTelemetry names. Names, units and labels are stable. */
export const METRICS = {
  'stepwright.tasks.received': {
    kind: 'counter',
    unit: '{task}',
    labels: ['handler'],
    help: 'Tasks that polls received',
  },
  'stepwright.tasks.completed': {
    kind: 'counter',
    unit: '{task}',
    labels: ['handler', 'outcome', 'error_type'],
    help: 'Tasks that ended: succeeded, failed (error_type is its name), gone, lost',
  },
  'stepwright.task.duration': {
    kind: 'histogram',
    unit: 's',
    labels: ['handler', 'outcome'],
    buckets: TASK_SECONDS,
    help: 'From receipt until the service took the outcome, or the task was gone or lost',
  },
  'stepwright.handler.duration': {
    kind: 'histogram',
    unit: 's',
    labels: ['handler'],
    buckets: TASK_SECONDS,
    help: 'From receipt until the handler has settled, or was left behind',
  },
  'stepwright.results.undelivered': {
    kind: 'gauge',
    unit: '{result}',
    labels: ['handler'],
    help: 'Outcomes of settled handlers that the service has not taken yet',
  },
  'stepwright.handlers.running': {
    kind: 'gauge',
    unit: '{task}',
    labels: ['handler'],
    help: 'Handlers that have not settled',
  },
  'stepwright.slots.limit': {
    kind: 'gauge',
    unit: '{slot}',
    labels: ['handler'],
    help: 'Slots there are: concurrency',
  },
  'stepwright.aborts.ignored': {
    kind: 'counter',
    unit: '{task}',
    labels: ['handler'],
    help: 'Handlers that ran on long after their signal aborted',
  },
  'stepwright.polls.open': {
    kind: 'gauge',
    unit: '{poll}',
    labels: ['handler'],
    help: 'Polls that are open',
  },
  'stepwright.polls.failed': {
    kind: 'counter',
    unit: '{poll}',
    labels: ['handler', 'trouble'],
    help: 'Polls that failed: throttled, crowded, refused, unreachable',
  },
  'stepwright.tokens.possibly_lost': {
    kind: 'counter',
    unit: '{token}',
    labels: ['handler'],
    help: 'Polls that ended without a response: a task that one received is lost',
  },
  'stepwright.heartbeat.lateness': {
    kind: 'histogram',
    unit: 's',
    labels: [],
    buckets: LATE_SECONDS,
    help: 'How long after it was due a heartbeat left',
  },
  'stepwright.event_loop.delay': {
    kind: 'gauge',
    unit: 's',
    labels: ['percentile'],
    help: 'The delay of the event loop of the main thread in about the last minute, by percentile (50, 99, 100)',
  },
  'stepwright.worker.ready': {
    kind: 'gauge',
    unit: '{worker}',
    labels: [],
    help: '1 while the worker is ready',
  },
  'stepwright.worker.state': {
    kind: 'gauge',
    unit: '{worker}',
    labels: ['state'],
    help: '1 for the state that the worker is in',
  },
  'stepwright.outbox.oldest': {
    kind: 'gauge',
    unit: 's',
    labels: [],
    help: 'Seconds since the oldest outcome in the outbox was decided; 0 if there is none',
  },
  'stepwright.stores.failed': {
    kind: 'counter',
    unit: '{time}',
    labels: ['use'],
    help: 'Times that calls to a store began to fail, by its use: payloads, outbox, checkpoint, idempotent, deferred',
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
