import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Fault } from 'stepwright/local';
import { type FaultPlan, faultPlan } from '../support/faults.js';
import { activity, holding } from '../support/work.js';
import { ARN, createWorld, type World, type WorkerWorld } from '../support/world.js';

let world: World;
let faults: FaultPlan;
beforeEach(async () => {
  faults = faultPlan();
  world = await createWorld({ fault: faults.hook });
});
afterEach(() => world.close());

const seconds = (n: number): Promise<void> => world.clock.advance(n * 1000);
const polls = (): number => faults.count('GetActivityTask');
const levelOf = (w: WorkerWorld, text: string): unknown[] =>
  w.log.filter(({ msg }) => String(msg).includes(text)).map(({ level }) => level);

test('a poll that is never answered is given up after 75 s, counted as a possibly lost token, and the loop goes on', async () => {
  const machine = world.machine(ARN);
  faults.once('GetActivityTask', { kind: 'black-hole' });
  const w = await world.worker({ activities: [activity(() => 1)] });
  await seconds(74);
  expect(w.of('poll:token-possibly-lost')).toEqual([]);
  await seconds(2);
  expect(w.of('poll:token-possibly-lost')).toMatchObject([{ handler: 'Work.run', activityArn: ARN }]);
  const execution = await world.execute(machine);
  await seconds(1);
  expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED' });
  expect(w.worker.status().counts.tokensPossiblyLost).toBe(1);
});

test('a poll may hang beyond its limit during a drain, until the grace is over too', async () => {
  world.machine(ARN);
  faults.once('GetActivityTask', { kind: 'black-hole' });
  const w = await world.worker({ activities: [activity(() => 1)], grace: '100s' });
  await seconds(1);
  void w.worker.stop();
  await seconds(99);
  expect(w.of('poll:token-possibly-lost')).toEqual([]);
  await seconds(2);
  expect(w.of('poll:token-possibly-lost')).toHaveLength(1);
  expect(w.worker.status().state).toBe('stopped');
});

describe('a lease whose answer is lost', () => {
  const losing: [string, Fault][] = [
    ['reset instead of the answer', { kind: 'answer-lost' }],
    ['reset in the middle of the answer', { kind: 'reset-during' }],
    ['a torn body', { kind: 'torn-body' }],
  ];
  test.each(losing)('is counted, and the state machine brings the task back: %s', async (_, fault) => {
    const machine = world.machine(ARN, {
      HeartbeatSeconds: 50,
      Retry: [{ ErrorEquals: ['States.Timeout'], IntervalSeconds: 1, MaxAttempts: 1 }],
    });
    faults.once('GetActivityTask', fault);
    const w = await world.worker({ activities: [activity(() => 'again')] });
    const execution = await world.execute(machine);
    await seconds(5);
    expect(w.of('poll:token-possibly-lost')).toHaveLength(1);
    expect(await world.describe(execution)).toMatchObject({ status: 'RUNNING' });
    await seconds(50);
    expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED', output: '"again"' });
  });

  test('is no loss where nothing was sent, or the service itself refused', async () => {
    world.machine(ARN);
    faults.once(
      'GetActivityTask',
      { kind: 'error', error: 'ThrottlingException' },
      { kind: 'status', status: 503 },
    );
    const w = await world.worker({ activities: [activity(() => 1)] });
    await seconds(30);
    expect(w.of('poll:token-possibly-lost')).toEqual([]);
  });
});

