/** The metrics of one process, in the form in which prom-client returns them and processes send them to each other. */
export type MetricValues = readonly {
  readonly name: string;
  readonly type: unknown;
  readonly values: readonly { readonly value: number; readonly labels: object }[];
}[];

/**
 * Writes the metrics of several processes as one text, added up. The counters of a process that has exited are kept, so
 * that no sum ever decreases; its gauges are dropped.
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
   * @param ready true if the whole set of processes is ready. No single process knows that.
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
