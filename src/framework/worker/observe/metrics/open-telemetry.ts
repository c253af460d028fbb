import type { Meter } from '@opentelemetry/api';
import type { Clock } from '../../../clock.js';
import type { WorkerStatus } from '../status.js';
import { EventLoopDelay } from './event-loop.js';
import { readGauges } from './gauges.js';
import { type Measured, recordEvents } from './record.js';
import { type Metric, metricsOf } from './table.js';
import { Totals } from './totals.js';

/** Measures a worker with a meter of the app's own, from now on. */
export function measureWithOpenTelemetry(worker: Measured, meter: Meter, clock: Clock): void {
  const totals = countTotals(meter);
  const histograms = new Map(
    metricsOf('histogram').map(([name, metric]) => [
      name as string,
      meter.createHistogram(name, {
        ...shape(metric),
        advice: { explicitBucketBoundaries: [...(metric.buckets ?? [])] },
      }),
    ]),
  );
  recordEvents(worker, {
    add: (counter, labels, by) => totals.add(counter, labels, by),
    record: (histogram, labels, value) => histograms.get(histogram)?.record(value, attributes(labels)),
  });
  observeGauges(worker, meter, clock);
}

function countTotals(meter: Meter): Totals {
  const counters = new Map(
    metricsOf('counter').map(([name, metric]) => [
      name as string,
      meter.createObservableCounter(name, shape(metric)),
    ]),
  );
  const totals = new Totals();
  meter.addBatchObservableCallback(
    (result) => {
      for (const { counter, labels, value } of totals.all()) {
        const instrument = counters.get(counter);
        if (instrument) result.observe(instrument, value, attributes(labels));
      }
    },
    [...counters.values()],
  );
  return totals;
}

function observeGauges(worker: Measured, meter: Meter, clock: Clock): void {
  const gauges = new Map(
    metricsOf('gauge').map(([name, metric]) => [
      name as string,
      meter.createObservableGauge(name, shape(metric)),
    ]),
  );
  const loop = new EventLoopDelay(() => clock.now());
  let status = (): WorkerStatus => worker.status();
  // An SDK repeats the last value that it saw, so it goes on seeing: of a worker that has stopped, that.
  worker.on('state', ({ to }) => {
    if (to !== 'stopped' && to !== 'failed') return;
    const last = worker.status();
    status = () => last;
    loop.stop();
  });
  meter.addBatchObservableCallback(
    (result) => {
      for (const { gauge, labels, value } of readGauges(status(), loop)) {
        const instrument = gauges.get(gauge);
        if (instrument) result.observe(instrument, value, attributes(labels));
      }
    },
    [...gauges.values()],
  );
}

const shape = ({ unit, help }: Metric): { unit: string; description: string } => ({
  unit,
  description: help,
});

/** The semantic conventions name the error's type so; it is absent where there is none. */
function attributes({ error_type, ...labels }: Readonly<Record<string, string>>): Record<string, string> {
  return error_type ? { ...labels, 'error.type': error_type } : labels;
}
