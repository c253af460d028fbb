import type { Metric as PromMetric } from 'prom-client';
import type { Clock } from '../../../base/time/clock.js';
import type { Reading } from './gauges.js';
import { type Histogram, Measurements } from './record.js';
import type { ObservedWorker } from '../../../declare/worker-events.js';
import {
  type HistogramName,
  type Labels,
  METRICS,
  type Metric,
  type MetricName,
  prometheusName,
} from './table.js';

/** A worker's metrics in Prometheus' text format. */
export interface MetricsText {
  readonly contentType: string;
  readonly text: string;
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
 * @returns a function that returns the current values of all metrics
 */
export async function measureForPrometheus(
  worker: ObservedWorker,
  clock: Clock,
): Promise<() => Promise<MetricsText>> {
  const { Registry } = await import('prom-client');
  const registry = new Registry();
  const measured = new Measurements(worker, clock, (name, labels) => new HistogramCell(name, labels));
  let gauges: readonly Reading[] = [];
  const samples = (name: MetricName): Sample[] => [
    ...[...measured.counters.all(), ...gauges].flatMap((cell) => (cell.name === name ? plain(cell) : [])),
    ...[...measured.histograms.all()].flatMap((cell) => (cell.name === name ? samplesOf(cell) : [])),
  ];
  for (const [name, metric] of Object.entries<Metric>(METRICS))
    registry.registerMetric(shown(prometheusName(name, metric), metric, () => samples(name as MetricName)));
  return async () => {
    gauges = measured.gauges();
    return { contentType: registry.contentType, text: await registry.metrics() };
  };
}

/** The values of one histogram, for one set of labels. */
class HistogramCell implements Histogram {
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

  constructor(
    readonly name: HistogramName,
    readonly labels: Labels,
  ) {
    this.bounds = METRICS[name].buckets;
    this.counts = new Float64Array(this.bounds.length + 1);
  }

  record(value: number): void {
    const found = this.bounds.findIndex((bound) => value <= bound);
    const at = found < 0 ? this.bounds.length : found;
    this.counts[at] = (this.counts[at] as number) + 1;
    this.sum += value;
  }
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
