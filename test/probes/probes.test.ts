import { setTimeout as nap } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { MainLoop } from '../../src/framework/heartbeat/thread/main-loop.js';
import { ThreadProbes } from '../../src/framework/probes/thread-probes.js';
import { HandClock } from '../../src/framework/testing/hand-clock.js';

const until = async (seen: () => boolean): Promise<void> => {
  while (!seen()) await nap(5);
};

test('probes are answered by the main thread, and while that is blocked by what is known here', async () => {
  const clock = new HandClock();
  const turns = new SharedArrayBuffer(4);
  const parts = { turns, clock, stallAfterMs: 10_000, onGivenUp: () => {}, onTurned: () => {} };
  let port = 0;
  const probes: ThreadProbes = new ThreadProbes(new MainLoop(parts), clock, (message) => {
    if (message.kind === 'listening') ({ port } = message);
    if (message.kind === 'request' && message.path !== '/silent')
      probes.take({
        kind: 'page',
        request: message.request,
        page: { status: 200, type: 'text/plain', body: `${message.method} ${message.path}` },
      });
  });
  probes.take({ kind: 'listen', address: { host: '127.0.0.1', port: 0 } });
  await until(() => port > 0);
  const get = async (path: string): Promise<[number, string]> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
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
  await clock.advance(6_000);
  expect(await get('/live')).toMatchObject([503, expect.stringContaining('"state":"stuck"')]);
  Atomics.add(new Int32Array(turns), 0, 1);
  await clock.advance(250);
  expect(await get('/live')).toEqual([200, 'GET /live']);
  probes.take({ kind: 'hang-up' });
});
