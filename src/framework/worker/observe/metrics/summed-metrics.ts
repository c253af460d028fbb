/** The metrics of one process, as prom-client returns them and as they are sent between processes. */
export type MetricValues = readonly {
  readonly name: string;
  readonly type: unknown;
  readonly values: readonly { readonly value: number; readonly labels: object }[];
}[];

/**
 * Writes the metrics of several processes as one text. The counters of a process that has exited are kept, so that no
 * sum ever falls; its gauges are dropped.
 */
export class SummedMetrics {
  #ended: Promise<MetricValues> = Promise.resolve([]);

  /** Keeps the counters and histograms of a process that has exited. */
  keep(last: MetricValues): void {
    const counted = last.filter(({ type }) => type === 'counter' || type === 'histogram');
    this.#ended = this.#ended.then(async (before) => (await sum([before, counted])).getMetricsAsJSON());
  }

  /**
   * Returns the metrics of all processes as Prometheus' text.
   * @param ready the readiness of the set, which no single process knows
   */
  async text(
    running: readonly MetricValues[],
    ready: boolean,
  ): Promise<{ contentType: string; text: string }> {
    const registry = await sum([await this.#ended, ...running.map((each) => withReady(each, ready))]);
    return { contentType: registry.contentType, text: await registry.metrics() };
  }
}

async function sum(all: readonly MetricValues[]) {
  const { AggregatorRegistry } = await import('prom-client');
  return AggregatorRegistry.aggregate([...all]);
}

const withReady = (metrics: MetricValues, ready: boolean): MetricValues =>
  metrics.map((metric) =>
    metric.name === 'stepwright_worker_ready'
      ? { ...metric, values: [{ labels: {}, value: Number(ready) }] }
      : metric,
  );
