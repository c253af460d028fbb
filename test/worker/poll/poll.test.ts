import { describe, expect, test } from '@jest/globals';
import type { Fault } from 'stepwright/local';
import { activity, holding } from '../../support/work.js';
import { ARN, useWorld, type WorkerWorld } from '../../support/world.js';

const world = useWorld();
const { faults } = world;

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
    ["a gateway's 500", { kind: 'status', status: 500, done: true }],
    ["a gateway's 503", { kind: 'status', status: 503, done: true }],
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

  test('is no loss where the service itself refused', async () => {
    world.machine(ARN);
    faults.once(
      'GetActivityTask',
      { kind: 'error', error: 'ThrottlingException' },
      { kind: 'error', error: 'ActivityWorkerLimitExceeded' },
    );
    const w = await world.worker({ activities: [activity(() => 1)] });
    await seconds(30);
    expect(w.of('poll:token-possibly-lost')).toEqual([]);
  });
});

describe('trouble', () => {
  const polling = async (options: object = {}) => {
    const machine = world.machine(ARN);
    const { type, held } = holding({ concurrency: 20, ...options });
    const w = await world.worker({ activities: [type] }, { random: 0.5 });
    return { machine, held, w };
  };

  test('a poll that failed waits by itself, and the others go on', async () => {
    const { machine, held, w } = await polling({ pollers: 8 });
    await seconds(1);
    faults.once('GetActivityTask', { kind: 'status', status: 503 });
    await world.execute(machine);
    await world.clock.settle(() => held.length === 1 && w.of('poll:failed').length === 1);
    await seconds(0);
    expect(world.service.parkedPolls).toBe(7);
    await seconds(1);
    expect(world.service.parkedPolls).toBe(8);
  });

  test('is told once, and once that it is over, however often polls fail and succeed in between', async () => {
    const { machine, held, w } = await polling({ pollers: 1 });
    for (let n = 0; n < 60; n++) {
      if (n % 3 === 0) faults.once('GetActivityTask', { kind: 'reset-before' });
      await world.execute(machine, n);
      await seconds(1);
      held.at(-1)?.succeed();
    }
    expect(w.of('poll:failed')).toMatchObject([{ trouble: 'unreachable' }]);
    expect(w.of('poll:recovered')).toEqual([]);
    await seconds(31);
    expect(w.of('poll:recovered')).toHaveLength(1);
    expect(levelOf(w, 'polls fail')).toEqual(['warn']);
    expect(levelOf(w, 'answered again')).toEqual(['info']);
  });

  test('is told once also after an outage that is over', async () => {
    const { machine, held, w } = await polling();
    faults.always('GetActivityTask', { kind: 'reset-before' });
    await seconds(20);
    faults.always('GetActivityTask', undefined);
    await world.execute(machine);
    await seconds(5);
    expect(w.of('poll:recovered')).toHaveLength(1);
    for (let n = 0; n < 12; n++) {
      if (n % 3 === 0) faults.once('GetActivityTask', { kind: 'reset-before' });
      await world.execute(machine, n);
      await seconds(1);
      held.at(-1)?.succeed();
    }
    expect(w.of('poll:failed')).toHaveLength(2);
    expect(w.of('poll:recovered')).toHaveLength(1);
  });

  test('a poll that finds no room for one more waits for a minute, and the others go on', async () => {
    const { w } = await polling({ pollers: 16 });
    faults.once('GetActivityTask', { kind: 'error', error: 'ActivityWorkerLimitExceeded' });
    await seconds(1);
    expect(w.of('poll:failed')).toMatchObject([{ trouble: 'crowded' }]);
    expect(world.service.parkedPolls).toBe(15);
    const before = polls();
    await seconds(55);
    expect(polls()).toBe(before);
    await seconds(6);
    expect(world.service.parkedPolls).toBe(16);
  });

  test.each(['ActivityDoesNotExist', 'AccessDeniedException', 'ExpiredTokenException'] as const)(
    '%s is loud and slow: one error line, and a try less and less often, every 30 s in the end',
    async (error) => {
      world.machine(ARN);
      faults.always('GetActivityTask', { kind: 'error', error });
      const w = await world.worker({ activities: [activity(() => 1)] });
      await seconds(300);
      expect(polls()).toBeGreaterThan(8);
      expect(polls()).toBeLessThan(40);
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

  test('polls for an activity that does not exist name the nearest ones, of one listing a region', async () => {
    for (const name of ['Work', 'Unlike']) world.service.seedActivity(ARN.replace('Work', name));
    const missing = (name: string) => activity(() => 1, {}, ARN.replace('Work', name));
    const w = await world.worker({ activities: [missing('Wrok'), missing('Wokr')] });
    const said = (): unknown[] => w.log.filter(({ msg }) => /the nearest/.test(String(msg)));
    await seconds(1);
    await world.clock.settle(() => said().length === 2);
    const msg = "there is no activity 'Wrok' in us-east-1; the nearest are Work, Unlike";
    expect(said()).toMatchObject([{ level: 'error', handler: 'Wrok.run', msg }, { handler: 'Wokr.run' }]);
    expect(faults.count('ListActivities')).toBe(1);
  });

  test('polls at a region without any activity say that the region or the account is wrong', async () => {
    const w = await world.worker({ activities: [activity(() => 1, {}, ARN.replace('Work', 'Wrok'))] });
    const said = (): unknown[] => w.log.filter(({ msg }) => /no activity at all/.test(String(msg)));
    await seconds(1);
    await world.clock.settle(() => said().length === 1);
    const msg = expect.stringMatching(
      /^us-east-1 has no activity at all for these credentials: most likely the region or the account is wrong\. Fix: correct the region in the ARN/,
    );
    expect(said()).toMatchObject([{ level: 'error', handler: 'Wrok.run', msg }]);
  });

  test('where activities may not be listed, the log says that polls are refused and no more', async () => {
    faults.always('ListActivities', { kind: 'error', error: 'AccessDeniedException' });
    const w = await world.worker({ activities: [activity(() => 1, {}, ARN.replace('Work', 'Wrok'))] });
    await seconds(20);
    expect(faults.count('ListActivities')).toBe(1);
    expect(w.log.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  test('an answer to a poll that was sent before access was revoked is no news of its end', async () => {
    const { machine, held, w } = await polling({ pollers: 20 });
    await world.execute(machine);
    await world.clock.settle(() => held.length === 1 && world.service.parkedPolls === 19);
    faults.always('GetActivityTask', { kind: 'error', error: 'AccessDeniedException' });
    const before = polls();
    held[0]?.succeed();
    await seconds(65);
    expect(polls() - before).toBeLessThan(10);
    expect(w.of('poll:failed')).toHaveLength(1);
    expect(w.of('poll:recovered')).toEqual([]);
  });

  test('of changing kinds is one trouble: each kind is told once, and the waits grow', async () => {
    world.machine(ARN);
    const both = [
      { kind: 'error', error: 'ThrottlingException' },
      { kind: 'status', status: 503 },
    ] as const;
    faults.once('GetActivityTask', ...Array.from({ length: 200 }, (_, n) => both[n % 2] ?? both[0]));
    const w = await world.worker({ activities: [activity(() => 1)] }, { random: 1 });
    await seconds(120);
    expect(w.of('poll:failed').map(({ trouble }) => trouble)).toEqual(['throttled', 'unreachable']);
    expect(polls()).toBeLessThan(60);
  });

  test('where nothing gets through, one poll at a time feels its way, also when slots come free', async () => {
    const { machine, held, w } = await polling({ pollers: 20 });
    await Promise.all(Array.from({ length: 20 }, (_, n) => world.execute(machine, n)));
    await world.clock.settle(() => held.length === 20);
    faults.always('GetActivityTask', { kind: 'reset-before' });
    for (const { succeed } of held.slice(0, 12)) succeed();
    await seconds(2);
    expect(w.worker.status().handlers[0]?.polls).toMatchObject({ target: 1 });
    const before = polls();
    for (const { succeed } of held.slice(12)) succeed();
    await seconds(10);
    expect(polls() - before).toBeLessThan(16);
    faults.always('GetActivityTask', undefined);
    while (world.service.parkedPolls === 0) await world.clock.advance(100);
    expect(world.service.parkedPolls).toBe(1);
    await world.execute(machine);
    await world.clock.settle(() => world.service.parkedPolls === 19);
  });

  test('an outage is tried about once a second, told once, and its end with the first answer', async () => {
    const machine = world.machine(ARN);
    faults.always('GetActivityTask', { kind: 'reset-before' });
    const w = await world.worker({ activities: [activity(() => 1)] }, { random: 0.5 });
    await seconds(120);
    expect(polls()).toBeGreaterThan(80);
    expect(polls()).toBeLessThan(140);
    expect(w.of('poll:failed')).toMatchObject([{ trouble: 'unreachable' }]);
    expect(levelOf(w, 'polls fail')).toEqual(['warn']);
    faults.always('GetActivityTask', undefined);
    await world.execute(machine);
    await seconds(2);
    expect(w.of('poll:recovered')).toMatchObject([{ handler: 'Work.run' }]);
    expect(levelOf(w, 'answered again')).toEqual(['info']);
    expect(w.worker.status().counts.succeeded).toBe(1);
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
