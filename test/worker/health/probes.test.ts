import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as nap } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { createLog } from 'stepwright';
import { systemClock } from '../../../src/framework/base/time/clock.js';
import { MainLoopWatch } from '../../../src/framework/worker/thread/main-loop-watch.js';
import { WorkerHeartbeats } from '../../../src/framework/worker/thread/worker-heartbeats.js';
import { ThreadHealthServer } from '../../../src/framework/worker/health/thread-health-server.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import type { HealthSource } from '../../../src/framework/worker/health/health-pages.js';
import { nothingYet } from '../../../src/framework/worker/health/health-port.js';
import { type Health, serveHealth } from '../../../src/framework/worker/health/serve-health.js';
import { credentials, portOf } from '../../support/port.js';

/** What a port shows until there is a worker. */
const NOTHING_YET = nothingYet(0);

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const until = async (seen: () => boolean): Promise<void> => {
  while (!seen()) await nap(5);
};

/** A thread for a health port, which answers as a worker that starts does, unless `source` says otherwise. */
function world(source: Partial<HealthSource> = {}) {
  const lines: Record<string, unknown>[] = [];
  const destination = {
    write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  };
  const log = createLog({ destination });
  const options = { clock: systemClock, random: Math.random, log, rate: 1, stallAfterMs: false as const };
  const heartbeats = new WorkerHeartbeats(options);
  closing.push(() => heartbeats.close());
  const open = async (from: 'main' | 'thread', port = 0) => {
    const address = { host: '127.0.0.1', port, hosts: [] };
    const serve = from === 'thread' ? heartbeats.health.serve : undefined;
    const health = await serveHealth(address, { ...NOTHING_YET, ...source }, log, serve);
    closing.push(() => health.close());
    return health;
  };
  const endThread = (): void => {
    const port = portOf(() => new Promise(() => {}));
    // It can make no call of this.
    heartbeats.connect([{ region: 'r', port, recipes: {} as never }], credentials);
  };
  const messages = (): string[] => lines.map(({ msg }) => String(msg));
  return { open, endThread, messages };
}

const statusOf = async ({ address }: Health, path = '/live'): Promise<number> =>
  (await fetch(`http://127.0.0.1:${address.port}${path}`, { headers: { connection: 'close' } })).status;

const STATUS = NOTHING_YET.status();

const refused = expect.objectContaining({ cause: expect.objectContaining({ code: 'ECONNREFUSED' }) });

test.each(['main', 'thread'] as const)(
  'a page that can not be made is a 500 from the %s thread, and a line of the log',
  async (from) => {
    const { open, messages } = world({ metrics: () => Promise.reject(new Error('no figures')) });
    const health = await open(from);
    expect([await statusOf(health), await statusOf(health, '/metrics')]).toEqual([200, 500]);
    expect(messages()).toEqual(['a page of the health port could not be made']);
  },
);

test('where the thread ends again and again, its port is answered from the main thread until it is closed, and it is said', async () => {
  const { open, endThread, messages } = world();
  const health = await open('thread');
  expect(await statusOf(health)).toBe(200);
  endThread();
  await until(() => messages().length > 1);
  expect(messages()).toEqual([
    expect.stringMatching(/^the heartbeat thread ended: another is started/),
    expect.stringMatching(/^the heartbeat thread ended again/),
  ]);
  let status: number | undefined;
  while (status === undefined) status = await statusOf(health).catch(() => undefined);
  expect(status).toBe(200);
  health.close();
  await expect(statusOf(health)).rejects.toEqual(refused);
});

test('where the thread ends before it listens, the main thread does', async () => {
  const { open, endThread } = world();
  endThread();
  const first = await open('thread');
  expect(await statusOf(first)).toBe(200);
  first.close();
  expect(await statusOf(await open('thread'))).toBe(200);
});

test('a request that is being answered keeps its connection, however many others come', async () => {
  let answer: (page: { contentType: string; text: string }) => void = () => {};
  let asked = false;
  const metrics = (): Promise<{ contentType: string; text: string }> => {
    asked = true;
    return new Promise((resolve) => (answer = resolve));
  };
  const { open } = world({ metrics });
  const health = await open('main');
  const scrape = statusOf(health, '/metrics');
  await until(() => asked);
  const others = Array.from({ length: 40 }, () => connect(health.address.port, '127.0.0.1'));
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
  const bodyOf = (method: string, path: string): string => {
    if (path === '/metrics') return `stepwright_worker_ready 1\nscrapes ${++asked}\n`;
    return path === '/status' ? JSON.stringify({ ...STATUS, name: `look ${asked}` }) : `${method} ${path}`;
  };
  const probes: ThreadHealthServer = new ThreadHealthServer(new MainLoopWatch(parts), clock, (message) => {
    if (message.kind === 'listening') ({ port } = message);
    if (message.kind === 'request' && message.path !== '/silent') {
      const page = { status: 200, type: 'text/plain', body: bodyOf(message.method, message.path) };
      probes.take({ kind: 'page', request: message.request, page });
    }
  });
  probes.take({ kind: 'listen', address: { host: '127.0.0.1', port: 0, hosts: [] } });
  await until(() => port > 0);
  const fetched = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  const get = async (path: string): Promise<[number, string]> => {
    const answer = await fetched(path);
    return [answer.status, await answer.text()];
  };
  expect(await get('/ready?x')).toEqual([200, 'GET /ready']);
  const silent = get('/silent');
  await clock.settle(() => clock.pending > 1);
  await clock.advance(1_000);
  expect(await silent).toMatchObject([503, expect.stringContaining('has been blocked for')]);
  Atomics.add(new Int32Array(turns), 0, 1);
  await clock.advance(4_250);
  const reason = 'the event loop has been blocked for 4 s';
  expect(await get('/ready')).toEqual([503, `{"ready":false,"reasons":["${reason}"]}\n`]);
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
  expect(await get('/')).toEqual([200, expect.stringMatching(/<h1>look 1<\/h1>[^]*as it was 5 s ago/)]);
  await clock.advance(6_000);
  expect(await get('/live')).toMatchObject([503, expect.stringContaining('"state":"stuck"')]);
  Atomics.add(new Int32Array(turns), 0, 1);
  await clock.advance(250);
  expect(await get('/live')).toEqual([200, 'GET /live']);
  const current = await fetched('/metrics');
  expect([current.status, current.headers.get('age')]).toEqual([200, null]);
  probes.take({ kind: 'close' });
});
