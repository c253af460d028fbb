import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createWorker } from 'stepwright';
import { type LocalService, startLocalService } from 'stepwright/local';
import { silentLog } from '../../src/framework/base/log/log.js';
import { systemClock } from '../../src/framework/base/time/clock.js';
import { activity } from '../support/work.js';
import { ARN, createWorld } from '../support/world.js';

let service: LocalService;
beforeEach(async () => {
  service = await startLocalService({ port: 0 });
  service.seedActivity(ARN);
});
afterEach(() => service.close());

/** Resolves once this is true, on the machine's time: a worker with a clock of its own ends no polls. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await systemClock.sleep(5);
}

async function idleWorker() {
  const config = { activities: [activity(() => 1)], endpoint: service.url, workerName: 'idle' };
  const worker = await createWorker(config, { log: silentLog });
  const done = worker.run();
  await until(() => service.parkedPolls === 1);
  return { worker, done };
}

// Without its polls being ended, a stop would take a minute: longer than a test may.
test('an idle worker that a program made stops at once at the local service', async () => {
  const { worker, done } = await idleWorker();
  await worker.stop();
  await done;
  expect(service.parkedPolls).toBe(0);
});

test('a worker of the same name that is started later gets tasks', async () => {
  const world = await createWorld();
  const machine = world.machine(ARN);
  world.service.endPollsOf('idle');
  await world.clock.advance(2_001);
  const w = await world.worker({ activities: [activity(() => 'done')], workerName: 'idle' });
  const execution = await world.execute(machine);
  await world.clock.settle(() => w.of('task:succeeded').length === 1);
  expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED', output: '"done"' });
  await world.close();
});
