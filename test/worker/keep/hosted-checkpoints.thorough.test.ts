import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout as nap } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { directory } from 'stepwright';
import { compiled } from '../../support/hosted.js';
import { useWorld } from '../../support/world.js';
import config, { checkpointIn, folderOf } from './fixtures/checkpoints.config.js';

const ARN = 'arn:aws:states:us-east-1:123456789012:activity:Hosted';
const module = compiled('test/worker/keep/fixtures/checkpoints.config.ts');

const world = useWorld();
const folder = folderOf(process.pid);
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test.each(['thread', 'process'] as const)(
  "run: '%s' saves by itself, and the worker removes it when the success is accepted",
  async (run) => {
    world.service.seedActivity(ARN);
    const Retry = [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 1, MaxAttempts: 1 }];
    const machine = world.machine(ARN, { Retry });
    const handlers = { 'Hosted.run': { checkpoint: checkpointIn(folder) } };
    const w = await world.worker(
      { ...config, handlers, run, pool: { threads: 1, processes: 1 } },
      { module },
    );
    await world.clock.advance(50);
    const execution = await world.execute(machine, { id: 'a' });
    const over = (): boolean => w.told.some(({ event }) => event === 'task:succeeded');
    const store = directory(folder);
    let most = 0;
    for (let i = 0; i < 3_000 && !over(); i++) {
      await Promise.all([world.clock.advance(10), nap(2)]);
      most = Math.max(most, (await store.list('checkpoints/')).keys.length);
    }
    await world.clock.settle();
    expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED', output: '{"done":3}' });
    expect(most).toBe(1);
    expect(w.of('task:progress')).toMatchObject([{ fraction: 0.5, message: 'half' }]);
    for (let i = 0; i < 500 && (await store.list('checkpoints/')).keys.length > 0; i++)
      await Promise.all([world.clock.advance(10), nap(2)]);
    expect((await store.list('checkpoints/')).keys).toEqual([]);
  },
);

test('a store that fails in a thread is told of in the worker', async () => {
  world.service.seedActivity(ARN);
  const handlers = { 'Hosted.run': { checkpoint: checkpointIn(folder) } };
  const w = await world.worker({ ...config, handlers, run: 'thread', pool: { threads: 1 } }, { module });
  // The start has opened the folder.
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'not a folder');
  await world.clock.advance(50);
  const execution = await world.execute(world.machine(ARN), { id: 'a' });
  const isOver = (): boolean => w.told.some(({ event }) => event === 'task:failed');
  for (let i = 0; i < 3_000 && !isOver(); i++) await Promise.all([world.clock.advance(10), nap(2)]);
  expect(await world.describe(execution)).toMatchObject({ error: 'StoreError' });
  expect(w.of('store:failed')).toMatchObject([
    { use: 'checkpoint', call: 'read', error: { kind: 'denied', message: expect.stringContaining(folder) } },
  ]);
});
