import { afterEach, expect, test } from '@jest/globals';
import type { WorkerList, WorkerRow } from '../../../src/framework/local/console/api.js';
import { followTopic } from '../../support/console-topic.js';
import { endpointOf, killAll, stepwright, WAITING } from '../../support/cli.js';
import { answering, closeStandIns, connecting, handler, statusOf } from './stand-ins.js';

afterEach(() => {
  closeStandIns();
  killAll();
});

const FLEET = ['--config', 'test/fixtures/fleet/fleet.config.mjs'];

/** Follows the workers in the console until they are as they should be. */
async function workersAt(
  url: string,
  seen: (list: readonly WorkerRow[]) => boolean,
  key?: string,
): Promise<WorkerRow[]> {
  for await (const { workers } of followTopic<WorkerList>(url, 'workers', key))
    if (seen(workers)) return [...workers];
  throw new Error('the stream ended');
}

test('the console of `local` shows the workers of a fleet, as they go, with what their health ports tell', async () => {
  let asked = 0;
  const counted = await answering(() => {
    asked++;
    return statusOf('counted', {
      protection: { platform: 'ecs', state: 'held', since: 5, reason: 'SECRET' },
      handlers: [handler({ paused: { by: 'task', since: 6, reason: 'SECRET' } })],
      tasks: [{ task: 'SECRET', token: 'SECRET', handler: 'Orders.charge', ageMs: 5_400, phase: 'handling' }],
      counts: { received: asked },
    });
  });
  const hangs = await connecting(() => {});
  const odd = await answering(statusOf('odd', { counts: null }));
  const flags = ['--workers', `127.0.0.1:${counted},${hangs}`, '--workers', `1,${odd}`];
  const local = stepwright(['local', ...FLEET, '--port', '0', ...flags]);
  const url = await endpointOf(local);
  expect(asked).toBe(0);
  const list = await workersAt(url, (workers) => workers.some(({ name }) => name === 'counted'));
  expect(list.find(({ name }) => name === 'counted')).toMatchObject({
    key: `127.0.0.1:${counted}`,
    address: `127.0.0.1:${counted}`,
    version: '1.2.3',
    ready: true,
    protection: { platform: 'ecs', state: 'held', since: 5 },
    handlers: [{ name: 'Orders.charge', concurrency: 8, running: 2, held: { by: 'task', since: 6 } }],
    oldestTask: { handler: 'Orders.charge', seconds: 5 },
    details: { tasks: [{ handler: 'Orders.charge' }], counts: { received: expect.any(Number) } },
  });
  expect(list.find(({ key }) => key === `127.0.0.1:${hangs}`)).toMatchObject({
    state: 'unknown',
    reasons: ['no answer within 2 s'],
  });
  expect(list.find(({ key }) => key === `127.0.0.1:${odd}`)).toMatchObject({
    state: 'unknown',
    reasons: ['its status is not believed: counts is null, expected an object of counts'],
  });
  expect(list.find(({ key }) => key === '127.0.0.1:1')).toMatchObject({
    reasons: [expect.stringContaining('ECONNREFUSED')],
  });
  expect(JSON.stringify(list)).not.toContain('SECRET');
  // It is read again while somebody looks.
  const before = asked;
  await workersAt(url, () => asked > before + 1);
});

test('of many workers only the one that is looked at is sent with its tasks', async () => {
  const tasks = [{ handler: 'Orders.charge', ageMs: 1, phase: 'handling' }];
  const ports: number[] = [];
  for (let n = 0; n < 5; n++)
    ports.push(await answering(statusOf(`w${n}`, { tasks, counts: { received: n } })));
  const url = await endpointOf(stepwright(['local', ...FLEET, '--port', '0', '--workers', String(ports)]));
  const all = (workers: readonly WorkerRow[]): boolean => workers.every(({ state }) => state === 'running');
  expect((await workersAt(url, all)).filter(({ details }) => details)).toEqual([]);
  const chosen = await workersAt(url, all, `127.0.0.1:${ports[3]}`);
  expect(chosen.filter(({ details }) => details).map(({ name }) => name)).toEqual(['w3']);
});

test('a worker that is in the process itself is shown once, and beside it those of the flag', async () => {
  const port = await freePort();
  const other = await answering(statusOf('other'));
  const flags = ['--health-port', String(port), '--worker-name', 'own', '--workers', `${port},${other}`];
  const run = stepwright(['start', ...FLEET, '--port', '0', ...flags]);
  const url = await endpointOf(run);
  await run.saw(WAITING);
  const names = (workers: readonly WorkerRow[]): string[] => workers.map(({ name }) => name);
  const list = await workersAt(url, (workers) => names(workers).includes('other'));
  expect(names(list)).toEqual(['own', 'other']);
  expect(list[0]).not.toHaveProperty('address');
});

test('a mistake in the flag ends the command, and where no console is served the log says what shows them', async () => {
  const wrong = stepwright(['local', ...FLEET, '--port', '0', '--workers', 'http://worker:8080/']);
  expect(await wrong.ended).toMatchObject({ code: 1 });
  expect(wrong.stderr()).toContain("got 'http://worker:8080/': did you mean worker:8080?");
  const url = await endpointOf(stepwright(['local', ...FLEET, '--port', '0']));
  const away = stepwright(['start', ...FLEET, '--workers', 'worker:8080'], { AWS_ENDPOINT_URL_SFN: url });
  await away.saw(/run stepwright local --workers worker:8080/);
});

const freePort = async (): Promise<number> => {
  const port = await answering('');
  closeStandIns();
  return port;
};
