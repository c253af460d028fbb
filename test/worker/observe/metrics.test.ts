import { resolve } from 'node:path';
import { metrics } from '@opentelemetry/api';
import { DataPointType, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, expect, test } from '@jest/globals';
import * as newer from 'otel-api-next';
import {
  Activity,
  ActivityFailure,
  createLog,
  Handle,
  Idempotent,
  StoreError,
  type TaskContext,
} from 'stepwright';
import { STORE_USES } from '../../../src/framework/base/store.js';
import { ErrorTypes, MOST_ERROR_TYPES } from '../../../src/framework/worker/observe/metrics/record.js';
import { memoryStore } from '../../../src/framework/worker/keep/memory.js';
import { METRICS, type Metric, prometheusName } from '../../../src/framework/worker/observe/metrics/table.js';
import { openTelemetry } from '../../../src/framework/worker/observe/open-telemetry/telemetry.js';
import { activity } from '../../support/work.js';
import { ARN, useWorld, type WorkerWorld } from '../../support/world.js';

/** Where all copies of the API in a process meet. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');

class Collector extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

const world = useWorld();
const { faults } = world;
afterEach(() => {
  metrics.disable();
});

/** What `/metrics` shows: each sample's value by its name and labels. */
async function scrape({ log }: WorkerWorld): Promise<Map<string, number>> {
  const [, url = ''] = log.flatMap(({ msg }) => /Health: (http:\S+)\//.exec(String(msg)) ?? []);
  const answer = await fetch(`${url}/metrics`);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(/ (\S+)$/.exec(line)?.[1])]));
}

/** A worker whose tasks end in each way there is: one fails, one is gone, one is lost, and the last succeeds. */
async function eventful(): Promise<WorkerWorld> {
  const handle = async (input: unknown): Promise<unknown> => {
    if (input === 'fail') throw new ActivityFailure('PaymentDeclined', 'no');
    if (input === 'gone') await world.clock.sleep(100_000);
    if (input === 'slow') await world.clock.sleep(2_000);
    return input;
  };
  const machine = world.machine(ARN);
  faults.once('GetActivityTask', { kind: 'answer-lost' }, { kind: 'error', error: 'ThrottlingException' });
  const outbox = { store: memoryStore() };
  const config = {
    activities: [activity(handle)],
    healthPort: 0,
    reportLimit: '10s',
    outbox,
    deferred: outbox,
  };
  const w = await world.worker(config, { random: 0.5 });
  await world.execute(machine, 'never arrives');
  await world.clock.advance(10_000);
  const gone = await world.execute(machine, 'gone');
  await world.execute(machine, 'fail');
  await world.execute(machine, 'slow');
  await world.clock.advance(5_000);
  await world.client.send(new StopExecutionCommand({ executionArn: gone }));
  await world.clock.advance(60_000);
  faults.always('SendTaskSuccess', { kind: 'status', status: 500 });
  await world.execute(machine, 'lost');
  await world.clock.advance(30_000);
  return w;
}

