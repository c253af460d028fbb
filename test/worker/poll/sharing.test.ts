import { afterEach, expect, test } from '@jest/globals';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { portOf, seeded, workerOn } from '../../support/port.js';
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
  const clock = new HandClock();
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
