import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { ActivityMetrics } from '../../../src/framework/aws/queries/activity-metrics.js';
import { type CloudWatchSdk, loadCloudWatch } from '../../../src/framework/aws/sdk/load-cloudwatch.js';
import { MINUTE_MS } from '../../../src/framework/cli/scale/backlog.js';
import {
  type FleetEstimate,
  FleetScaler,
  type ScalerWorld,
} from '../../../src/framework/cli/scale/fleet-scaler.js';
import { answerScale } from '../../../src/framework/cli/scale/pages.js';
import { readWorkers, seenIn, WorkersUnknown } from '../../../src/framework/cli/scale/worker-statuses.js';
import { systemClock } from '../../../src/framework/base/time/clock.js';
import { HandClock } from '../../../src/framework/testing/index.js';
import { servePages } from '../../../src/framework/worker/health/page-server.js';
import { publicStatus } from '../../../src/framework/worker/health/health-pages.js';
import { silentLog } from '../../../src/framework/base/log/log.js';
import { killAll, stepwright } from '../../support/cli.js';
import { sample, THOROUGH } from '../../support/thorough.js';
import { type Held, holding } from '../../support/work.js';
import { ARN, createWorld, type World, type WorkerWorld } from '../../support/world.js';

type Metrics = ScalerWorld['metrics'];

/** CloudWatch in this process, for where there is no other. */
function standIn(): { metrics: Metrics; put: (name: string, at: number, sum: number) => Promise<void> } {
  const points = new Map<string, { at: number; sum: number }[]>();
  const published = new Map<string, number[]>();
  const of = (name: string) => points.get(name) ?? [];
  return {
    put: async (name, at, sum) => void points.set(name, [...of(name), { at, sum }]),
    metrics: {
      counts: async () => [{ scheduled: of('ActivitiesScheduled'), started: of('ActivitiesStarted') }],
      runMs: async () => [undefined],
      greatest: async (metrics) =>
        metrics.map(({ name }) =>
          published.has(name) ? Math.max(...(published.get(name) ?? [])) : undefined,
        ),
      publish: async (values) => {
        for (const { name, value } of values) published.set(name, [...(published.get(name) ?? []), value]);
      },
    },
  };
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

/** Moto, a CloudWatch that is not ours: python3-moto with its server. Undefined where it is not installed. */
async function startMoto(): Promise<{ url: string; stop: () => void } | undefined> {
  const port = await freePort();
  const child = spawn('python3', ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
    stdio: 'ignore',
  });
  const state = { ended: false };
  child.on('exit', () => (state.ended = true));
  child.on('error', () => (state.ended = true));
  const url = `http://127.0.0.1:${port}`;
  for (let i = 0; i < 300 && !state.ended; i++) {
    if (
      await fetch(url).then(
        () => true,
        () => false,
      )
    )
      return { url, stop: () => child.kill() };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill();
  return undefined;
}

const isInstalled = (): boolean => {
  try {
    loadCloudWatch();
    return true;
  } catch {
    return false;
  }
};

/** The numbers of a generator with this seed, each from 0 to below 1. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface TrueTask {
  readonly execution: string;
  readonly scheduledAt: number;
  startedAt?: number;
  stoppedAt?: number;
}

/** Late by this much CloudWatch may be: a minute, three minutes after its end, and the interval at which it is asked. */
const LATE_MS = 4 * MINUTE_MS + 20_000;

class Trial {
  readonly tasks: TrueTask[] = [];
  readonly workers: { world: WorkerWorld; held: Held[] }[] = [];
  scaler: FleetScaler;
  #published = 0;

  constructor(
    readonly world: World,
    readonly machine: string,
    readonly metrics: Metrics,
    readonly put: (name: string, at: number, sum: number) => Promise<void>,
    readonly random: () => number,
  ) {
    this.#published = Math.floor(world.clock.now() / MINUTE_MS) * MINUTE_MS;
    this.scaler = this.makeScaler();
  }

  makeScaler(): FleetScaler {
    const options = {
      activityArns: [ARN],
      fleet: 'trial',
      slotsOfWorker: 3,
      withinMs: MINUTE_MS,
      publish: true,
    };
    return new FleetScaler(options, {
      ...{ clock: this.world.clock, log: silentLog, metrics: this.metrics },
      readWorkers: async () => ({
        unreadable: [],
        workers: this.workers.flatMap(({ world: { worker } }) => {
          const seen = seenIn(JSON.parse(JSON.stringify(publicStatus(worker.status()))));
          return seen ? [seen] : [];
        }),
      }),
    });
  }

  async step(): Promise<void> {
    const dice = this.random();
    if (dice < 0.4) await this.#start(1 + Math.floor(this.random() * 3));
    else if (dice < 0.55) await this.#abort();
    else if (dice < 0.75) this.#work();
    else if (dice < 0.87) await this.#add();
    else this.#kill();
    await this.advance(5_000 + this.random() * 100_000);
  }

  async advance(ms: number): Promise<void> {
    await this.world.clock.advance(ms);
    await this.#publishDue();
    await this.scaler.tick();
  }

  async #start(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const execution = await this.world.execute(this.machine, { n: this.tasks.length });
      this.tasks.push({ execution, scheduledAt: this.world.clock.now() });
    }
    await this.world.clock.advance(0);
  }

  async #abort(): Promise<void> {
    const waiting = this.waiting();
    const task = waiting[Math.floor(this.random() * waiting.length)];
    if (!task) return;
    await this.world.client.send(new StopExecutionCommand({ executionArn: task.execution }));
    task.stoppedAt = this.world.clock.now();
  }

  #work(): void {
    const held = this.workers.flatMap((each) => each.held.splice(0, 1));
    for (const each of held) each.succeed();
  }

  async #add(): Promise<void> {
    if (this.workers.length >= 3) return;
    const { type, held } = holding();
    const world = await this.world.worker({ activities: [type], concurrency: 3, grace: '1s' });
    this.workers.push({ world, held });
  }

  /** Nothing is heard of it any more. */
  #kill(): void {
    const [gone] = this.workers.splice(Math.floor(this.random() * this.workers.length), 1);
    for (const each of gone?.held ?? []) each.succeed();
    void gone?.world.worker.stop();
  }

  /** The tasks that wait. The service hands them out in their order. */
  waiting(): TrueTask[] {
    return this.tasks.filter(
      ({ startedAt, stoppedAt }) => startedAt === undefined && stoppedAt === undefined,
    );
  }

  async #publishDue(): Promise<void> {
    const now = this.world.clock.now();
    while (this.#published + MINUTE_MS + 2.5 * MINUTE_MS <= now) {
      const at = this.#published;
      const inIt = (time: number | undefined): boolean =>
        time !== undefined && time >= at && time < at + MINUTE_MS;
      const scheduled = this.tasks.filter(({ scheduledAt }) => inIt(scheduledAt)).length;
      const started = this.tasks.filter(({ startedAt }) => inIt(startedAt)).length;
      if (scheduled > 0) await this.put('ActivitiesScheduled', at, scheduled);
      if (started > 0) await this.put('ActivitiesStarted', at, started);
      this.#published += MINUTE_MS;
    }
  }
}

