import { metrics, trace } from '@opentelemetry/api';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { IsInt } from 'class-validator';
import { Activity, createWorker, Handle, StartError } from 'stepwright';
import { type FaultPlan, faultPlan } from '../support/faults.js';
import { activity } from '../support/work.js';
import { ARN, createWorld, type World, type WorkerWorld } from '../support/world.js';

/** The secrets that must be nowhere. Each is a word that occurs in nothing else. */
const PLANTED = {
  input: 'plantedinput',
  output: 'plantedoutput',
  environment: 'plantedenvironment',
  key: 'plantedkey',
  password: 'plantedpassword',
  data: 'planteddata',
} as const;
/** The handler's own words on its failure: in the cause, and in the line of the failed task. */
const MESSAGE = 'plantedmessage';

class Collector extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

class Strict {
  @IsInt() amount!: number;
}

@Activity(ARN.replace(/Work$/, 'Strict'))
class StrictActivity {
  @Handle() run(_input: Strict): void {}
}

let world: World;
let faults: FaultPlan;
const exporter = new InMemorySpanExporter();
const reader = new Collector();
beforeEach(async () => {
  faults = faultPlan();
  world = await createWorld({ fault: faults.hook });
  process.env['PLANTED_VARIABLE'] = PLANTED.environment;
});
afterEach(async () => {
  delete process.env['PLANTED_VARIABLE'];
  await world.close();
  trace.disable();
  metrics.disable();
});

/** Every way that a task can go, and trouble with all calls. */
async function everything(): Promise<WorkerWorld> {
  const handle = async (input: unknown): Promise<unknown> => {
    const { way } = input as { way: string };
    if (way === 'throws') throw Object.assign(new RangeError(MESSAGE), { data: PLANTED.data });
    if (way === 'gone') await world.clock.sleep(100_000);
    if (way === 'long') await world.clock.sleep(600_000);
    return { secret: PLANTED.output };
  };
  const endpoint = world.service.url.replace('http://', `http://user:${PLANTED.password}@`);
  const work = world.machine(ARN);
  const strict = world.machine(ARN.replace(/Work$/, 'Strict'));
  const sdk = { credentials: { accessKeyId: PLANTED.key, secretAccessKey: PLANTED.key } };
  const config = { activities: [activity(handle), StrictActivity], endpoint, sdk, healthPort: 0 };
  const w = await world.worker({ ...config, reportLimit: '3s' }, { random: 0.5 });
  const run = (way: string): Promise<string> => world.execute(work, { way, secret: PLANTED.input });
  await run('fine');
  await run('throws');
  await run('long');
  await world.execute(strict, { amount: PLANTED.input });
  const gone = await run('gone');
  await world.clock.advance(10_000);
  await world.client.send(new StopExecutionCommand({ executionArn: gone }));
  await world.clock.advance(30_000);
  faults.always('SendTaskSuccess', { kind: 'status', status: 500 });
  await run('fine');
  await world.clock.advance(10_000);
  faults.always('GetActivityTask', { kind: 'error', error: 'AccessDeniedException' });
  await world.clock.advance(130_000);
  return w;
}

async function pages({ log }: WorkerWorld): Promise<Record<string, string>> {
  const [, url = ''] = log.flatMap(({ msg }) => /Health: (http:\S+)\//.exec(String(msg)) ?? []);
  const texts = ['/', '/live', '/ready', '/metrics', '/status', '/nope'].map(
    async (path) => [path, await (await fetch(url + path)).text()] as const,
  );
  return Object.fromEntries(await Promise.all(texts));
}

const everySpan = (): string =>
  JSON.stringify(
    exporter.getFinishedSpans().map(({ name, attributes, events, status, links }) => ({
      name,
      attributes,
      events,
      status,
      links,
    })),
  );

test('what is secret is in no line, metric, span, page or status', async () => {
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  const w = await everything();
  const { counts } = w.worker.status();
  // It did see all of it.
  expect(counts).toMatchObject({ succeeded: 1, failed: 2, gone: 1, reportsLost: 1 });
  expect(exporter.getFinishedSpans().length).toBeGreaterThan(8);
  const texts: Record<string, string> = {
    ...(await pages(w)),
    log: w.log.map((line) => JSON.stringify(line)).join('\n'),
    spans: everySpan(),
    metrics: JSON.stringify((await reader.collect()).resourceMetrics),
  };
  expect(texts['log']).toContain('task failed');
  const tokens = [...new Set(w.of('task:received').map(({ token }) => token))];
  expect(tokens).toHaveLength(6);
  expect(texts['/status']).toContain('"tasksInFlight":1');
  const [lost] = w.of('report:lost');
  for (const [where, text] of Object.entries(texts)) {
    const found = [...Object.values(PLANTED), ...tokens].filter((secret) => text.includes(secret));
    // The one token that is ever written is that of a lost report: it is what a repair by hand needs.
    expect([where, found]).toEqual([where, where === 'log' ? [lost?.token] : []]);
    // A message of a handler is in the line of its failed task.
    const lines = text.split('\n').filter((line) => line.includes(MESSAGE));
    const messages = lines.map((line) => /"msg":"([^"]+)"/.exec(line)?.[1]);
    expect([where, messages]).toEqual([where, where === 'log' ? ['task failed'] : []]);
  }
  expect(texts['log']?.split(lost?.token ?? '-')).toHaveLength(2);
});

test.each([
  ['sdk', { sdk: PLANTED.key }],
  ['mocks', { mocks: [PLANTED.key] }],
  ['the endpoint', { endpoint: `ftp://user:${PLANTED.key}@example.com` }],
  [
    'the endpoint of a proxy',
    { endpoint: `http://user:${PLANTED.key}@127.0.0.1:1`, activities: ['nowhere/*.js'] },
  ],
] as const)('an error at start does not repeat what may be secret in %s', async (_, config) => {
  const failed: unknown = await createWorker(config as object).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(StartError);
  expect(String(failed)).not.toContain(PLANTED.key);
});