describe('trouble', () => {
  test('throttling halves the polls, which then recover step by step', async () => {
    const machine = world.machine(ARN);
    const { type, held } = holding({ concurrency: 16 });
    const w = await world.worker({ activities: [type], pollers: { min: 8, max: 16 } });
    const target = () => w.worker.status().handlers[0]?.polls.target;
    await seconds(1);
    faults.once('GetActivityTask', { kind: 'error', error: 'ActivityWorkerLimitExceeded' });
    await world.execute(machine);
    await world.clock.settle(() => w.of('poll:failed').length === 1);
    expect(w.of('poll:failed')).toMatchObject([
      { trouble: 'throttled', error: { name: 'ActivityWorkerLimitExceeded' } },
    ]);
    expect(target()).toBe(4);
    for (let n = 0; n < 4; n++) await world.execute(machine);
    await seconds(5);
    expect(held.length).toBe(5);
    expect(w.of('poll:recovered')).toHaveLength(1);
    expect(target()).toBeGreaterThan(4);
  });

  test.each(['ActivityDoesNotExist', 'AccessDeniedException', 'ExpiredTokenException'] as const)(
    '%s is loud and slow: one error line, and a try each 5 to 30 s',
    async (error) => {
      world.machine(ARN);
      faults.always('GetActivityTask', { kind: 'error', error });
      const w = await world.worker({ activities: [activity(() => 1)] });
      await seconds(300);
      expect(polls()).toBeGreaterThan(8);
      expect(polls()).toBeLessThan(25);
      expect(w.of('poll:failed')).toMatchObject([{ trouble: 'refused', error: { name: error } }]);
      expect(levelOf(w, 'polls are refused')).toEqual(['error']);
      expect(w.worker.status()).toMatchObject({ ready: false, reasons: [expect.stringContaining(error)] });
      faults.always('GetActivityTask', undefined);
      await world.execute(world.machine(ARN));
      await seconds(31);
      expect(w.of('poll:recovered')).toHaveLength(1);
      expect(w.worker.status().ready).toBe(true);
    },
  );

  test('a throttle is recovered from step by step also where the number of pollers is fixed', async () => {
    world.machine(ARN);
    const w = await world.worker({ activities: [activity(() => 1, { pollers: 8 })] });
    const target = () => w.worker.status().handlers[0]?.polls.target;
    faults.once('GetActivityTask', { kind: 'error', error: 'ThrottlingException' });
    await seconds(30);
    expect(target()).toBe(4);
    await seconds(40);
    expect(target()).toBeGreaterThan(4);
    await seconds(120);
    expect(target()).toBe(8);
    expect(world.service.parkedPolls).toBe(8);
  });

  test('of changing kinds is one trouble: each kind is told once, and the waits grow', async () => {
    world.machine(ARN);
    const both = [
      { kind: 'error', error: 'ThrottlingException' },
      { kind: 'status', status: 503 },
    ] as const;
    faults.once('GetActivityTask', ...Array.from({ length: 200 }, (_, n) => both[n % 2] ?? both[0]));
    const w = await world.worker({ activities: [activity(() => 1)] });
    await seconds(120);
    expect(w.of('poll:failed').map(({ trouble }) => trouble)).toEqual(['throttled', 'unreachable']);
    expect(polls()).toBeLessThan(40);
  });

  test('is felt for by one poll at a time, also when slots come free', async () => {
    const { type, held } = holding({ concurrency: 8, pollers: 8 });
    const machine = world.machine(ARN);
    await world.worker({ activities: [type] });
    await Promise.all(Array.from({ length: 8 }, (_, n) => world.execute(machine, n)));
    await world.clock.settle(() => held.length === 8);
    faults.once('GetActivityTask', { kind: 'reset-before' });
    held[0]?.succeed();
    await seconds(10);
    expect(world.service.parkedPolls).toBe(1);
    for (const { succeed } of held) succeed();
    await seconds(1);
    expect(world.service.parkedPolls).toBe(1);
    await seconds(60);
    expect(world.service.parkedPolls).toBe(8);
  });

  test('a service in trouble is tried again, at first soon and then every few seconds', async () => {
    world.machine(ARN);
    faults.always('GetActivityTask', { kind: 'reset-before' });
    const w = await world.worker({ activities: [activity(() => 1)] });
    await seconds(2);
    expect(polls()).toBeGreaterThan(3);
    await seconds(118);
    expect(polls()).toBeLessThan(60);
    expect(w.of('poll:failed')).toMatchObject([{ trouble: 'unreachable' }]);
    expect(levelOf(w, 'polls do not reach')).toEqual(['warn']);
  });

  test('an answer that says it is over is told once, with how long it took', async () => {
    const machine = world.machine(ARN);
    faults.once('GetActivityTask', { kind: 'status', status: 503 }, { kind: 'status', status: 500 });
    const w = await world.worker({ activities: [activity(() => 1)] });
    await world.execute(machine);
    await seconds(10);
    expect(w.of('poll:recovered')).toMatchObject([{ failures: 2, handler: 'Work.run' }]);
    expect(levelOf(w, 'answered again')).toEqual(['info']);
  });
});

test('an endpoint that answers empty at once is not asked in a tight loop', async () => {
  world.machine(ARN);
  world.service.endPolls();
  await world.worker({ activities: [activity(() => 1)] });
  await seconds(20);
  expect(polls()).toBeGreaterThan(10);
  expect(polls()).toBeLessThan(50);
});

describe('readiness', () => {
  test('comes with a poll that the service holds, and goes with a drain', async () => {
    world.machine(ARN);
    const w = await world.worker({ activities: [activity(() => 1)] });
    expect(w.worker.status()).toMatchObject({
      ready: false,
      reasons: ['Work.run: no poll was answered yet'],
    });
    await seconds(2);
    expect(w.worker.status()).toMatchObject({ ready: true, reasons: [] });
    await seconds(600);
    expect(w.worker.status().ready).toBe(true);
    void w.worker.stop();
    expect(w.worker.status()).toMatchObject({ ready: false, reasons: ['the worker is draining'] });
  });

  test('comes back with the next poll that the service holds, not only with its answer', async () => {
    world.machine(ARN);
    const w = await world.worker({ activities: [activity(() => 1)] });
    faults.once('GetActivityTask', { kind: 'reset-before' });
    await world.clock.settle(() => w.of('poll:failed').length === 1);
    expect(w.worker.status().ready).toBe(false);
    await seconds(5);
    expect(w.worker.status().ready).toBe(true);
  });

  test('stays while all slots are busy and nothing is polled', async () => {
    const { type, held } = holding({ concurrency: 1 });
    const machine = world.machine(ARN);
    const w = await world.worker({ activities: [type] });
    await world.execute(machine);
    await world.clock.settle(() => held.length === 1);
    await seconds(600);
    expect(w.worker.status()).toMatchObject({
      ready: true,
      tasks: [{ handler: 'Work.run', phase: 'handling' }],
    });
  });
});
