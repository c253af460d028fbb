import type { Attributes, Histogram as OpenTelemetryHistogram, Meter } from '@opentelemetry/api';
import type { Clock } from '../../../base/time/clock.js';
import type { WorkerStatus } from '../../../base/worker-status.js';
import { Cells, CounterCell, recordEvents } from './record.js';
import { EventLoopDelay, readGauges } from './gauges.js';
import type { ObservedWorker } from '../worker-events.js';
import { type Histogram, type HistogramName, type Labels, type Metric, metricsOf } from './table.js';

/** From now on, records a worker's metrics with the app's OpenTelemetry meter. */
export function measureWithOpenTelemetry(worker: ObservedWorker, meter: Meter, clock: Clock): void {
  const counters = new Cells((name: CounterCell['name'], labels) => new CounterCell(name, labels));
  const histograms = new Map(
    metricsOf('histogram').map(([name, metric]) => [
      name as string,
      meter.createHistogram(name, {
        ...shape(metric),
        advice: { explicitBucketBoundaries: [...(metric.buckets ?? [])] },
      }),
    ]),
  );
  const values = new Cells(
    (name: HistogramName, labels) => new WaitingValues(name, labels, histograms.get(name)),
  );
  recordEvents(worker, {
    counter: (name, labels) => counters.of(name, labels),
    histogram: (name, labels) => values.of(name, labels),
  });
  observeCounters(counters, meter, () => {
    for (const each of values.all()) each.handOn();
  });
  observeGauges(worker, meter, clock);
}

/** Values of a histogram are passed to the OpenTelemetry SDK in groups of this many. */
const TOGETHER = 128;

/**
 * The values of one histogram that wait to be passed to the OpenTelemetry SDK, which takes a third of the time for many
 * at once.
 */
class WaitingValues implements Histogram {
  readonly #values = new Float64Array(TOGETHER);
  readonly #histogram: OpenTelemetryHistogram | undefined;
  readonly #attributes: Attributes;
  #count = 0;

  constructor(
    readonly name: HistogramName,
    readonly labels: Labels,
    histogram: OpenTelemetryHistogram | undefined,
  ) {
    this.#histogram = histogram;
    this.#attributes = attributes(labels);
  }

  record(value: number): void {
    this.#values[this.#count++] = value;
    if (this.#count === TOGETHER) this.handOn();
  }

  handOn(): void {
    const count = this.#count;
    this.#count = 0;
    for (let i = 0; i < count; i++) this.#histogram?.record(this.#values[i] as number, this.#attributes);
  }
}

/**
 * Registers the counters with the SDK, which then reads them each time that it collects metrics.
 * @param onCollect called first in each collection, before the SDK reads any value
 */
function observeCounters(counters: Cells<CounterCell>, meter: Meter, onCollect: () => void): void {
  const instruments = new Map(
    metricsOf('counter').map(([name, metric]) => [
      name as string,
      meter.createObservableCounter(name, shape(metric)),
    ]),
  );
  meter.addBatchObservableCallback(
    (result) => {
      onCollect();
      for (const { name, labels, value } of counters.all()) {
        const instrument = instruments.get(name);
        if (instrument) result.observe(instrument, value, attributes(labels));
      }
    },
    [...instruments.values()],
  );
}

function observeGauges(worker: ObservedWorker, meter: Meter, clock: Clock): void {
  const gauges = new Map(
    metricsOf('gauge').map(([name, metric]) => [
      name as string,
      meter.createObservableGauge(name, shape(metric)),
    ]),
  );
  const loop = new EventLoopDelay(() => clock.now());
  let status = (): WorkerStatus => worker.status();
  // An SDK repeats the last value of a gauge, so a stopped worker keeps returning its last values.
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

/**
 * Returns a metric's labels with the attribute names of OpenTelemetry's semantic conventions. If the label for the
 * error type is empty, it is left out.
 */
function attributes({ error_type, ...labels }: Readonly<Record<string, string>>): Record<string, string> {
  return error_type ? { ...labels, 'error.type': error_type } : labels;
}
