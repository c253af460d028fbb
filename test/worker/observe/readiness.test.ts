import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DeleteActivityCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { TaskContext } from 'stepwright';
import type { PollAnswer } from '../../../src/framework/aws/activity-port.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import type { Worker } from '../../../src/framework/worker/worker.js';
import { portOf, workerOn } from '../../support/port.js';
import { activity, holding } from '../../support/work.js';
import { ARN, useWorld } from '../../support/world.js';

const world = useWorld();
const { faults } = world;
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const seconds = (n: number): Promise<void> => world.clock.advance(n * 1000);

/** Looks each second, and gives the seconds at which readiness changed, and what it was then. */
async function changes(worker: Worker, clock: HandClock, forSeconds: number): Promise<[number, boolean][]> {
  const seen: [number, boolean][] = [];
  for (let second = 0; second < forSeconds; second++) {
    const { ready } = worker.status();
    if (ready !== (seen.at(-1)?.[1] ?? false)) seen.push([second, ready]);
    await clock.advance(1_000);
  }
  return seen;
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const one = { activities: [activity(() => 1)] };

describe('a worker is never ready where', () => {
  test('nothing listens', async () => {
    const { worker } = await world.worker({ ...one, endpoint: 'http://127.0.0.1:1' });
    expect(await changes(worker, world.clock, 200)).toEqual([]);
    expect(worker.status().reasons).toEqual([
      'Work.run: its polls are unreachable: nothing listens there (ECONNREFUSED)',
    ]);
  });

  test("a captive portal's page answers", async () => {
    const endpoint = await serve((_, response) => response.end('<html>please log in</html>'));
    const { worker } = await world.worker({ ...one, endpoint });
    expect(await changes(worker, world.clock, 30)).toEqual([]);
    expect(worker.status().reasons).toEqual([
      expect.stringMatching(/: something else than the service answers \(StrangeAnswer\)$/),
    ]);
  });

  test('connections are never made', async () => {
    const clock = new HandClock();
    const timedOut = async (): Promise<PollAnswer> => {
      await clock.sleep(5_000);
      // As undici tells it of an endpoint that drops SYNs.
      const error = Object.assign(new Error('Connect Timeout Error'), { code: 'UND_ERR_CONNECT_TIMEOUT' });
      return { kind: 'failed', trouble: 'unreachable', mayHaveLostToken: false, error };
    };
    const worker = workerOn(portOf(timedOut), { clock });
    expect(await changes(worker, clock, 300)).toEqual([]);
    expect(worker.status().reasons[0]).toMatch(
      /: its polls are unreachable: no connection is made \(UND_ERR_CONNECT_TIMEOUT\)$/,
    );
    void worker.stop();
  });
});

test('an endpoint that takes every call and answers none looks ready once, for the limit of a poll, and never again', async () => {
  const endpoint = await serve(() => {});
  const { worker } = await world.worker({ ...one, endpoint, grace: '0s' });
  const seen = await changes(worker, world.clock, 300);
  expect(seen).toHaveLength(2);
  expect(seen).toMatchObject([
    [expect.any(Number), true],
    [expect.any(Number), false],
  ]);
  expect(seen[0]?.[0]).toBeLessThanOrEqual(3);
  expect(seen[1]?.[0]).toBeLessThanOrEqual(77);
});

test('a new worker is ready when the service has held its poll for 2 s, and no more when it drains', async () => {
  world.machine(ARN);
  const { worker } = await world.worker(one);
  expect(worker.status()).toMatchObject({ ready: false, reasons: ['Work.run: no poll was answered yet'] });
  expect(await changes(worker, world.clock, 600)).toEqual([[2, true]]);
  void worker.stop();
  expect(worker.status()).toMatchObject({ ready: false, reasons: ['the worker is draining'] });
});

test.each([
  [30_000, 'unreachable'],
  [3_000, 'refused'],
] as const)(
  'polls that are held for %i ms and then %s are credit once, and never again',
  async (ms, trouble) => {
    const clock = new HandClock();
    const poll = async (
      _arn: string,
      _name: string,
      _signal: AbortSignal,
      onSent: () => void,
    ): Promise<PollAnswer> => {
      onSent();
      await clock.sleep(ms);
      return { kind: 'failed', trouble, mayHaveLostToken: false, error: new Error('why') };
    };
    const worker = workerOn(portOf(poll), { clock });
    expect((await changes(worker, clock, 600)).length).toBeLessThanOrEqual(2);
    expect(worker.status().ready).toBe(false);
    void worker.stop();
  },
);

test.each(['20s', false] as const)(
  'a full worker is ready also when its task of minutes has just ended (heartbeat: %s)',
  async (heartbeat) => {
    const handle = (): Promise<void> => world.clock.sleep(200_000);
    const machine = world.machine(ARN);
    const { worker } = await world.worker({ activities: [activity(handle, { concurrency: 1, heartbeat })] });
    for (let n = 0; n < 4; n++) await world.execute(machine, n);
    await seconds(3);
    expect(await changes(worker, world.clock, 900)).toEqual([[0, true]]);
  },
);

test('a blip takes no worker out', async () => {
  world.machine(ARN);
  const { worker } = await world.worker(one);
  await seconds(3);
  faults.once('GetActivityTask', { kind: 'reset-before' }, { kind: 'status', status: 500 });
  expect(await changes(worker, world.clock, 300)).toEqual([[0, true]]);
});

test('a worker that finds no room for a poll stays ready until its last answer is too old', async () => {
  world.machine(ARN);
  const { worker } = await world.worker(one);
  await seconds(65);
  const full = { kind: 'error', error: 'ActivityWorkerLimitExceeded' } as const;
  faults.always('GetActivityTask', full);
  await seconds(80);
  expect(worker.status()).toMatchObject({
    ready: true,
    handlers: [{ polls: { trouble: { kind: 'crowded' } } }],
  });
  await seconds(120);
  expect(worker.status().reasons).toEqual([expect.stringMatching(/^Work\.run: its polls are crowded: /)]);
});

describe('a worker that was ready is not ready any more, once, where', () => {
  test('the activity is deleted while polls are parked', async () => {
    world.machine(ARN);
    const { worker } = await world.worker(one);
    await seconds(3);
    await world.client.send(new DeleteActivityCommand({ activityArn: ARN }));
    const seen = await changes(worker, world.clock, 300);
    expect(seen.map(([, ready]) => ready)).toEqual([true, false]);
    expect(seen[1]?.[0]).toBeLessThanOrEqual(150);
    expect(worker.status().reasons).toEqual([
      'Work.run: its polls are refused: the activity does not exist (ActivityDoesNotExist)',
    ]);
  });

  test('access is revoked, and is again when it is granted', async () => {
    world.machine(ARN);
    const { worker } = await world.worker(one);
    await seconds(3);
    faults.always('GetActivityTask', { kind: 'error', error: 'AccessDeniedException' });
    const seen = await changes(worker, world.clock, 300);
    expect(seen.map(([, ready]) => ready)).toEqual([true, false]);
    expect(seen[1]?.[0]).toBeLessThanOrEqual(150);
    faults.always('GetActivityTask', undefined);
    expect((await changes(worker, world.clock, 120)).map(([, ready]) => ready)).toEqual([true]);
  });

  test('the service stops answering what it takes', async () => {
    world.machine(ARN);
    const { worker } = await world.worker(one);
    await seconds(61);
    faults.always('GetActivityTask', { kind: 'black-hole' });
    const seen = await changes(worker, world.clock, 500);
    expect(seen.map(([, ready]) => ready)).toEqual([true, false]);
    expect(seen[1]?.[0]).toBeLessThanOrEqual(150);
  });
});

test('credentials that are rotated in a second are no reason', async () => {
  world.machine(ARN);
  const { worker } = await world.worker(one);
  await seconds(3);
  faults.once('GetActivityTask', { kind: 'error', error: 'ExpiredTokenException' });
  expect(await changes(worker, world.clock, 200)).toEqual([[0, true]]);
});

test.each(['20s', false] as const)(
  'a worker whose one slot works for hours is ready (heartbeat: %s)',
  async (heartbeat) => {
    const { type, held } = holding({ concurrency: 1, heartbeat });
    const machine = world.machine(ARN);
    const { worker } = await world.worker({ activities: [type] });
    await world.execute(machine);
    await world.clock.settle(() => held.length === 1);
    expect(await changes(worker, world.clock, 1_000)).toEqual([[0, true]]);
    expect(worker.status().tasks).toMatchObject([{ handler: 'Work.run', phase: 'handling' }]);
  },
);

test('a full worker whose heartbeats are not taken any more is not ready', async () => {
  const { type, held } = holding({ concurrency: 1 });
  const machine = world.machine(ARN);
  const { worker } = await world.worker({ activities: [type] });
  await world.execute(machine);
  await world.clock.settle(() => held.length === 1);
  await seconds(30);
  faults.always('SendTaskHeartbeat', { kind: 'reset-before' });
  expect((await changes(worker, world.clock, 200)).map(([, ready]) => ready)).toEqual([true, false]);
});

test('a full worker that takes long for one result is ready when that is taken, too', async () => {
  faults.always('SendTaskSuccess', { kind: 'error', error: 'AccessDeniedException' });
  const { type, held } = holding({ concurrency: 1, heartbeat: '10m' });
  const machine = world.machine(ARN);
  const { worker } = await world.worker({ activities: [type] });
  for (let n = 0; n < 2; n++) await world.execute(machine, n);
  await world.clock.settle(() => held.length === 1);
  held[0]?.succeed();
  await world.clock.settle(() => held.length === 2);
  await seconds(60);
  faults.always('SendTaskSuccess', undefined);
  expect(await changes(worker, world.clock, 80)).toEqual([[0, true]]);
});

test('a poll that hung is forgotten with the next answer: one that is held counts again', async () => {
  world.machine(ARN);
  faults.once('GetActivityTask', { kind: 'black-hole' });
  const { worker } = await world.worker(one);
  await seconds(140);
  expect(worker.status().handlers[0]?.polls).toMatchObject({ heldInVain: false });
  faults.always('GetActivityTask', { kind: 'reset-before' });
  await seconds(180);
  expect(worker.status().ready).toBe(false);
  faults.always('GetActivityTask', undefined);
  await seconds(5);
  expect(worker.status().ready).toBe(true);
});

test('heartbeats that are taken are answers, also while polls hang', async () => {
  const { type } = holding({ concurrency: 2 });
  const machine = world.machine(ARN);
  const { worker } = await world.worker({ activities: [type], grace: '0s' });
  await world.execute(machine);
  await seconds(1);
  faults.always('GetActivityTask', { kind: 'black-hole' });
  expect(await changes(worker, world.clock, 300)).toEqual([[0, true]]);
});

test('slots that only handlers hold which ignore their signal are a reason, and an error line', async () => {
  const { type, held } = holding({ concurrency: 2, timeout: '10s' });
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [type] });
  for (let n = 0; n < 5; n++) await world.execute(machine, n);
  await world.clock.settle(() => held.length === 2);
  const seen = await changes(w.worker, world.clock, 200);
  expect(seen.map(([, ready]) => ready)).toEqual([true, false]);
  // The signals abort after 10 s, and are ignored for 30 s. It is looked at each second.
  expect(seen.at(-1)?.[0]).toBeLessThanOrEqual(41);
  const reason = 'no slot is left for a task: held 2 by handlers that ignore their signal';
  expect(w.worker.status().reasons).toEqual([`Work.run: ${reason}`]);
  expect(w.log.filter(({ level }) => level === 'error')).toMatchObject([
    { msg: `${reason}; no new task is received until one of its tasks ends`, ignoring: 2, undelivered: 0 },
  ]);
  held[0]?.succeed();
  await seconds(3);
  expect(w.worker.status().ready).toBe(true);
  expect(w.of('slots:freed')).toHaveLength(1);
});

