import { context, type Histogram, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { pino } from 'pino';
import { Counter, Histogram as PromHistogram, Registry } from 'prom-client';
import { METRICS } from '../../../src/framework/worker/observe/metrics/table.js';
import { ACTIVITY_ARN } from '../service/service.js';
import type { Recorded } from './sides.js';
import { makeTracer, meters } from './telemetry.js';

/** Runs one task of a loop, and records what a worker records of it by the calls of a library alone. */
export type Recorder = (
  polledAt: number,
  greet: () => Promise<string>,
  report: (output: string) => Promise<unknown>,
) => Promise<void>;

const HANDLER = 'Hello.hello';
/** The hash of a token. */
const TASK = '5e58a1b2';

function nothing(): Recorder {
  return async (_, greet, report) => void (await report(await greet()));
}

function lines(): Recorder {
  const log = pino(
    {
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    pino.destination({ dest: 1, sync: false, minLength: 4_096 }),
  );
  return async (_, greet, report) => {
    const from = Date.now();
    await report(await greet());
    const ms = Date.now() - from;
    log.info({ handler: HANDLER, activity: ACTIVITY_ARN, task: TASK, ms }, 'task succeeded');
  };
}

/** The four durations that a worker measures of a task, in seconds, and three counts. */
interface Measures {
  count(): void;
  measure(poll: number, handler: number, report: number, whole: number): void;
}

function measured(measures: Measures): Recorder {
  return async (polledAt, greet, report) => {
    const from = Date.now();
    const output = await greet();
    const decided = Date.now();
    await report(output);
    const end = Date.now();
    measures.count();
    measures.measure(
      (from - polledAt) / 1e3,
      (decided - from) / 1e3,
      (end - decided) / 1e3,
      (end - from) / 1e3,
    );
  };
}

const BUCKETS = METRICS['stepwright.task.duration'].buckets;
const COUNTED = { handler: HANDLER, outcome: 'succeeded', error_type: '' };
const ENDED = { handler: HANDLER, outcome: 'succeeded' };
const POLLED = { handler: HANDLER, answer: 'task' };
const OWN = { handler: HANDLER };

function prometheus(): Recorder {
  const registers = [new Registry()];
  const counter = <T extends string>(name: string, labels: Readonly<Record<T, string>>): Counter<T> =>
    new Counter({ name, help: name, labelNames: Object.keys(labels) as T[], registers });
  const histogram = <T extends string>(name: string, labels: Readonly<Record<T, string>>): PromHistogram<T> =>
    new PromHistogram({
      name,
      help: name,
      labelNames: Object.keys(labels) as T[],
      buckets: [...BUCKETS],
      registers,
    });
  const [received, completed, polls] = [
    counter('received', OWN),
    counter('completed', COUNTED),
    counter('polls', POLLED),
  ];
  const [polled, handled] = [histogram('poll', POLLED), histogram('handler', OWN)];
  const [reported, took] = [histogram('report', ENDED), histogram('task', ENDED)];
  return measured({
    count: () => {
      received.inc(OWN);
      completed.inc(COUNTED);
      polls.inc(POLLED);
    },
    measure: (poll, handler, report, whole) => {
      polled.observe(POLLED, poll);
      handled.observe(OWN, handler);
      reported.observe(ENDED, report);
      took.observe(ENDED, whole);
    },
  });
}

function openTelemetryMetrics(): Recorder {
  const meter = meters.getMeter('the floor');
  const histogram = (name: string): Histogram =>
    meter.createHistogram(name, { advice: { explicitBucketBoundaries: [...BUCKETS] } });
  const [received, completed, polls] = ['received', 'completed', 'polls'].map((name) =>
    meter.createCounter(name),
  );
  const [polled, handled, reported, took] = ['poll', 'handler', 'report', 'task'].map(histogram);
  return measured({
    count: () => {
      received?.add(1, OWN);
      completed?.add(1, COUNTED);
      polls?.add(1, POLLED);
    },
    measure: (poll, handler, report, whole) => {
      polled?.record(poll, POLLED);
      handled?.record(handler, OWN);
      reported?.record(report, ENDED);
      took?.record(whole, ENDED);
    },
  });
}

function spans(): Recorder {
  const tracer = makeTracer('the floor');
  return async (polledAt, greet, report) => {
    const startTime = Date.now();
    const attributes = {
      'aws.step_functions.activity.arn': ACTIVITY_ARN,
      'stepwright.handler': HANDLER,
      'stepwright.task': TASK,
    };
    const task = tracer.startSpan(HANDLER, { kind: SpanKind.CONSUMER, startTime, attributes }, ROOT_CONTEXT);
    const inTask = trace.setSpan(ROOT_CONTEXT, task);
    tracer.startSpan('poll', { kind: SpanKind.CLIENT, startTime: polledAt }, inTask).end(startTime);
    const output = await context.with(inTask, greet);
    const reported = tracer.startSpan('report', { kind: SpanKind.CLIENT, startTime: Date.now() }, inTask);
    await report(output);
    const end = Date.now();
    reported.setAttribute('stepwright.report.retries', 0);
    reported.end(end);
    task.setAttribute('stepwright.outcome', 'succeeded');
    task.end(end);
  };
}

export const RECORDERS: Readonly<Record<Recorded, () => Recorder>> = {
  nothing,
  log: lines,
  Prometheus: prometheus,
  'OpenTelemetry metrics': openTelemetryMetrics,
  traces: spans,
};
