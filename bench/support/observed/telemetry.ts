import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Recorded } from './sides.js';

type Told = (result: { code: number }) => void;

/** Takes what it is given, and drops it. */
const nowhere = {
  export: (_: unknown, told: Told): void => told({ code: 0 }),
  selectAggregationTemporality: (): AggregationTemporality => AggregationTemporality.CUMULATIVE,
  forceFlush: async (): Promise<void> => {},
  shutdown: async (): Promise<void> => {},
};

/** Longer than a run: a collection belongs to no task. Spans are exported at the SDK's default. */
const EXPORT_MS = 3_600_000;

/** The providers of an app: the OpenTelemetry SDK, with all that exporting does but the way to a collector. */
export const meters = new MeterProvider({
  readers: [
    new PeriodicExportingMetricReader({
      exporter: nowhere,
      exportIntervalMillis: EXPORT_MS,
      exportTimeoutMillis: EXPORT_MS,
    }),
  ],
});
let exported = 0;
const counted = {
  ...nowhere,
  export: (spans: readonly unknown[], told: Told): void => {
    exported += spans.length;
    told({ code: 0 });
  },
};
const spans = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(counted)] });

/** Exports what has ended. @returns the number of spans that were exported so far */
export async function exportedSpans(): Promise<number> {
  await spans.forceFlush();
  return exported;
}

const manager = new AsyncLocalStorageContextManager();
context.setGlobalContextManager(manager.enable());

/** From now on code that runs in a context enables the context manager again. */
export const disableContexts = (): void => void manager.disable();

/** Makes the SDK's tracer, which a worker would find only if its provider was registered. */
export const makeTracer = (name: string): ReturnType<typeof spans.getTracer> => spans.getTracer(name);

/** Runs `fn` while the app has registered a provider, if one is needed: only a worker that starts meanwhile finds it. */
export async function registered(what: Recorded, fn: () => Promise<void>): Promise<void> {
  if (what === 'OpenTelemetry metrics') metrics.setGlobalMeterProvider(meters);
  if (what === 'traces') trace.setGlobalTracerProvider(spans);
  await fn();
  metrics.disable();
  trace.disable();
}