test('/metrics has every metric, with no set-up, and the right values', async () => {
  const w = await eventful();
  const samples = await scrape(w);
  const names = Object.entries<Metric>(METRICS).map(([name, metric]) =>
    metric.kind === 'histogram' ? `${prometheusName(name, metric)}_count` : prometheusName(name, metric),
  );
  const shown = new Set([...samples.keys()].map((key) => key.replace(/\{.*/, '')));
  expect(names.filter((name) => !shown.has(name))).toEqual([]);
  const of = (name: string, labels: string): number | undefined =>
    samples.get(`stepwright_${name}{handler="Work.run"${labels}}`);
  expect(of('tasks_received_total', '')).toBe(4);
  expect(of('tasks_completed_total', ',outcome="succeeded",error_type=""')).toBe(1);
  expect(of('tasks_completed_total', ',outcome="failed",error_type="PaymentDeclined"')).toBe(1);
  expect(of('tasks_completed_total', ',outcome="gone",error_type=""')).toBe(1);
  expect(of('tasks_completed_total', ',outcome="lost",error_type=""')).toBe(1);
  expect(of('slots_limit', '')).toBe(10);
  expect(of('polls_failed_total', ',trouble="throttled"')).toBe(1);
  expect(of('polls_failed_total', ',trouble="unreachable"')).toBe(1);
  expect(of('tokens_possibly_lost_total', '')).toBe(1);
  expect(of('task_duration_seconds_sum', ',outcome="succeeded"')).toBeCloseTo(2, 1);
  // The one that is gone sleeps on.
  expect(of('handler_duration_seconds_count', '')).toBe(3);
  expect(samples.get('stepwright_worker_state{state="running"}')).toBe(1);
  expect(samples.get('stepwright_worker_ready')).toBe(1);
  expect(samples.get('stepwright_heartbeat_lateness_seconds_count')).toBeGreaterThan(0);
});

test('each time that a store begins to fail is counted by its use, once', async () => {
  const down = (): Promise<never> => Promise.reject(new StoreError('unavailable', 'no answer'));
  const store = Object.assign(memoryStore(), {
    uri: 'memory:',
    put: down,
    putIfAbsent: down,
    get: down,
    list: down,
  });
  const once = Idempotent({ store, key: () => 'work' });
  const handle = async (_: unknown, task: TaskContext): Promise<unknown> => {
    await task.checkpoint.load().catch(() => {});
    await task.defer({ id: 'work' }).catch(() => {});
    return 'x'.repeat(2_000);
  };
  const large = activity(handle, { checkpoint: { store, key: () => 'work' } });
  @Activity(`${ARN}2`, { interceptors: [once] })
  class Once {
    @Handle() run(): void {}
  }
  const w = await world.worker({
    activities: [large, Once],
    healthPort: 0,
    outbox: { store },
    deferred: { store },
    payloads: { store, above: '1KB' },
  });
  for (const arn of [ARN, `${ARN}2`]) await world.execute(world.machine(arn), {});
  await world.clock.advance(200_000);
  const samples = await scrape(w);
  const of = (use: string): number | undefined => samples.get(`stepwright_stores_failed_total{use="${use}"}`);
  expect(STORE_USES.map((use) => [use, of(use)])).toEqual([
    // Reads and writes.
    ['payloads', 1],
    ['outbox', 2],
    ['checkpoint', 1],
    ['idempotent', 1],
    ['deferred', 1],
  ]);
});

test('what was never counted is 0 from the first scrape on, so that its first step is seen', async () => {
  world.machine(ARN);
  const w = await world.worker({ activities: [activity(() => 1)], healthPort: 0 });
  const samples = await scrape(w);
  for (const shown of [
    'tasks_completed_total{handler="Work.run",outcome="lost",error_type=""}',
    'tokens_possibly_lost_total{handler="Work.run"}',
  ])
    expect(samples.get(`stepwright_${shown}`)).toBe(0);
  const refused = 'stepwright_polls_failed_total{handler="Work.run",trouble="refused"}';
  expect(samples.get(refused)).toBe(0);
});

test('an app with the OpenTelemetry SDK exports the same instruments, in seconds, and the last state when it has stopped', async () => {
  const reader = new Collector();
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  const w = await eventful();
  const { resourceMetrics, errors } = await reader.collect();
  expect(errors).toEqual([]);
  const [scope] = resourceMetrics.scopeMetrics;
  expect(scope?.scope.name).toBe('stepwright');
  const found = new Map(scope?.metrics.map((metric) => [metric.descriptor.name, metric]));
  expect(Object.keys(METRICS).filter((name) => !found.has(name))).toEqual([]);
  for (const [name, { descriptor }] of found)
    expect(descriptor.unit).toBe(Object.entries<Metric>(METRICS).find(([each]) => each === name)?.[1].unit);
  // Exporters to Prometheus append `_ratio` to a gauge of the unit 1: alerts would wait for another name.
  expect([...found.values()].filter(({ descriptor }) => descriptor.unit === '1')).toEqual([]);
  expect(found.get('stepwright.tasks.completed')?.dataPoints).toContainEqual(
    expect.objectContaining({
      attributes: { handler: 'Work.run', outcome: 'failed', 'error.type': 'PaymentDeclined' },
      value: 1,
    }),
  );
  const durations = found.get('stepwright.task.duration');
  expect(durations?.dataPointType).toBe(DataPointType.HISTOGRAM);
  // The same run at /metrics has the same counts.
  const samples = await scrape(w);
  expect(samples.get('stepwright_task_duration_seconds_count{handler="Work.run",outcome="gone"}')).toBe(1);
  // And the same buckets, the SDK's as it counts them itself.
  for (const { descriptor, dataPoints } of found.values())
    for (const { attributes, value } of dataPoints) {
      if (typeof value === 'number' || !('buckets' in value)) continue;
      const labels = Object.entries(attributes).map(([name, text]) => `${name}="${String(text)}"`);
      const cumulated = value.buckets.counts.map((_, n, each) =>
        each.slice(0, n + 1).reduce((sum, count) => sum + count, 0),
      );
      const shown = [...value.buckets.boundaries, '+Inf'].map((le) =>
        samples.get(
          `${descriptor.name.replaceAll('.', '_')}_seconds_bucket{${[`le="${le}"`, ...labels].join(',')}}`,
        ),
      );
      expect(shown).toEqual(cumulated);
    }
  const stopped = w.worker.stop();
  world.service.endPolls();
  for (let n = 0; n < 10 && w.worker.status().state !== 'stopped'; n++) await world.clock.advance(20_000);
  await stopped;
  const after = await reader.collect();
  const states = after.resourceMetrics.scopeMetrics
    .flatMap(({ metrics }) => metrics)
    .find(({ descriptor }) => descriptor.name === 'stepwright.worker.state');
  expect(states?.dataPoints.filter(({ value }) => value === 1)).toMatchObject([
    { attributes: { state: 'stopped' } },
  ]);
});

test('however many tasks there are between two exports, none is missing', async () => {
  const reader = new Collector();
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [activity(() => 1, { concurrency: 50 })] });
  const TASKS = 150;
  await Promise.all(Array.from({ length: TASKS }, () => world.execute(machine)));
  // However long that takes on a busy machine.
  while (w.of('task:succeeded').length < TASKS) await world.clock.settle();
  const { resourceMetrics } = await reader.collect();
  const found = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  const durations = found.find(({ descriptor }) => descriptor.name === 'stepwright.handler.duration');
  expect(durations?.dataPoints).toMatchObject([{ value: { count: TASKS } }]);
});