/** Runs a hundred random steps. @returns how many estimates were looked at */
async function tryIt(open: (world: World) => Metrics, put: Trial['put'], seed: number): Promise<number> {
  const started = new Map<string, number>();
  const world = await createWorld();
  const machine = world.machine(ARN);
  const trial = new Trial(world, machine, open(world), put, randomOf(seed));
  const note = async (): Promise<void> => {
    for (const task of trial.waiting()) {
      const at = started.get(task.execution) ?? (await startOf(world, task.execution));
      if (at !== undefined) task.startedAt = at;
    }
  };
  let looked = 0;
  try {
    for (let step = 0; step < 100; step++) {
      await trial.step();
      await note();
      const found = await trial.scaler.estimate().catch(() => undefined);
      if (!found) continue;
      check(found, trial, world.clock.now());
      looked++;
      const again = trial.makeScaler();
      await again.tick();
      expect(await again.estimate()).toEqual(found);
      trial.scaler = again;
    }
  } finally {
    for (const { held } of trial.workers) for (const each of held) each.succeed();
    await world.close();
  }
  return looked;
}

async function startOf(world: World, executionArn: string): Promise<number | undefined> {
  const { GetExecutionHistoryCommand } = await import('@aws-sdk/client-sfn');
  const { events = [] } = await world.client.send(new GetExecutionHistoryCommand({ executionArn }));
  return events.find(({ type }) => type === 'ActivityStarted')?.timestamp?.getTime();
}

