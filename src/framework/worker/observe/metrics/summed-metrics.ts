/** The metrics of one process, as prom-client hands them over and as they are sent to another process. */
export type MetricValues = readonly {
  readonly name: string;
  readonly type: unknown;
  readonly values: readonly { readonly value: number; readonly labels: object }[];
}[];

/**
 * The metrics of several processes as one text. What an ended one has counted stays counted, so that no sum ever falls;
 * what it measured of the moment is gone with it.
 */
export class SummedMetrics {
  #ended: Promise<MetricValues> = Promise.resolve([]);

  /** Takes in the last that was heard of a process which has ended. */
  keep(last: MetricValues): void {
    const counted = last.filter(({ type }) => type === 'counter' || type === 'histogram');
    this.#ended = this.#ended.then(async (before) => (await sum([before, counted])).getMetricsAsJSON());
  }

  /** @param ready whether the set is, which no single process knows. */
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
