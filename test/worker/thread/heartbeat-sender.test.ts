import { expect, test } from '@jest/globals';
import type { Connection } from '../../../src/framework/aws/lean/connections.js';
import type { Recipe, Recipes } from '../../../src/framework/aws/lean/recipe.js';
import { silentLog } from '../../../src/framework/base/log/log.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { HeartbeatSender } from '../../../src/framework/worker/thread/heartbeat-sender.js';
import { LeaseLedger, ledgerMemory } from '../../../src/framework/worker/thread/lease-ledger.js';
import type { ToThread } from '../../../src/framework/worker/thread/thread-messages.js';
import type { ThreadListener } from '../../../src/framework/worker/thread/start-thread.js';
import { WorkerHeartbeats } from '../../../src/framework/worker/thread/worker-heartbeats.js';
import { credentials, portOf } from '../../support/port.js';

const recipe: Recipe = {
  ...{ origin: 'http://127.0.0.1', path: '/', headers: {} },
  ...{ signingRegion: 'us-east-1', signingName: 'states' },
};
const recipes: Recipes = {
  operations: {
    GetActivityTask: recipe,
    SendTaskSuccess: recipe,
    SendTaskFailure: recipe,
    SendTaskHeartbeat: recipe,
  },
  ...{ clockOffsetMs: 0, correctsClock: true },
};

test.each([
  ['sends a heartbeat that is due', false, 1],
  ['sends none for a lease that the main thread has ended since it last looked', true, 0],
])('%s', async (_, ends, sent) => {
  const clock = new HandClock(0, { promisesOnly: true });
  const [memory, turns] = [ledgerMemory(), new SharedArrayBuffer(4)];
  let dispatched = 0;
  const never = { dispatch: () => dispatched++, on: () => {}, close: () => {}, destroy: () => {} };
  const sender = new HeartbeatSender(
    {
      ...{ turns, ledger: memory, rate: 250, stallAfterMs: false as const },
      addresses: { order: 'verbatim', autoSelectFamily: true },
    },
    {
      ...{ clock, random: () => 0, send: () => {}, writeLine: () => {} },
      open: () => never as unknown as Connection,
    },
  );
  sender.take({ kind: 'region', region: 'us-east-1', recipes });
  sender.take({ kind: 'identity', number: 1, identity: { accessKeyId: 'a', secretAccessKey: 'b' } });
  const ledger = new LeaseLedger(memory);
  ledger.begin({ id: 1, region: 0, token: 'token', everyMs: 1_150, leasedAt: 0 });
  // The thread looks every 250 ms, and the heartbeat is due before the fifth time.
  await clock.advance(1_010);
  if (ends) ledger.end(1);
  await clock.advance(200);
  expect(dispatched).toBe(sent);
});

test('heartbeats that go on from the main thread keep to the rate, whatever the thread has just sent', async () => {
  const clock = new HandClock(0, { promisesOnly: true });
  const sentAt: number[] = [];
  const port = portOf(() => new Promise(() => {}), {
    heartbeat: async () => {
      sentAt.push(clock.now());
      return { kind: 'ok' };
    },
  });
  let exit: ThreadListener['onExit'] | undefined;
  const heartbeats = new WorkerHeartbeats({
    ...{ clock, random: () => 0, log: silentLog, rate: 5, stallAfterMs: false as const },
    startHeartbeatThread: (_options, { onExit }) => {
      exit = onExit;
      return { postMessage: () => {}, terminate: async () => {} };
    },
  });
  heartbeats.connect([{ region: 'us-east-1', port, recipes }], credentials);
  for (let n = 0; n < 5; n++)
    heartbeats.track({ port, token: `t${n}`, everyMs: 1_000, leasedAt: 0, onGone: () => {} });
  // Each was due within this second, so the thread may have sent five.
  await clock.advance(1_000);
  exit?.(new Error('it crashed'));
  await clock.advance(999);
  expect(sentAt).toEqual([]);
  await clock.advance(1_100);
  expect(sentAt.length).toBeGreaterThan(3);
});

test('the thread starts with the first task, and gets the last of the credentials that were renewed before', async () => {
  const clock = new HandClock(0, { promisesOnly: true });
  const port = portOf(() => new Promise(() => {}));
  const sent: ToThread[] = [];
  let started = 0;
  let renewals = 0;
  const heartbeats = new WorkerHeartbeats({
    ...{ clock, random: () => 0, log: silentLog, rate: 5, stallAfterMs: false as const },
    startHeartbeatThread: () => {
      started++;
      return { postMessage: (message) => void sent.push(message), terminate: async () => {} };
    },
  });
  const renewed = { accessKeyId: 'a', secretAccessKey: 'b' };
  const current = () => ({ ...renewed, sessionToken: `renewed ${++renewals} times` });
  heartbeats.connect([{ region: 'us-east-1', port, recipes }], { ...credentials, current });
  const follow = () => {};
  heartbeats.follow({ onStretch: follow, onAnswer: follow, onBlocked: follow, onTurn: follow });
  await clock.advance(600_000);
  expect([started, renewals]).toEqual([0, 61]);
  const beat = heartbeats.track({
    port,
    token: 't',
    everyMs: 20_000,
    leasedAt: clock.now(),
    onGone: () => {},
  });
  expect(started).toBe(1);
  expect(sent).toMatchObject([
    { kind: 'region', region: 'us-east-1' },
    { kind: 'identity', number: 61, identity: { sessionToken: 'renewed 61 times' } },
  ]);
  beat.release();
  await heartbeats.close();
});
