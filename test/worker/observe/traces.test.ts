import {
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapPropagator,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SamplingDecision,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ActivityFailure, type Config } from 'stepwright';
import { type DependencyContainer, Lifecycle } from 'tsyringe';
import { type FaultPlan, faultPlan } from '../../support/faults.js';
import { activity, holding } from '../../support/work.js';
import { ARN, createWorld, type World, type WorkerWorld } from '../../support/world.js';

const PARENT = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };

/** What an SDK registers for W3C's header, as far as these tests need it. */
const propagator: TextMapPropagator = {
  fields: () => ['traceparent'],
  inject: () => {},
  extract: (from, carrier, getter) => {
    const [, traceId, spanId] = String(getter.get(carrier, 'traceparent')).split('-');
    return traceId && spanId ? trace.setSpanContext(from, { traceId, spanId, traceFlags: 1 }) : from;
  },
};

let world: World;
let faults: FaultPlan;
let exporter: InMemorySpanExporter;
const inHandler: (Span | undefined)[] = [];
/** What they said of themselves then. */
const inHandlerAt: object[] = [];
beforeEach(async () => {
  faults = faultPlan();
  world = await createWorld({ fault: faults.hook });
  exporter = new InMemorySpanExporter();
  inHandler.length = inHandlerAt.length = 0;
});
afterEach(async () => {
  await world.close();
  trace.disable();
  context.disable();
  propagation.disable();
});

function register(): void {
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(propagator);
}

async function ran(input: unknown, config: Config = {}): Promise<WorkerWorld> {
  const handle = async (given: unknown): Promise<unknown> => {
    const span = trace.getActiveSpan();
    inHandler.push(span);
    inHandlerAt.push({ ...(span as Partial<ReadableSpan> | undefined)?.attributes });
    await world.clock.sleep(1_000);
    if (given === 'fail') throw new ActivityFailure('PaymentDeclined', 'a secret of the customer');
    return given;
  };
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [activity(handle)], ...config }, { random: 0.5 });
  await world.clock.advance(2_000);
  await world.execute(machine, input);
  await world.clock.advance(6_000);
  return w;
}

const ms = ([seconds, nanos]: [number, number]): number => seconds * 1e3 + nanos / 1e6;
const lasted = ({ startTime, endTime }: ReadableSpan): number => Math.round(ms(endTime) - ms(startTime));
const spans = (): Record<string, ReadableSpan> =>
  Object.fromEntries(exporter.getFinishedSpans().map((span) => [span.name, span]));

test('a task is a span that begins with its receipt, and its report is a child of it', async () => {
  register();
  faults.once('SendTaskSuccess', { kind: 'status', status: 500 });
  const w = await ran('fine');
  const { 'Work.run': task, report } = spans();
  // Nothing of a trace begins before its task: the poll had waited, which is an attribute.
  expect(exporter.getFinishedSpans()).toHaveLength(2);
  expect(task).toMatchObject({
    kind: SpanKind.CONSUMER,
    status: { code: SpanStatusCode.UNSET },
    attributes: {
      'aws.step_functions.activity.arn': ARN,
      'stepwright.handler': 'Work.run',
      'stepwright.task': expect.stringMatching(/^[0-9a-f]{8}$/),
      'stepwright.outcome': 'succeeded',
      'stepwright.poll.open_ms': 2_000,
    },
    links: [],
    parentSpanContext: undefined,
  });
  const below = { parentSpanContext: { spanId: task?.spanContext().spanId }, kind: SpanKind.CLIENT };
  expect(report).toMatchObject({ ...below, attributes: { 'stepwright.report.retries': 1 } });
  // The handler slept a second, and the report was made twice.
  expect(report && lasted(report)).toBe(100);
  expect(task && lasted(task)).toBe(1_100);
  expect(inHandler[0]?.spanContext()).toEqual(task?.spanContext());
  expect(w.worker.status().counts.succeeded).toBe(1);
});

test("a failure's name is the status, and its message is nowhere", async () => {
  register();
  await ran('fail');
  const { 'Work.run': task } = spans();
  expect(task).toMatchObject({
    status: { code: SpanStatusCode.ERROR, message: 'PaymentDeclined' },
    attributes: { 'error.type': 'PaymentDeclined', 'stepwright.outcome': 'failed' },
  });
  const shown = exporter.getFinishedSpans().map(({ name, attributes, status, events }) => ({
    name,
    attributes,
    status,
    events,
  }));
  expect(JSON.stringify(shown)).not.toContain('secret');
});

const header = { traceparent: `00-${PARENT.traceId}-${PARENT.spanId}-01` };
const read = (input: unknown): Record<string, unknown> | undefined =>
  (input as { trace?: Record<string, unknown> }).trace;

test('a deferred task is a span without an error, and without a report', async () => {
  register();
  const machine = world.machine(ARN);
  await world.worker({ activities: [activity((_, task) => task.defer())] }, { random: 0.5 });
  await world.clock.advance(2_000);
  await world.execute(machine, {});
  await world.clock.advance(2_000);
  const { 'Work.run': task, report } = spans();
  expect(task?.attributes['stepwright.outcome']).toBe('deferred');
  expect(task?.status).toEqual({ code: SpanStatusCode.UNSET });
  expect(report).toBeUndefined();
});

