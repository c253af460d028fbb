// Loaded by Node before a worker, as an app loads its own: the OpenTelemetry SDK, with all that exporting does but the
// way to a collector. What listens is named in BENCH_TELEMETRY: `metrics`, `traces`, `context`.
import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

type Told = (result: { code: number }) => void;

/** Takes what it is given, and drops it. */
const nowhere = {
  export: (_: unknown, told: Told): void => told({ code: 0 }),
  selectAggregationTemporality: (): AggregationTemporality => AggregationTemporality.CUMULATIVE,
  forceFlush: async (): Promise<void> => {},
  shutdown: async (): Promise<void> => {},
};

/** A short interval of Prometheus's scrapes. Spans are exported at the SDK's default. */
const EXPORT_MS = 1_000;

const listens = (process.env['BENCH_TELEMETRY'] ?? '').split(',');
if (listens.includes('metrics'))
  metrics.setGlobalMeterProvider(
    new MeterProvider({
      readers: [
        new PeriodicExportingMetricReader({
          exporter: nowhere,
          exportIntervalMillis: EXPORT_MS,
          exportTimeoutMillis: EXPORT_MS,
        }),
      ],
    }),
  );
if (listens.includes('traces'))
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(nowhere)] }),
  );
if (listens.includes('context'))
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
