import type { Metric as PromMetric } from 'prom-client';
import type { Clock } from '../../../base/time/clock.js';
import { Cells, CounterCell, HistogramCell, recordEvents } from './record.js';
import { EventLoopDelay, readGauges, type Reading } from './gauges.js';
import type { ObservedWorker } from '../worker-events.js';
import { METRICS, type Metric, type MetricName, prometheusName } from './table.js';

/** A worker's metrics, as the health port serves them. */
interface PrometheusText {
  readonly contentType: string;
  /** Returns the current values of all metrics as Prometheus' text. */
  text(): Promise<string>;
}

/** One line of Prometheus' text format. */
interface Sample {
  /** The metric's name on this line. @default the metric's own name */
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/**
 * From now on, records a worker's metrics. They have a prom-client registry of their own, so they don't mix with the
 * app's metrics. prom-client is loaded only when this is called.
 */
export async function measureForPrometheus(worker: ObservedWorker, clock: Clock): Promise<PrometheusText> {
  const { Registry } = await import('prom-client');
  const registry = new Registry();
  const counters = new Cells((name: CounterCell['name'], labels) => new CounterCell(name, labels));
  const histograms = new Cells((name: HistogramCell['name'], labels) => new HistogramCell(name, labels));
  recordEvents(worker, {
    counter: (name, labels) => counters.of(name, labels),
    histogram: (name, labels) => histograms.of(name, labels),
  });
  const loop = new EventLoopDelay(() => clock.now());
  worker.on('state', ({ to }) => {
    if (to === 'stopped' || to === 'failed') loop.stop();
  });
  let gauges: readonly Reading[] = [];
  const samples = (name: MetricName): Sample[] => [
    ...[...counters.all()].flatMap((cell) => (cell.name === name ? plain(cell) : [])),
    ...gauges.flatMap((reading) => (reading.gauge === name ? plain(reading) : [])),
    ...[...histograms.all()].flatMap((cell) => (cell.name === name ? samplesOf(cell) : [])),
  ];
  for (const [name, metric] of Object.entries<Metric>(METRICS))
    registry.registerMetric(shown(prometheusName(name, metric), metric, () => samples(name as MetricName)));
  return {
    contentType: registry.contentType,
    text() {
      gauges = readGauges(worker.status(), loop);
      return registry.metrics();
    },
  };
}

/**
 * Makes a metric for prom-client's registry. Its values are read only when the metrics are requested. prom-client's own
 * Counter and Histogram aren't used, because they would have to be called each time that a value is recorded.
 */
function shown(name: string, { kind: type, help }: Metric, samples: () => Sample[]): PromMetric {
  const metric = {
    name,
    help,
    get: async () => ({ name, help, type, values: samples(), aggregator: 'sum' }),
  };
  return metric as unknown as PromMetric;
}

const plain = ({ labels, value }: Sample): Sample => ({ labels, value });

/**
 * Returns the lines of a histogram in Prometheus' form, in which each bucket also counts the values of all smaller
 * buckets. A histogram with labels has no lines before its first value.
 */
function samplesOf({ name, labels, bounds, counts, sum }: HistogramCell): Sample[] {
  const base = prometheusName(name, METRICS[name]);
  let count = 0;
  const buckets = [...bounds, '+Inf'].map((le, index) => {
    count += counts[index] as number;
    return { metricName: `${base}_bucket`, labels: { le, ...labels }, value: count };
  });
  if (count === 0 && Object.keys(labels).length > 0) return [];
  return [
    ...buckets,
    { metricName: `${base}_sum`, labels, value: sum },
    { metricName: `${base}_count`, labels, value: count },
  ];
}
