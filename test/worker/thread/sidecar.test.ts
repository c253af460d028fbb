import { expect, test } from '@jest/globals';
import type { Connection } from '../../../src/framework/aws/lean/connections.js';
import type { Recipe, Recipes } from '../../../src/framework/aws/lean/recipe.js';
import { silentLog } from '../../../src/framework/base/log/log.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { LeanCalls } from '../../../src/framework/aws/lean/lean-calls.js';
import { Sidecar } from '../../../src/framework/worker/thread/sidecar.js';
import type {
  StartThread,
  ThreadListener,
  ToThread,
} from '../../../src/framework/worker/thread/heartbeat-thread.js';
import { WorkerHeartbeats } from '../../../src/framework/worker/thread/worker-heartbeats.js';
import { credentials, portOf, task, workerOn } from '../../support/port.js';

const recipe: Recipe = {
  origin: 'http://127.0.0.1',
  path: '/',
  headers: {},
  signingRegion: 'us-east-1',
  signingName: 'states',
};
const recipes: Recipes = {
  operations: {
    GetActivityTask: recipe,
    SendTaskSuccess: recipe,
    SendTaskFailure: recipe,
    SendTaskHeartbeat: recipe,
  },
  clockOffsetMs: 0,
  correctsClock: true,
};

test.each([
  ['sends a heartbeat that is due', false, 1],
  ['sends none for a lease that has ended', true, 0],
])('%s', async (_, ends, sent) => {
  const clock = new HandClock(0, { promisesOnly: true });
  let dispatched = 0;
  const never = { dispatch: () => dispatched++, on: () => {}, close: () => {}, destroy: () => {} };
  const sidecar = new Sidecar(
    { turns: new SharedArrayBuffer(4), heartbeatRate: 250, stallAfterMs: false, takesOver: false },
    {
      clock,
      random: () => 0,
      send: () => {},
      writeLine: () => {},
      leanCalls: (settings) => new LeanCalls({ ...settings, open: () => never as unknown as Connection }),
    },
  );
  sidecar.take({ kind: 'region', region: 'us-east-1', recipes });
  sidecar.take({
    kind: 'credentials',
    generation: 0,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  const tracked = {
    id: 1,
    region: 'us-east-1',
    token: 'token',
    everyMs: 1_150,
    leasedAt: 0,
    lastAt: undefined,
  };
  sidecar.take({ kind: 'tasks', tracked: [tracked], released: [] });
  await clock.advance(1_010);
  if (ends) sidecar.take({ kind: 'tasks', tracked: [], released: [1] });
  await clock.advance(200);
  expect(dispatched).toBe(sent);
});

/** A thread that does nothing, and ends when it is told to. */
function idleThread() {
  const [posted, exits]: [ToThread[], ThreadListener['onExit'][]] = [[], []];
  const start: StartThread = (_options, { onExit }) => {
    exits.push(onExit);
    return { postMessage: (message) => void posted.push(message), terminate: async () => {} };
  };
  return { posted, exits, start };
}

test('where the thread ends another gets all leases, and after a second end within a minute they are beaten here', async () => {
  const clock = new HandClock(0, { promisesOnly: true });
  const sentAt: number[] = [];
  const port = portOf(() => new Promise(() => {}), {
    heartbeat: async () => {
      sentAt.push(clock.now());
      return { kind: 'ok' };
    },
  });
  const { posted, exits, start } = idleThread();
  const heartbeats = new WorkerHeartbeats({
    clock,
    random: () => 0,
    log: silentLog,
    heartbeatRate: 5,
    stallAfterMs: false as const,
    startHeartbeatThread: start,
  });
  const failures: string[] = [];
  const none = (): void => {};
  heartbeats.connect([{ region: 'us-east-1', port, recipes }], credentials);
  heartbeats.follow({
    onLate: none,
    onAnswer: none,
    onBlocked: none,
    onFailed: ({ message }) => void failures.push(message),
  });
  for (let n = 0; n < 5; n++)
    heartbeats.track({ port, token: `t${n}`, everyMs: 1_000, leasedAt: 0, onGone: () => {} });
  await clock.advance(500);
  posted.length = 0;
  exits[0]?.(new Error('it crashed'));
  await clock.advance(500);
  const tracked = posted.flatMap((each) =>
    each.kind === 'tasks' ? each.tracked.map(({ token }) => token) : [],
  );
  expect(tracked).toEqual(['t0', 't1', 't2', 't3', 't4']);
  expect([exits.length, failures]).toEqual([2, []]);
  exits[1]?.(new Error('it crashed'));
  expect(failures).toEqual([expect.stringContaining('ended again within a minute')]);
  // The thread may have sent five in this second.
  await clock.advance(999);
  expect(sentAt).toEqual([]);
  await clock.advance(1_300);
  expect(sentAt.length).toBeGreaterThan(3);
  await heartbeats.close();
});

test('a thread that ends once in a while is started again each time', async () => {
  const clock = new HandClock(0, { promisesOnly: true });
  const port = portOf(() => new Promise(() => {}));
  const { exits, start } = idleThread();
  const heartbeats = new WorkerHeartbeats({
    clock,
    random: () => 0,
    log: silentLog,
    heartbeatRate: 5,
    stallAfterMs: false as const,
    startHeartbeatThread: start,
  });
  heartbeats.connect([{ region: 'us-east-1', port, recipes }], credentials);
  heartbeats.track({ port, token: 't', everyMs: 1_000, leasedAt: 0, onGone: () => {} });
  for (let n = 0; n < 5; n++) {
    exits[n]?.(new Error('it crashed'));
    await clock.advance(61_000);
  }
  expect(exits).toHaveLength(6);
  await heartbeats.close();
});

test('no handler begins before the thread has been told of its task, and one message tells of all of a turn', async () => {
  const clock = new HandClock();
  let given = 0;
  const port = portOf(() => (given < 3 ? Promise.resolve(task(++given)) : new Promise(() => {})));
  const { posted, start } = idleThread();
  const heartbeats = new WorkerHeartbeats({
    clock,
    random: () => 0,
    log: silentLog,
    heartbeatRate: 5,
    stallAfterMs: false as const,
    startHeartbeatThread: start,
  });
  heartbeats.connect([{ region: 'us-east-1', port, recipes }], credentials);
  const tracked = (): number[] =>
    posted.flatMap((each) => (each.kind === 'tasks' && each.tracked.length > 0 ? each.tracked.length : []));
  const knownAtBegin: number[][] = [];
  const worker = workerOn(port, {
    clock,
    heartbeats,
    work: async () => void knownAtBegin.push(tracked()),
  });
  await clock.advance(1_000);
  expect(knownAtBegin).toEqual([[3], [3], [3]]);
  void worker.stop();
  await clock.advance(20_000);
});

test('the thread starts with the first task, and gets the last of the credentials that were renewed before', async () => {
  const clock = new HandClock(0, { promisesOnly: true });
  const port = portOf(() => new Promise(() => {}));
  const sent: ToThread[] = [];
  let started = 0;
  let renewals = 0;
  const heartbeats = new WorkerHeartbeats({
    clock,
    random: () => 0,
    log: silentLog,
    heartbeatRate: 5,
    stallAfterMs: false as const,
    startHeartbeatThread: () => {
      started++;
      return { postMessage: (message) => void sent.push(message), terminate: async () => {} };
    },
  });
  const renewed = { accessKeyId: 'a', secretAccessKey: 'b' };
  heartbeats.connect([{ region: 'us-east-1', port, recipes }], {
    current: () => ({ ...renewed, sessionToken: `renewed ${++renewals} times` }),
    get generation() {
      return renewals;
    },
    refused: () => false,
  });
  const none = (): void => {};
  heartbeats.follow({ onLate: none, onAnswer: none, onBlocked: none, onFailed: none });
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
  await beat.known;
  expect(sent).toMatchObject([
    { kind: 'region', region: 'us-east-1' },
    { kind: 'credentials', credentials: { sessionToken: 'renewed 61 times' } },
    { kind: 'tasks', tracked: [{ token: 't' }], released: [] },
  ]);
  beat.release();
  await heartbeats.close();
});

test('a heartbeat that was refused for credentials that have been renewed since has none renewed again', async () => {
  const clock = new HandClock(0, { promisesOnly: true });
  const port = portOf(() => new Promise(() => {}));
  let tell: ThreadListener['onMessage'] = () => {};
  const heartbeats = new WorkerHeartbeats({
    clock,
    random: () => 0,
    log: silentLog,
    heartbeatRate: 5,
    stallAfterMs: false as const,
    startHeartbeatThread: (_options, { onMessage }) => {
      tell = onMessage;
      return { postMessage: () => {}, terminate: async () => {} };
    },
  });
  let generation = 0;
  const refused: number[] = [];
  heartbeats.connect([{ region: 'us-east-1', port, recipes }], {
    current: () => ({ accessKeyId: `key ${generation}`, secretAccessKey: 'b' }),
    get generation() {
      return generation;
    },
    refused: (_, of) => refused.push(of) > 0,
  });
  heartbeats.track({ port, token: 't', everyMs: 20_000, leasedAt: 0, onGone: () => {} });
  await clock.advance(0);
  const error = { name: 'ExpiredTokenException', message: 'expired' };
  const refuse = async (of: number): Promise<void> => {
    tell({ kind: 'refused', generation: of, type: error.name, error });
    await clock.advance(0);
  };
  await refuse(0);
  expect(refused).toEqual([0]);
  generation = 1;
  await refuse(0);
  await refuse(0);
  expect(refused).toEqual([0]);
  await refuse(1);
  expect(refused).toEqual([0, 1]);
  await heartbeats.close();
});
