import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as nap } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { directory } from 'stepwright';
import { compiled } from '../../support/hosted.js';
import { useWorld } from '../../support/world.js';
import { kept, referenceTo } from './store.js';

const module = compiled('test/worker/payloads/fixtures/hosted.config.ts');
const FOLDER = join(tmpdir(), 'stepwright-test-payloads');
const REPORT = { id: 'r-1', pages: Array.from({ length: 100 }, () => 'x'.repeat(10_000)) };

const world = useWorld();
afterEach(async () => {
  await rm(FOLDER, { recursive: true, force: true });
});

test.each([
  ['a thread', 'InThread'],
  ['a process', 'InProcess'],
])('%s reads and writes payloads by itself', async (where, name) => {
  const store = directory(FOLDER);
  const { default: config } = await import('./fixtures/hosted.config.js');
  for (const each of ['InThread', 'InProcess'])
    world.service.seedActivity(`arn:aws:states:us-east-1:123456789012:activity:${each}`);
  const machine = world.machine(`arn:aws:states:us-east-1:123456789012:activity:${name}`);
  const w = await world.worker({ ...config, payloads: { store } }, { module });
  const execution = await world.execute(machine, await kept(store, REPORT, store.uri));
  const isOver = (): boolean => w.of('task:succeeded').length + w.of('task:failed').length > 0;
  while (!isOver()) await Promise.all([world.clock.advance(1), nap(1)]);
  await world.clock.settle();
  const { status, output = '', cause } = await world.describe(execution);
  expect([status, cause]).toEqual(['SUCCEEDED', undefined]);
  const json = JSON.stringify({ ...REPORT, id: `r-1, in ${where}` });
  expect(JSON.parse(output)).toEqual({ id: `r-1, in ${where}`, ...referenceTo(json, store.uri) });
  const key = `payloads/${/[0-9a-f]{64}/.exec(output)?.[0]}`;
  expect(Buffer.from((await store.get(key))?.value ?? '').toString()).toBe(json);
});