test('where no copy of the API reaches what the app has registered, a line says so; where its own does, none', async () => {
  const lines: string[] = [];
  const log = createLog({ destination: { write: (line) => void lines.push(line) } });
  expect(openTelemetry(resolve('.'), log)).toBeUndefined();
  metrics.setGlobalMeterProvider(new MeterProvider());
  expect(openTelemetry(resolve('.'), log)).toMatchObject({ metrics: true, trace: false });
  expect(lines).toEqual([]);
  // An app on an older API than ours: what ours would record is dropped without a word by the API itself.
  const global = Reflect.get(globalThis, REGISTERED) as { version: string };
  const { version } = global;
  try {
    global.version = '1.8.0';
    expect(openTelemetry(resolve('.'), log)).toBeUndefined();
    expect(lines).toEqual([expect.stringMatching(/"level":"warn".*"registered":"1\.8\.0".*npm dedupe/)]);
  } finally {
    global.version = version;
  }
});

test('an app on a newer API than ours is heard as well', async () => {
  // The API of 1.10 registers; the copy that is found from here is 1.9.
  Reflect.deleteProperty(globalThis, REGISTERED);
  const provider = new MeterProvider();
  expect(newer.metrics.setGlobalMeterProvider(provider as unknown as newer.MeterProvider)).toBe(true);
  expect(Reflect.get(globalThis, REGISTERED)).toMatchObject({ version: expect.stringMatching(/^1\.10\./) });
  try {
    expect(openTelemetry(resolve('.'), createLog({ level: 'silent' }))?.api.metrics.getMeterProvider()).toBe(
      provider,
    );
  } finally {
    Reflect.deleteProperty(globalThis, REGISTERED);
  }
});

test('names of errors are few, and never a text with data in it', () => {
  const types = new ErrorTypes();
  expect(types.bounded('A.b', 'user 4711 is not known')).toBe('other');
  expect(types.bounded('A.b', 'x'.repeat(65))).toBe('other');
  for (let n = 0; n < MOST_ERROR_TYPES; n++) expect(types.bounded('A.b', `E${n}`)).toBe(`E${n}`);
  expect(types.bounded('A.b', 'OneMore')).toBe('other');
  expect(types.bounded('A.b', 'E7')).toBe('E7');
  expect(types.bounded('B.c', 'OneMore')).toBe('OneMore');
});