test('nobody is told of stuck slots while the worker drains: it asks for no task anyway', async () => {
  const { type, held } = holding({ concurrency: 1, timeout: '10s' });
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [type], grace: '300s' });
  await world.execute(machine);
  await world.clock.settle(() => held.length === 1);
  void w.worker.stop();
  await seconds(120);
  expect(w.of('slots:stuck')).toEqual([]);
  held[0]?.succeed();
});

test('a slot whose handler still works is none that is held for good', async () => {
  const handle = (input: unknown, { signal }: TaskContext): Promise<unknown> =>
    input === 'works' ? world.clock.sleep(600_000, signal) : new Promise(() => {});
  const machine = world.machine(ARN);
  const activities = [activity(handle, { concurrency: 2 })];
  const w = await world.worker({ activities, grace: '0s' });
  await world.execute(machine, 'works');
  const executionArn = await world.execute(machine, 'ignores');
  await seconds(1);
  await world.client.send(new StopExecutionCommand({ executionArn }));
  expect(await changes(w.worker, world.clock, 120)).toEqual([[0, true]]);
  expect(w.of('task:ignored-abort')).toHaveLength(1);
  expect(w.of('slots:stuck')).toEqual([]);
});

test('slots that refused results hold are a reason, and come free with them', async () => {
  faults.always('SendTaskSuccess', { kind: 'error', error: 'AccessDeniedException' });
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [activity(() => 'done', { concurrency: 2 })] });
  for (let n = 0; n < 9; n++) await world.execute(machine, n);
  const seen = await changes(w.worker, world.clock, 120);
  expect(seen.map(([, ready]) => ready)).toEqual([true, false]);
  expect(w.worker.status().reasons).toEqual([
    'Work.run: no slot is left for a task: held 4 by results that the service does not take',
  ]);
  expect(w.of('slots:stuck')).toMatchObject([{ ignoring: 0, undelivered: 4 }]);
  faults.always('SendTaskSuccess', undefined);
  await seconds(60);
  expect(w.worker.status()).toMatchObject({ ready: true, counts: { succeeded: 9 } });
});
