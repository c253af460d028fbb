import { expect, test } from '@jest/globals';
import { activity, holding } from '../../support/work.js';
import { ARN, useWorld, type WorkerWorld } from '../../support/world.js';

const world = useWorld();
const { faults } = world;

const MINUTE_MS = 60_000;
const seconds = (n: number): Promise<void> => world.clock.advance(n * 1_000);
const queueOf = ({ worker }: WorkerWorld) => {
  const [handler] = worker.status().handlers;
  if (!handler) throw new Error('the worker has no handler');
  return handler.queue;
};
/** The beginning of a minute of the clock, counted from the present one. */
const minuteAt = (ahead: number): number => (Math.floor(world.clock.now() / MINUTE_MS) + ahead) * MINUTE_MS;

test('a poll that was held and came back empty proves that nothing waited, at a minute of the clock too', async () => {
  world.machine(ARN);
  const w = await world.worker({ activities: [activity(() => 1)] });
  await seconds(59);
  expect(queueOf(w)).toMatchObject({ emptyAt: undefined, emptyMinuteAt: undefined });
  await seconds(62);
  const { emptyAt = 0, emptyMinuteAt } = queueOf(w);
  expect(world.clock.now() - emptyAt).toBeLessThan(MINUTE_MS);
  expect(emptyMinuteAt).toBe(Math.floor(emptyAt / MINUTE_MS) * MINUTE_MS);
});

test('a poll that was held before its task came proves it too, and one that was answered at once does not', async () => {
  const machine = world.machine(ARN);
  for (let i = 0; i < 3; i++) await world.execute(machine);
  const { type, held } = holding();
  const w = await world.worker({ activities: [type], concurrency: 4, pollers: 1 });
  await seconds(0.9);
  expect(queueOf(w)).toMatchObject({ emptyAt: undefined, begun: [3] });
  await seconds(5);
  await world.execute(machine);
  await seconds(0.1);
  expect(queueOf(w).begun).toEqual([4]);
  expect(queueOf(w).emptyAt).toBeGreaterThan(world.clock.now() - 1_000);
  for (const each of held) each.succeed();
});

test('a poll that hangs proves nothing', async () => {
  world.machine(ARN);
  faults.once('GetActivityTask', { kind: 'black-hole' });
  const w = await world.worker({ activities: [activity(() => 1)], pollers: 1 });
  await seconds(76);
  expect(queueOf(w).emptyAt).toBeUndefined();
});

test('tasks are counted by the minute of the clock, for half an hour', async () => {
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [activity(() => 1)] });
  await world.clock.advance(minuteAt(1) - world.clock.now() + 1_000);
  await world.execute(machine);
  await seconds(120);
  await world.execute(machine);
  await seconds(1);
  expect(queueOf(w).minuteAt).toBe(minuteAt(0));
  expect(queueOf(w).begun.slice(0, 3)).toEqual([1, 0, 1]);
  for (let i = 0; i < 40; i++) await seconds(60);
  expect(queueOf(w).begun).toEqual(Array(30).fill(0));
});
