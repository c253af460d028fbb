import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as nap } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { createLog } from 'stepwright';
import { systemClock } from '../../../src/framework/base/time/clock.js';
import { MainLoopWatch } from '../../../src/framework/worker/thread/main-loop-watch.js';
import { WorkerHeartbeats } from '../../../src/framework/worker/thread/worker-heartbeats.js';
import { HealthServer } from '../../../src/framework/worker/health/health-server.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import type { HealthFacts } from '../../../src/framework/worker/health/health-pages.js';
import { type HealthSource, starting } from '../../../src/framework/worker/health/health-port.js';
import { credentials, portOf } from '../../support/port.js';

const STATUS = starting(0);

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const until = async (seen: () => boolean): Promise<void> => {
  while (!seen()) await nap(5);
};

/** A thread for a health port, which answers as a worker that starts does, unless `source` says otherwise. */
function world(by: 'main' | 'thread', source: Partial<HealthSource> = {}) {
  const lines: Record<string, unknown>[] = [];
  const destination = {
    write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  };
  const log = createLog({ destination });
  const heartbeats = new WorkerHeartbeats({
    clock: systemClock,
    random: Math.random,
    log,
    heartbeatRate: 1,
    stallAfterMs: false,
    calls: by === 'main' ? 'sdk' : 'lean',
  });
  closing.push(() => heartbeats.close());
  const { health } = heartbeats;
  const open = async (): Promise<number> => {
    const metrics = async () => ({ contentType: 'text/plain', text: '' });
    return health.open(
      { host: '127.0.0.1', port: 0, hosts: [] },
      { status: () => STATUS, metrics, ...source },
    );
  };
  const endThread = (): void => {
    const port = portOf(() => new Promise(() => {}));
    // It can make no call of this.
    heartbeats.connect([{ region: 'r', port, recipes: {} as never }], credentials);
  };
  const messages = (): string[] => lines.map(({ msg }) => String(msg));
  return { open, endThread, messages, close: () => health.close() };
}

const statusOf = async (port: number, path = '/live'): Promise<number> =>
  (await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } })).status;

const refused = expect.objectContaining({ cause: expect.objectContaining({ code: 'ECONNREFUSED' }) });

test.each(['main', 'thread'] as const)(
  'a page that can not be made is a 500 from the %s thread, and a line of the log',
  async (from) => {
    const { open, messages } = world(from, { metrics: () => Promise.reject(new Error('no figures')) });
    const port = await open();
    expect([await statusOf(port), await statusOf(port, '/metrics')]).toEqual([200, 500]);
    expect(messages().filter((line) => !line.includes('bundle'))).toEqual([
      'the metrics for the health port failed',
    ]);
  },
);

test('where the thread ends again and again, its port is answered from the main thread until it is closed, and it is said', async () => {
  const { open, endThread, messages, close } = world('thread');
  const port = await open();
  expect(await statusOf(port)).toBe(200);
  endThread();
  await until(() => messages().length > 1);
  expect(messages()).toEqual([
    expect.stringMatching(/^the heartbeat thread ended: another is started/),
    expect.stringMatching(/^the heartbeat thread ended again/),
  ]);
  let status: number | undefined;
  while (status === undefined) status = await statusOf(port).catch(() => undefined);
  expect(status).toBe(200);
  close();
  await expect(statusOf(port)).rejects.toEqual(refused);
});

test('where the thread ends before it listens, the main thread does', async () => {
  const { open, endThread } = world('thread');
  endThread();
  expect(await statusOf(await open())).toBe(200);
});

test('a request that is being answered keeps its connection, however many others come', async () => {
  let answer: (page: { contentType: string; text: string }) => void = () => {};
  let asked = false;
  const metrics = (): Promise<{ contentType: string; text: string }> => {
    asked = true;
    return new Promise((resolve) => (answer = resolve));
  };
  const { open } = world('main', { metrics });
  const port = await open();
  const scrape = statusOf(port, '/metrics');
  await until(() => asked);
  const others = Array.from({ length: 40 }, () => connect(port, '127.0.0.1'));
  for (const socket of others) socket.on('error', () => {}).resume();
  await Promise.all(others.slice(0, 24).map((socket) => once(socket, 'close')));
  answer({ contentType: 'text/plain', text: '' });
  expect(await scrape).toBe(200);
  for (const socket of others) socket.destroy();
});

