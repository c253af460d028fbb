import { afterEach, expect, jest, test } from '@jest/globals';
import { ARN } from '../../support/world.js';
import { answering, closeStandIns } from '../workers/stand-ins.js';

afterEach(closeStandIns);

const handler = { activityArn: ARN, concurrency: 5, running: 0, queue: { minuteAt: 0, begun: [0] } };
const STATUS = { name: 'worker', state: 'running', handlers: [handler] };

test('more workers than DNS tells at once are all seen after some readings, and those that are gone no longer', async () => {
  const port = await answering('{}', { host: '127.0.0.1' });
  closeStandIns();
  const all = Array.from({ length: 12 }, (_, index) => `127.0.0.${index + 1}`);
  const up = async (hosts: readonly string[]): Promise<void> => {
    for (const host of hosts)
      await answering(JSON.stringify({ ...STATUS, name: host }), {
        host,
        port,
      });
  };
  let first = 0;
  jest.unstable_mockModule('node:dns/promises', () => ({
    // Eight of them, others each time.
    lookup: async (host: string) =>
      host === 'workers'
        ? Array.from({ length: 8 }, (_, index) => ({ address: all[(first + index) % all.length], family: 4 }))
        : [{ address: host, family: 4 }],
  }));
  const { readWorkers, WorkerMemory } = await import('../../../src/framework/cli/scale/worker-statuses.js');
  const { systemClock } = await import('../../../src/framework/base/time/clock.js');
  await up(all);
  const memory = new WorkerMemory(systemClock);
  const read = async (): Promise<number> =>
    (await readWorkers([{ host: 'workers', port }], systemClock, memory)).workers.length;
  expect(await read()).toBe(8);
  first = 6;
  expect(await read()).toBe(12);
  first = 0;
  closeStandIns();
  await up(all.slice(0, 8));
  expect(await read()).toBe(8);
});
