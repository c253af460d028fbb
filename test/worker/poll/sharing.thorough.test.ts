import { afterEach, expect, test } from '@jest/globals';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import type { PollAnswer } from '../../../src/framework/aws/activity-port.js';
import { tries } from '../../support/effort.js';
import { bucket, portOf, seeded, task, workerOn } from '../../support/port.js';
import { activity } from '../../support/work.js';
import { ARN, createWorld, type World } from '../../support/world.js';

let world: World | undefined;
afterEach(() => world?.close());

const KEYED = `${ARN}Keyed`;

test('a throttled key slows the polls of its own handler alone', async () => {
  const polls = { keyed: 0 };
  world = await createWorld({
    fault: ({ operation, body }) => {
      if (operation !== 'GetActivityTask') return undefined;
      if ((body as { activityArn: string }).activityArn !== KEYED) return undefined;
      polls.keyed++;
      return { kind: 'error', error: 'KmsThrottlingException' };
    },
  });
  const { clock, service } = world;
  service.seedActivity(KEYED);
  const machine = world.machine(ARN);
  const [keyed, other] = [activity(() => 1, { pollers: 10 }, KEYED), activity(() => 1, { pollers: 10 })];
  const w = await world.worker({ activities: [keyed, other] }, { random: 0.5 });
  await clock.advance(20_000);
  expect(w.of('poll:failed')).toMatchObject([{ handler: 'WorkKeyed.run', trouble: 'throttled' }]);
  for (let n = 0; n < 100; n++) await world.execute(machine, n);
  await clock.advance(2_000);
  expect(w.worker.status().counts.succeeded).toBe(100);
  const before = polls.keyed;
  await clock.advance(20_000);
  expect(polls.keyed - before).toBeGreaterThanOrEqual(3);
  expect(polls.keyed - before).toBeLessThanOrEqual(20);
});

test('a throttled key slows the reports of its own handler alone', async () => {
  world = await createWorld({
    fault: ({ operation, body }) =>
      operation === 'SendTaskSuccess' && (body as { output: string }).output === '"keyed"'
        ? { kind: 'error', error: 'KmsThrottlingException' }
        : undefined,
  });
  const { clock } = world;
  const [keyedMachine, machine] = [world.machine(KEYED), world.machine(ARN)];
  const keyed = activity(() => 'keyed', { concurrency: 20 }, KEYED);
  const w = await world.worker({ activities: [keyed, activity(() => 'other')] }, { random: 0.5 });
  for (let n = 0; n < 20; n++) await world.execute(keyedMachine, n);
  await clock.advance(10_000);
  expect(w.of('report:retried').length).toBeGreaterThan(100);
  for (let n = 0; n < 5; n++) {
    await world.execute(machine, n);
    await clock.advance(100);
  }
  expect(w.of('task:succeeded').map(({ handler }) => handler)).toEqual(Array(5).fill('Work.run'));
});

test('the first polls of a thousand handlers are spread over a second or two, and no burst', async () => {
  const clock = new HandClock(undefined, { promisesOnly: true });
  const started = clock.now();
  const first = new Map<string, number>();
  const port = portOf((arn) => {
    if (!first.has(arn)) first.set(arn, clock.now() - started);
    return new Promise(() => {});
  });
  const names = Array.from({ length: 1_000 }, (_, n) => `h${n}`);
  workerOn(port, { clock, names, random: seeded(1) });
  await clock.advance(2_000);
  const sentAt = [...first.values()];
  expect(sentAt).toHaveLength(1_000);
  const inTenth = (from: number): number => sentAt.filter((at) => at >= from && at < from + 100).length;
  expect(Math.max(...Array.from({ length: 20 }, (_, n) => inTenth(n * 100)))).toBeLessThanOrEqual(100);
});

const THROTTLED: PollAnswer = {
  kind: 'failed',
  trouble: 'throttled',
  mayHaveLostToken: false,
  error: Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' }),
};

