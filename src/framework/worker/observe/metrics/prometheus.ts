import type { Clock } from '../../../clock.js';
import { EventLoopDelay } from './event-loop.js';
import { readGauges } from './gauges.js';
import { type Measured, recordEvents } from './record.js';
import type { MetricValues } from './summed.js';
import { type Metric, metricsOf, prometheusName } from './table.js';
import { Totals } from './totals.js';

/** A worker's metrics in Prometheus' text format. */
export interface PrometheusText {
  readonly contentType: string;
  /** All of them, at this moment. */
  text(): Promise<string>;
  /** The same, to be summed with those of other processes. */
  values(): Promise<MetricValues>;
}

/** Measures a worker from now on, with a registry of its own. The library is loaded only here. */
export async function measureForPrometheus(worker: Measured, clock: Clock): Promise<PrometheusText> {
  const { Counter, Gauge, Histogram, Registry } = await import('prom-client');
  const registry = new Registry();
  const shape = (name: string, metric: Metric) => ({
    name: prometheusName(name, metric),
    help: metric.help,
    labelNames: [...metric.labels],
    registers: [registry],
  });
  const counters = new Map(
    metricsOf('counter').map(([name, metric]) => [name as string, new Counter(shape(name, metric))]),
  );
  const histograms = new Map(
    metricsOf('histogram').map(([name, metric]) => [
      name as string,
      new Histogram({ ...shape(name, metric), buckets: [...(metric.buckets ?? [])] }),
    ]),
  );
  const gauges = new Map(
    metricsOf('gauge').map(([name, metric]) => [
      name as string,
      new Gauge({ ...shape(name, metric), aggregator: metric.together ?? 'sum' }),
    ]),
  );
  const totals = new Totals();
  recordEvents(worker, {
    add: (counter, labels, by) => totals.add(counter, labels, by),
    record: (histogram, labels, value) => histograms.get(histogram)?.observe({ ...labels }, value),
  });
  const loop = new EventLoopDelay(() => clock.now());
  worker.on('state', ({ to }) => {
    if (to === 'stopped' || to === 'failed') loop.stop();
  });
  const takeIn = (): void => {
    for (const counter of counters.values()) counter.reset();
    for (const { counter, labels, value } of totals.all()) counters.get(counter)?.inc({ ...labels }, value);
    for (const { gauge, labels, value } of readGauges(worker.status(), loop))
      gauges.get(gauge)?.set({ ...labels }, value);
  };
  return {
    contentType: registry.contentType,
    text() {
      takeIn();
      return registry.metrics();
    },
    values() {
      takeIn();
      return registry.getMetricsAsJSON();
    },
  };
}
