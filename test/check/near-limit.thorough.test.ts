import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Activity, Handle } from 'stepwright';
import { resolveConfig } from '../../src/framework/config/resolve.js';
import { checkedHandler } from '../../src/framework/check/handlers.js';
import { deployedMachines } from '../../src/framework/cli/deployed-machines.js';
import { makePlan } from '../../src/framework/worker/build/plan.js';
import { ARN, createWorld, type World } from '../support/world.js';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

@Activity(ARN)
class Work {
  @Handle({ input: Number })
  work(bytes: number): string {
    return 'x'.repeat(bytes - 2);
  }
}

async function found(region = 'us-east-1') {
  const { handlers } = await makePlan({ config: { activities: [Work] }, env: {}, baseDir: join('.') });
  const settings = resolveConfig({
    config: { region, sdk: { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } } },
    env: {},
  });
  const checked = handlers.map((handler) => checkedHandler(handler, { region }));
  return deployedMachines(settings, world.service.url, checked);
}

test('a state whose output was near the limit in the last executions is named', async () => {
  const inMap = { StartAt: 'Inner', States: { Inner: { Type: 'Task', Resource: ARN, End: true } } };
  const All = { Type: 'Map', ItemsPath: '$.list', ItemProcessor: inMap, ResultPath: null, End: true };
  const machine = world.machine(ARN, {}, { StartAt: 'All', States: { All } });
  expect((await found()).findings).toEqual([]);
  await world.worker({ activities: [Work] });
  const executions = [];
  for (const list of [[10, 196_608], [250_000], [200_000], [20]]) {
    executions.push(await world.execute(machine, { list }));
    await world.clock.advance(2_000);
  }
  const { findings, unread, machines } = await found();
  expect([machines.length, unread]).toEqual([1, undefined]);
  expect(findings).toEqual([
    {
      code: 'OUTPUT_NEAR_LIMIT',
      level: 'advice',
      file: machine,
      state: 'Inner',
      what: `its output had 250000 bytes in ${executions[1]}, 95 % of what Step Functions accepts`,
      fix: 'set `payloads` in the config, so that larger outputs go through a store',
    },
  ]);
});
