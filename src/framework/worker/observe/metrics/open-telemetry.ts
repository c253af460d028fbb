import type { Attributes, Meter, Observable } from '@opentelemetry/api';
import type { Clock } from '../../../base/time/clock.js';
import type { ObservedWorker } from '../../../declare/worker-events.js';
import { Measurements } from './record.js';
import { type Labels, type Metric, type MetricName, metricsOf } from './table.js';

/** From now on, records a worker's metrics with the app's OpenTelemetry meter. */
export function measureWithOpenTelemetry(worker: ObservedWorker, meter: Meter, clock: Clock): void {
  const histograms = instruments('histogram', (name, metric) =>
    meter.createHistogram(name, {
      ...shape(metric),
      advice: { explicitBucketBoundaries: [...(metric.buckets ?? [])] },
    }),
  );
  const measured = new Measurements(worker, clock, (name, labels) => {
    const [histogram, of] = [histograms.get(name), attributes(labels)];
    return { record: (value) => histogram?.record(value, of) };
  });
  const counters = instruments('counter', (name, metric) =>
    meter.createObservableCounter(name, shape(metric)),
  );
  const gauges = instruments('gauge', (name, metric) => meter.createObservableGauge(name, shape(metric)));
  // The SDK reads these each time that it collects metrics.
  const observed = (
    by: ReadonlyMap<MetricName, Observable>,
    read: () => Iterable<{ readonly name: MetricName; readonly labels: Labels; readonly value: number }>,
  ): void =>
    meter.addBatchObservableCallback(
      (result) => {
        for (const { name, labels, value } of read()) {
          const instrument = by.get(name);
          if (instrument) result.observe(instrument, value, attributes(labels));
        }
      },
      [...by.values()],
    );
  observed(counters, () => measured.counters.all());
  observed(gauges, () => measured.gauges());
}

const instruments = <T>(
  kind: Metric['kind'],
  make: (name: MetricName, metric: Metric) => T,
): Map<MetricName, T> => new Map(metricsOf(kind).map(([name, metric]) => [name, make(name, metric)]));

const shape = ({ unit, help }: Metric): { unit: string; description: string } => ({
  unit,
  description: help,
});

/**
 * Returns a metric's labels with the attribute names of OpenTelemetry's semantic conventions. If the label for the
 * error type is empty, it is left out.
 */
function attributes({ error_type, ...labels }: Labels): Attributes {
  return error_type ? { ...labels, 'error.type': error_type } : labels;
}