test('probes are answered by the main thread, and while that is blocked by what is known here', async () => {
  const clock = new HandClock();
  const turns = new SharedArrayBuffer(4);
  const parts = { turns, clock, stallAfterMs: 10_000, onStuck: () => {}, onUnblocked: () => {} };
  let port = 0;
  let asked = 0;
  let isSilent = false;
  const factsOf = (withMetrics: boolean): HealthFacts => {
    const text = withMetrics ? `stepwright_worker_ready 1\nscrapes ${++asked}\n` : '';
    const status = { ...STATUS, name: `look ${asked}`, ready: true };
    return { status, metrics: { contentType: 'text/plain', text } };
  };
  const probes: HealthServer = new HealthServer(new MainLoopWatch(parts), clock, (message) => {
    if (message.kind === 'listening') ({ port } = message);
    if (message.kind === 'ask' && !isSilent)
      probes.take({ kind: 'facts', request: message.request, facts: factsOf(message.metrics) });
  });
  probes.take({ kind: 'listen', address: { host: '127.0.0.1', port: 0, hosts: [] } });
  await until(() => port > 0);
  const fetched = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  const get = async (path: string): Promise<[number, string]> => {
    const answer = await fetched(path);
    return [answer.status, await answer.text()];
  };
  expect(await get('/ready?x')).toMatchObject([200, expect.stringContaining('"ready":true')]);
  isSilent = true;
  const silent = get('/ready');
  await clock.settle(() => clock.pending > 1);
  await clock.advance(1_000);
  expect(await silent).toMatchObject([503, expect.stringContaining('has been blocked for')]);
  isSilent = false;
  Atomics.add(new Int32Array(turns), 0, 1);
  await clock.advance(4_250);
  const reason = 'the event loop has been blocked for 4 s';
  expect(await get('/ready')).toEqual([503, `{"state":"created","ready":false,"reasons":["${reason}"]}\n`]);
  expect(await get('/live')).toEqual([200, `{"state":"blocked","reason":"${reason}"}\n`]);
  // Its last metrics and status are 5 s old: they are asked for all the time, whether or not anybody looks.
  expect(await get('/metrics')).toEqual([
    200,
    expect.stringMatching(
      /^stepwright_worker_ready 0\nscrapes 1\n(?:#.*\n){2}stepwright_metrics_age_seconds 5\.25\n$/,
    ),
  ]);
  const status = await fetched('/status');
  expect([status.status, status.headers.get('age')]).toEqual([200, '5']);
  expect(await status.json()).toEqual({ ...STATUS, name: 'look 1', reasons: [reason], ageMs: 5_250 });
  await clock.advance(6_000);
  expect(await get('/live')).toMatchObject([503, expect.stringContaining('"state":"stuck"')]);
  Atomics.add(new Int32Array(turns), 0, 1);
  await clock.advance(250);
  expect(await get('/live')).toEqual([200, '{"state":"created"}\n']);
  const current = await fetched('/metrics');
  expect([current.status, current.headers.get('age')]).toEqual([200, null]);
  probes.take({ kind: 'close' });
});

test.each([
  ['once it listens', true],
  ['while it is opened', false],
])('a port that is closed %s leaves no timer, though no facts for its pages come', async (_, waits) => {
  const clock = new HandClock();
  const turns = new SharedArrayBuffer(4);
  const parts = { turns, clock, stallAfterMs: 10_000, onStuck: () => {}, onUnblocked: () => {} };
  const watch = new MainLoopWatch(parts);
  const before = clock.pending;
  let isListening = false;
  const probes = new HealthServer(watch, clock, ({ kind }) => (isListening ||= kind === 'listening'));
  probes.take({ kind: 'listen', address: { host: '127.0.0.1', port: 0, hosts: [] } });
  if (waits) await until(() => isListening);
  probes.take({ kind: 'close' });
  await until(() => isListening);
  await nap(0);
  expect(clock.pending).toBe(before);
});
