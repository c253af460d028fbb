import type { Reading } from './gauges.js';
import { METRICS, type Metric, prometheusName } from './table.js';

/**
 * The metrics of one process as plain data: the form of prom-client's `getMetricsAsJSON`. Processes send it to their
 * parent process.
 */
export type MetricValues = readonly {
  readonly name: string;
  readonly type: unknown;
  readonly values: readonly { readonly value: number; readonly labels: object }[];
}[];

/**
 * Adds up the metrics of several worker processes and writes them as one text. If a process has exited, its counters
 * still count, so that no sum ever decreases. Its gauges no longer count.
 */
export class SummedMetrics {
  #ended: Promise<MetricValues> = Promise.resolve([]);

  /** Keeps the counters and histograms of a process that has exited. */
  keep(last: MetricValues): void {
    const counted = last.filter(({ type }) => type === 'counter' || type === 'histogram');
    this.#ended = this.#ended.then(async (before) => (await sum([before, counted])).getMetricsAsJSON());
  }

  /**
   * Returns the metrics of all processes in Prometheus' text format.
   * @param ofSet what no single process knows. `ready`: true if the worker processes as a whole are ready. `gauges`:
   * gauges that exist once for all of them
   */
  async text(
    running: readonly MetricValues[],
    { ready, gauges = [] }: { readonly ready: boolean; readonly gauges?: readonly Reading[] },
  ): Promise<{ contentType: string; text: string }> {
    const all = running.map((each) => withReady(each, ready));
    const registry = await sum([await this.#ended, ...all, gauges.map(valueOf)]);
    return { contentType: registry.contentType, text: await registry.metrics() };
  }
}

async function sum(all: readonly MetricValues[]) {
  const { AggregatorRegistry } = await import('prom-client');
  return AggregatorRegistry.aggregate([...all]);
}

/** Returns the value of a gauge in the form in which processes send their metrics. */
function valueOf({ gauge, labels, value }: Reading): MetricValues[number] {
  const { help, kind: type, together }: Metric = METRICS[gauge];
  const aggregator = together ?? 'sum';
  const name = prometheusName(gauge, METRICS[gauge]);
  return Object.assign({ name, type, values: [{ labels, value }] }, { help, aggregator });
}

const withReady = (metrics: MetricValues, ready: boolean): MetricValues =>
  metrics.map((metric) =>
    metric.name === 'stepwright_worker_ready'
      ? { ...metric, values: [{ labels: {}, value: Number(ready) }] }
      : metric,
  );