test.each([1, 2, 3])(
  'five handlers share ten polls a second evenly, and none waits long (seed %i)',
  async (seed) => {
    const clock = new HandClock(0);
    const refuse = bucket(clock, 10);
    const names = ['a', 'b', 'c', 'd', 'e'];
    const leasedAt = new Map(names.map((name): [string, number[]] => [`arn:${name}`, []]));
    let tasks = 0;
    const port = portOf(async (arn, _worker, _signal, onSent) => {
      onSent();
      await clock.sleep(20);
      if (refuse()) return THROTTLED;
      leasedAt.get(arn)?.push(clock.now());
      return task(tasks++);
    });
    const worker = workerOn(port, { clock, names, work: () => clock.sleep(300), random: seeded(seed) });
    await clock.advance(65_000);
    // The burst of a full bucket goes to whoever asks first.
    const leases = [...leasedAt.values()].map((all) => all.filter((at) => at >= 5_000).length);
    expect(Math.max(...leases)).toBeLessThanOrEqual(1.1 * Math.min(...leases));
    expect(leases.reduce((sum, each) => sum + each, 0)).toBeGreaterThanOrEqual(0.98 * 600);
    const gaps = [...leasedAt.values()].map((all) =>
      Math.max(...[...all, 65_000].map((at, index) => at - (all[index - 1] ?? 0))),
    );
    expect(Math.max(...gaps)).toBeLessThanOrEqual(3_000);
    void worker.stop();
  },
);

test('a handler whose polls alone are throttled takes no turns from the others for long', async () => {
  const clock = new HandClock(0, { promisesOnly: true });
  const refuse = bucket(clock, 20);
  const leases = { a: 0, b: 0, c: 0 };
  const port = portOf(async (arn, _worker, _signal, onSent) => {
    onSent();
    await clock.sleep(20);
    if (arn === 'arn:a' || refuse()) return THROTTLED;
    return task(leases[arn === 'arn:b' ? 'b' : 'c']++);
  });
  const options = { clock, names: ['a', 'b', 'c'], work: () => clock.sleep(300), random: seeded(1) };
  const worker = workerOn(port, options);
  await clock.advance(60_000);
  expect(Math.min(leases.b, leases.c)).toBeGreaterThan(60);
  void worker.stop();
});

test.each([1, 2, 3, 4, 5, 6, 7, 8].slice(0, tries(4)))(
  'twenty workers fill a quota of 40 polls a second and share it (seed %i)',
  async (seed) => {
    const clock = new HandClock(0, { promisesOnly: true });
    const refuse = bucket(clock, 40);
    // At first the bucket is empty.
    for (let n = 0; n < 40; n++) refuse();
    const leasedAt = Array.from({ length: 20 }, (): number[] => []);
    let tasks = 0;
    const workers = leasedAt.map((leases, index) => {
      const random = seeded(seed * 1_000 + index * 7_919 + 1);
      const port = portOf(async (_arn, _worker, _signal, onSent) => {
        onSent();
        const half = Math.round(5 + random() * 10);
        await clock.sleep(half);
        const refused = refuse();
        if (!refused) leases.push(clock.now());
        await clock.sleep(half);
        return refused ? THROTTLED : task(tasks++);
      });
      const work = (): Promise<void> => clock.sleep(Math.round(300 * (0.5 + random())));
      return workerOn(port, {
        clock,
        work,
        random,
        handler: { concurrency: 20, pollers: { min: 1, max: 20 } },
      });
    });
    await clock.advance(60_000);
    const counts = leasedAt.map((all) => all.length);
    expect(Math.max(...counts)).toBeLessThanOrEqual(3 * Math.min(...counts));
    const granted = (from: number, to: number): number =>
      leasedAt.flat().filter((at) => at >= from && at < to).length;
    expect(granted(3_000, 12_000)).toBeGreaterThanOrEqual(0.98 * 9 * 40);
    expect(granted(3_000, 60_000)).toBeGreaterThanOrEqual(0.98 * 57 * 40);
    for (const worker of workers) void worker.stop();
  },
);
