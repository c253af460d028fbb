import { expect, test } from '@jest/globals';
import { activity, holding } from '../../support/work.js';
import { ARN, useWorld } from '../../support/world.js';

const world = useWorld();
const { faults } = world;

const seconds = (n: number): Promise<void> => world.clock.advance(n * 1000);

test('a slot is free as soon as its handler has settled, while the result is still on its way', async () => {
  faults.once('SendTaskSuccess', { kind: 'delay', ms: 10_000 });
  const { type, held } = holding({ concurrency: 1 });
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [type] });
  await world.execute(machine, 1);
  await world.execute(machine, 2);
  await world.clock.settle(() => held.length === 1);
  held[0]?.succeed();
  await world.clock.settle(() => held.length === 2);
  expect(w.worker.status().handlers).toMatchObject([{ used: 1, running: 1, undelivered: 1 }]);
  expect(w.worker.status().tasks.map(({ phase }) => phase)).toEqual(['reporting', 'handling']);
  await seconds(10);
  expect(w.worker.status().handlers).toMatchObject([{ used: 1, running: 1, undelivered: 0 }]);
  held[1]?.succeed();
});

test('a service that takes no results is not asked for more than twice the slots', async () => {
  faults.always('SendTaskSuccess', { kind: 'status', status: 503 });
  const machine = world.machine(ARN);
  const activities = [activity(() => 'done', { concurrency: 5 })];
  const w = await world.worker({ activities }, { random: 0.5 });
  await Promise.all(Array.from({ length: 30 }, (_, n) => world.execute(machine, n)));
  await seconds(60);
  expect(w.worker.status().counts.received).toBe(10);
  expect(w.worker.status().handlers).toMatchObject([{ used: 0, undelivered: 10, polls: { open: 0 } }]);
  faults.always('SendTaskSuccess', undefined);
  await seconds(30);
  expect(w.worker.status().counts).toMatchObject({ received: 30, succeeded: 30 });
});

test('before a handler is called, which may block, its task is noted and the next poll is out', async () => {
  const seen: unknown[] = [];
  const look = (): void => {
    const { handlers, tasks } = w.worker.status();
    seen.push({ open: handlers[0]?.polls.open, tasks: tasks.length });
  };
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [activity(look, { concurrency: 2, pollers: 1 })] });
  await world.execute(machine);
  await world.clock.settle(() => seen.length === 1);
  expect(seen).toEqual([{ open: 1, tasks: 1 }]);
});