function check({ activities }: FleetEstimate, trial: Trial, now: number): void {
  const [found] = activities;
  if (!found) throw new Error('there is no estimate of the activity');
  const { waiting, emptyMinuteAt = Number.NEGATIVE_INFINITY, why } = found;
  const since = (at: number | undefined, from: number): boolean => at !== undefined && at >= from;
  const late = trial.tasks.filter(
    ({ scheduledAt, startedAt, stoppedAt }) =>
      since(scheduledAt, now - LATE_MS) || since(startedAt, now - LATE_MS) || since(stoppedAt, now - LATE_MS),
  ).length;
  const stopped = trial.tasks.filter(({ stoppedAt }) => since(stoppedAt, emptyMinuteAt)).length;
  const truth = trial.waiting();
  const told = `${why}; ${truth.length} wait in truth, ${late} things happened lately, ${stopped} were stopped`;
  expect([told, Math.abs(waiting - truth.length) <= late + stopped]).toEqual([told, true]);
  const waitsLong = truth.some(({ scheduledAt }) => scheduledAt < now - LATE_MS);
  expect([told, waitsLong && waiting === 0]).toEqual([told, false]);
}

describe('over a hundred random steps the estimate is within what CloudWatch can not have and what was stopped, and the same after a restart', () => {
  let moto: Awaited<ReturnType<typeof startMoto>>;
  beforeAll(async () => {
    moto = isInstalled() ? await startMoto() : undefined;
  }, 30_000);
  afterAll(() => moto?.stop());

  test.each(sample([1, 2, 3], 1))(
    'against a stand-in, seed %i',
    async (seed) => {
      if (moto && !THOROUGH) return;
      const { metrics, put } = standIn();
      expect(await tryIt(() => metrics, put, seed)).toBeGreaterThan(50);
    },
    120_000,
  );

  test('against moto, by the SDK', async () => {
    if (!moto) {
      console.error('##### SKIPPED: python3-moto or @aws-sdk/client-cloudwatch is not installed #####');
      return;
    }
    const { url } = moto;
    const sdk: CloudWatchSdk = loadCloudWatch();
    const settings = {
      endpoint: url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    };
    const client = new sdk.CloudWatchClient(settings);
    const put: Trial['put'] = async (MetricName, at, Value) => {
      const Dimensions = [{ Name: 'ActivityArn', Value: ARN }];
      const MetricData = [{ MetricName, Dimensions, Timestamp: new Date(at), Value }];
      const command = new sdk.PutMetricDataCommand({ Namespace: 'AWS/States', MetricData });
      await client.send(command, { abortSignal: new AbortController().signal });
    };
    process.env['AWS_ENDPOINT_URL_CLOUDWATCH'] = url;
    process.env['AWS_ACCESS_KEY_ID'] = process.env['AWS_SECRET_ACCESS_KEY'] = 'moto';
    const opened: ActivityMetrics[] = [];
    const open = ({ clock }: World): ActivityMetrics => {
      const metrics = new ActivityMetrics('us-east-1', clock);
      opened.push(metrics);
      return metrics;
    };
    try {
      expect(await tryIt(open, put, 4)).toBeGreaterThan(50);
    } finally {
      for (const name of ['AWS_ENDPOINT_URL_CLOUDWATCH', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])
        delete process.env[name];
      for (const each of opened) each.close();
      client.destroy();
    }
  }, 300_000);
});

afterEach(killAll);