test('a trace that the input carries is linked, or is the parent where that is asked for', async () => {
  register();
  await ran({ trace: header }, { traceContext: read });
  expect(spans()['Work.run']).toMatchObject({ links: [{ context: PARENT }], parentSpanContext: undefined });
  exporter.reset();
  await world.close();
  world = await createWorld({ fault: faults.hook });
  await ran({ trace: header }, { traceContext: { read, as: 'parent' } });
  const { 'Work.run': task } = spans();
  expect(task?.parentSpanContext).toMatchObject(PARENT);
  expect(task?.spanContext().traceId).toBe(PARENT.traceId);
});

test.each([
  ['no trace', () => undefined],
  ['a broken one', () => ({ traceparent: 'planted' })],
  [
    'a throw',
    (): never => {
      throw new Error('planted');
    },
  ],
])('%s in the input costs no task', async (_, traceContext) => {
  register();
  const w = await ran('fine', { traceContext });
  expect(w.worker.status().counts.succeeded).toBe(1);
  expect(spans()['Work.run']?.links).toEqual([]);
  expect(JSON.stringify(w.log)).not.toContain('planted');
});

test('lines of a handler name its span, and an exporter that throws costs no task', async () => {
  register();
  const processor = {
    onStart: () => {},
    onEnd: (): never => {
      throw new Error('exporter');
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  trace.disable();
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
  const w = await ran('fine');
  expect(w.worker.status().counts.succeeded).toBe(1);
  expect(w.log.filter(({ msg }) => String(msg).includes('a span is lost')).length).toBeGreaterThan(0);
});

test('what can not be told of one task costs no other its spans, nor the task of a report its own', async () => {
  const ends: string[] = [];
  let reports = 0;
  const processor = {
    onStart: () => {},
    onEnd: ({ name }: ReadableSpan): void => {
      if (name === 'report' && ++reports === 2) throw new Error('exporter');
      ends.push(name);
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
  const { type, held } = holding({ concurrency: 3, pollers: 3 });
  const w = await world.worker({ activities: [type] });
  await Promise.all([1, 2, 3].map((n) => world.execute(world.machine(ARN), n)));
  await world.clock.settle(() => held.length === 3);
  for (const { succeed } of held) succeed('fine');
  await world.clock.settle(() => w.worker.status().counts.succeeded === 3);
  await world.clock.settle(() => ends.length >= 5);
  const many = (name: string): number => ends.filter((each) => each === name).length;
  expect([many('report'), ends.length]).toEqual([2, 5]);
  expect(w.log.filter(({ msg }) => String(msg).includes('a span is lost'))).toHaveLength(1);
});

test('a sampler is given the activity, and a processor finds the names of the task once it has begun', async () => {
  const given: unknown[] = [];
  const sampler = {
    shouldSample: (_: unknown, __: string, name: string, ___: SpanKind, attributes: object) => {
      if (name === 'Work.run') given.push(attributes);
      return { decision: SamplingDecision.RECORD_AND_SAMPLED };
    },
    toString: () => 'all',
  };
  register();
  trace.disable();
  const processor = new SimpleSpanProcessor(exporter);
  trace.setGlobalTracerProvider(new BasicTracerProvider({ sampler, spanProcessors: [processor] }));
  await ran('fine');
  expect(given).toEqual([{ 'aws.step_functions.activity.arn': ARN }]);
  expect(inHandlerAt[0]).toMatchObject({
    'stepwright.handler': 'Work.run',
    'stepwright.task': expect.any(String),
  });
});

test('when what the app has made is disposed of, its SDK has every span', async () => {
  register();
  const told: string[][] = [];
  class Sdk {
    dispose(): void {
      told.push(exporter.getFinishedSpans().map(({ name }) => name));
    }
  }
  const setup = (container: DependencyContainer): void => {
    container.register(Sdk, Sdk, { lifecycle: Lifecycle.ContainerScoped });
    container.resolve(Sdk);
  };
  const { type, held } = holding();
  const w = await world.worker({ activities: [type], setup, grace: '100s' });
  await world.execute(world.machine(ARN));
  await world.clock.settle(() => held.length === 1);
  const stopped = w.worker.stop();
  await world.clock.advance(70_000);
  held[0]?.succeed('fine');
  await world.clock.settle(() => told.length === 1);
  await stopped;
  // Children come before what they are below.
  expect(told).toEqual([['report', expect.stringContaining('.')]]);
});

test('the spans of a task are told before its listeners are, also of a worker that stops', async () => {
  register();
  const { type, held } = holding();
  const w = await world.worker({ activities: [type] });
  await world.execute(world.machine(ARN));
  await world.clock.settle(() => held.length === 1);
  const told: number[] = [];
  const many = (): number => told.push(exporter.getFinishedSpans().length);
  w.worker.on('task:succeeded', () => {
    many();
    void w.worker.stop();
    many();
  });
  held[0]?.succeed('fine');
  await world.clock.settle(() => told.length === 2);
  expect(told).toEqual([2, 2]);
});

test('of a task that the app does not sample nothing more is told', async () => {
  const asked: string[] = [];
  const sampler = {
    shouldSample: (_: unknown, __: string, name: string) => {
      asked.push(name);
      return { decision: SamplingDecision.NOT_RECORD };
    },
    toString: () => 'none',
  };
  trace.setGlobalTracerProvider(new BasicTracerProvider({ sampler }));
  const w = await ran('fine');
  expect(w.worker.status().counts.succeeded).toBe(1);
  expect(asked).toEqual(['Work.run']);
});

test('without an app that listens there is no span, and the handler runs in none', async () => {
  await ran('fine');
  expect(inHandler).toEqual([undefined]);
});
