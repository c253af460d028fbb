import type { Meter } from '@opentelemetry/api';
import type { Clock } from '../../../clock.js';
import type { WorkerStatus } from '../status.js';
import { Cells, CounterCell } from './cells.js';
import { EventLoopDelay } from './event-loop.js';
import { readGauges } from './gauges.js';
import { type Measured, recordEvents } from './record.js';
import { type Metric, metricsOf } from './table.js';

/** Measures a worker with a meter of the app's own, from now on. */
export function measureWithOpenTelemetry(worker: Measured, meter: Meter, clock: Clock): void {
  const counters = makeCounters(meter);
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
    counter: (name, labels) => counters.of(name, labels),
    histogram: (name, labels) => {
      const [histogram, told] = [histograms.get(name), attributes(labels)];
      return { record: (value) => histogram?.record(value, told) };
    },
  });
  observeGauges(worker, meter, clock);
}

/** Counters are handed on when the meter collects; for histograms its API has no such way. */
function makeCounters(meter: Meter): Cells<CounterCell> {
  const instruments = new Map(
    metricsOf('counter').map(([name, metric]) => [
      name as string,
      meter.createObservableCounter(name, shape(metric)),
    ]),
  );
  const cells = new Cells((name: CounterCell['name'], labels) => new CounterCell(name, labels));
  meter.addBatchObservableCallback(
    (result) => {
      for (const { name, labels, value } of cells.all()) {
        const instrument = instruments.get(name);
        if (instrument) result.observe(instrument, value, attributes(labels));
      }
    },
    [...instruments.values()],
  );
  return cells;
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