describe('the pages', () => {
  const scalerOf = (change: Partial<ScalerWorld> = {}, clock = new HandClock()): FleetScaler =>
    new FleetScaler(
      { activityArns: [ARN], fleet: 'orders', slotsOfWorker: 10, withinMs: MINUTE_MS, publish: false },
      {
        ...{ clock, log: silentLog, metrics: standIn().metrics },
        readWorkers: async () => ({ workers: [], unreadable: [] }),
        ...change,
      },
    );
  const pageOf = async (scaler: FleetScaler, path = '/scale') => {
    const { status, body } = await answerScale('GET', path, scaler);
    return { status, body: path === '/scale' ? (JSON.parse(body) as unknown) : body };
  };

  test('serve the estimate as JSON and as metrics', async () => {
    const clock = new HandClock();
    const { metrics, put } = standIn();
    await put('ActivitiesScheduled', clock.now() - 5 * MINUTE_MS, 12);
    const scaler = scalerOf({ metrics }, clock);
    await scaler.tick();
    expect(await pageOf(scaler)).toMatchObject({
      status: 200,
      body: {
        fleet: 'orders',
        workersWanted: 2,
        workersMissing: 2,
        activities: [{ activityArn: ARN, waiting: 12 }],
      },
    });
    const { body } = await pageOf(scaler, '/metrics');
    expect(body).toContain('stepwright_scaler_workers_wanted{fleet="orders"} 2\n');
    expect(body).toContain(`stepwright_scaler_tasks_waiting{fleet="orders",activity_arn="${ARN}"} 12\n`);
    expect(await answerScale('POST', '/scale', scaler)).toMatchObject({ status: 405 });
    expect(await answerScale('GET', '/', scaler)).toMatchObject({ status: 404 });
  });

  test('answer 503 in place of a number that is not known, so that no autoscaler takes it for none', async () => {
    const clock = new HandClock();
    let broken = true;
    const counts: Metrics['counts'] = async () => {
      if (broken) throw new Error('AccessDenied: cloudwatch:GetMetricData');
      return [{ scheduled: [], started: [] }];
    };
    const scaler = scalerOf({ metrics: { ...standIn().metrics, counts } }, clock);
    await scaler.tick();
    expect(await pageOf(scaler)).toEqual({
      status: 503,
      body: { error: 'CloudWatch was not read yet: AccessDenied: cloudwatch:GetMetricData' },
    });
    broken = false;
    await scaler.tick();
    expect(await pageOf(scaler)).toMatchObject({ status: 200, body: { workersWanted: 0 } });
    broken = true;
    await clock.advance(6 * MINUTE_MS);
    await scaler.tick();
    expect(await pageOf(scaler)).toMatchObject({ status: 503 });
    expect(await answerScale('GET', '/live', scaler)).toMatchObject({ status: 200 });
  });

  test('answer 503 where no worker is found and tasks are started, or where a name can not be looked up', async () => {
    const clock = new HandClock();
    const { metrics, put } = standIn();
    await put('ActivitiesStarted', clock.now() - 3 * MINUTE_MS, 1);
    const scaler = scalerOf({ metrics }, clock);
    await scaler.tick();
    expect((await pageOf(scaler)).body).toEqual({
      error: expect.stringMatching(/is --workers the name of this fleet\?$/),
    });
    const readWorkers = () =>
      Promise.reject(new WorkersUnknown('the name worker could not be looked up: timeout'));
    const blind = scalerOf({ readWorkers }, clock);
    await blind.tick();
    expect(await pageOf(blind)).toMatchObject({
      status: 503,
      body: { error: 'the name worker could not be looked up: timeout' },
    });
  });
});

test('workers are read at their health ports; what is none counts as one that can not be read', async () => {
  const handler = { activityArn: ARN, concurrency: 3, running: 1, queue: { minuteAt: 0, begun: [1] } };
  const texts = [
    JSON.stringify({ name: 'w', state: 'running', handlers: [handler] }),
    '<html>',
    '{"state":"running","handlers":[{}]}',
  ];
  const servers = await Promise.all(
    texts.map((text) =>
      servePages({ host: '127.0.0.1', port: 0, hosts: [] }, async () => ({
        status: 200,
        type: 'x',
        body: text,
      })),
    ),
  );
  const places = servers.map(({ port }) => ({ host: '127.0.0.1', port }));
  const { workers, unreadable } = await readWorkers(
    // A worker that is named twice counts once.
    [...places, ...places, { host: '127.0.0.1', port: await freePort() }],
    systemClock,
  );
  expect(workers).toMatchObject([{ state: 'running', handlers: [handler] }]);
  expect(unreadable).toHaveLength(3);
  expect(unreadable[2]).toMatch(/ECONNREFUSED/);
  for (const server of servers) server.close();
});

test('the command names every mistake in its flags, and what to install', async () => {
  const all = stepwright([
    'scaler',
    '--activity',
    'Work',
    '--workers',
    'http://worker/status',
    '--slots',
    '0',
    '--within',
    '5',
    '--listen',
    'x',
  ]);
  expect(await all.ended).toMatchObject({ code: 1 });
  for (const flag of ['--activity', '--workers', '--slots', '--within', '--listen'])
    expect(all.stderr()).toContain(`${flag}: expected `);
  expect(all.stderr()).toContain("got 'http://worker/status': did you mean worker:8080?");
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-scaler-'));
  const hook = join(dir, 'hook.cjs');
  writeFileSync(
    hook,
    `const { Module } = require('node:module');
const resolve = Module._resolveFilename;
Module._resolveFilename = (name, ...rest) => {
  if (name === '@aws-sdk/client-cloudwatch') throw Object.assign(new Error('none'), { code: 'MODULE_NOT_FOUND' });
  return resolve(name, ...rest);
};`,
  );
  const missing = stepwright(['scaler', '--activity', ARN, '--workers', '127.0.0.1:1'], {
    NODE_OPTIONS: `--require ${hook}`,
  });
  expect(await missing.ended).toMatchObject({ code: 1 });
  expect(missing.stderr()).toContain("npm install '@aws-sdk/client-cloudwatch@~3.1164'");
  rmSync(dir, { recursive: true });
});
