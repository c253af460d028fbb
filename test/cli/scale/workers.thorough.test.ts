import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { MINUTE_MS } from '../../../src/framework/cli/scale/backlog.js';
import { readWorkers, WorkerMemory } from '../../../src/framework/cli/scale/worker-statuses.js';
import { systemClock } from '../../../src/framework/base/time/clock.js';
import { HandClock } from '../../../src/framework/testing/index.js';
import { servePages } from '../../../src/framework/worker/health/page-server.js';
import { ARN } from '../../support/world.js';

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
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

/** A worker at a free port of this machine, whose status has this name and this number of tasks at work. */
async function workerPort(status: () => { name: string; running: number }) {
  const { port, close } = await servePages({ host: '127.0.0.1', port: 0, hosts: [] }, async () => {
    const { name, running } = status();
    const queue = { minuteAt: 0, begun: [0] };
    const handlers = [{ activityArn: ARN, concurrency: 3, running, queue }];
    return { status: 200, type: 'x', body: JSON.stringify({ name, state: 'running', handlers }) };
  });
  return { place: { host: '127.0.0.1', port }, close };
}

test('a worker at work that its name lists no longer is seen all the same, until it is idle or gone', async () => {
  let status = { name: 'w1', running: 1 };
  const { place, close } = await workerPort(() => status);
  const memory = new WorkerMemory(systemClock);
  const seen = async (places: (typeof place)[] = []) => {
    const { workers, unreadable } = await readWorkers(places, systemClock, memory);
    return [workers.map(({ name }) => name), unreadable.length];
  };
  expect([await seen(), await seen([place]), await seen(), await seen()]).toEqual([
    [[], 0],
    [['w1'], 0],
    [['w1'], 0],
    [['w1'], 0],
  ]);
  status = { name: 'w1', running: 0 };
  expect([await seen(), await seen()]).toEqual([
    [['w1'], 0],
    [[], 0],
  ]);
  status = { name: 'w1', running: 1 };
  await seen([place]);
  status = { name: 'another', running: 1 };
  expect(await seen()).toEqual([[], 0]);
  await seen([place]);
  close();
  expect(await seen()).toEqual([[], 0]);
});

test('an address at which several workers answer by turns is none of a worker: it is told so for ten minutes', async () => {
  const names = ['a', 'a', 'b', 'a', 'a'];
  const { place, close } = await workerPort(() => ({ name: names.shift() ?? 'a', running: 1 }));
  const clock = new HandClock();
  const memory = new WorkerMemory(clock);
  const read = () => readWorkers([place], systemClock, memory);
  for (let i = 0; i < 3; i++) expect((await read()).workers).toHaveLength(1);
  const shared =
    /^127.0.0.1:\d+ is answered by several workers in turn, so that most are not seen: --workers needs/;
  await expect(read()).rejects.toThrow(shared);
  await clock.advance(9 * MINUTE_MS);
  await expect(read()).rejects.toThrow(shared);
  await clock.advance(2 * MINUTE_MS);
  expect((await read()).workers).toHaveLength(1);
  close();
});
