import type { Metric as PromMetric } from 'prom-client';
import type { Clock } from '../../../base/time/clock.js';
import { Cells, CounterCell, HistogramCell } from './cells.js';
import { EventLoopDelay } from './event-loop.js';
import { type Reading, readGauges } from './gauges.js';
import type { ObservedWorker } from '../observer.js';
import { recordEvents } from './record.js';
import type { MetricValues } from './summed-metrics.js';
import { METRICS, type Metric, type MetricName, prometheusName } from './table.js';

/** A worker's metrics in Prometheus' text format. */
export interface PrometheusText {
  readonly contentType: string;
  /** All of them, at this moment. */
  text(): Promise<string>;
  /** The same, to be summed with those of other processes. */
  values(): Promise<MetricValues>;
}

/** One line of the text. */
interface Sample {
  /** @default the metric's own */
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** Measures a worker from now on, with a registry of its own. The library is loaded only here. */
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
  const look = (): void => void (gauges = readGauges(worker.status(), loop, clock.now()));
  return {
    contentType: registry.contentType,
    text() {
      look();
      return registry.metrics();
    },
    values() {
      look();
      return registry.getMetricsAsJSON();
    },
  };
}

/** What the registry asks a metric for. Its own classes would have to be told of each step. */
function shown(name: string, { kind: type, help, together }: Metric, samples: () => Sample[]): PromMetric {
  const metric = {
    name,
    help,
    get: async () => ({ name, help, type, values: samples(), aggregator: together ?? 'sum' }),
  };
  return metric as unknown as PromMetric;
}

const plain = ({ labels, value }: Sample): Sample => ({ labels, value });

/** As Prometheus counts: each bucket holds what the ones before it hold. With labels there is nothing before the first value. */
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
