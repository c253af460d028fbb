import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { systemClock } from '../../src/framework/base/time/clock.js';
import { endpointOf, execute, killAll, stepwright } from '../support/cli.js';
import { type EcsAgent, startEcsAgent } from '../support/ecs-agent.js';

let agent: EcsAgent;
beforeEach(async () => (agent = await startEcsAgent(systemClock)));
afterEach(async () => {
  killAll();
  await agent.close();
});

const CONFIG = ['--config', 'test/fixtures/processes/processes.config.mjs'];
const PROTECT = ['--protect', 'auto', '--protect-after', '10ms', '--health-port', '0'];

/** Resolves when the agent was called so often. */
const called = async (times: number): Promise<unknown[]> => {
  while (agent.calls.length < times) await systemClock.sleep(10);
  return agent.calls.map(({ body }) => body);
};

test('a handler that blocks the main thread is protected all the same, until its worker is taken for stuck', async () => {
  const run = stepwright(['start', ...CONFIG, ...PROTECT], {
    ECS_AGENT_URI: agent.uri,
    STALL_AFTER: '5s',
  });
  const url = await endpointOf(run);
  await run.saw(/Waiting for a task/);
  // It never returns.
  execute(url, 'Work', JSON.stringify({ block: true }));
  expect(await called(1)).toEqual([{ ProtectionEnabled: true, ExpiresInMinutes: 60 }]);
  expect(agent.isProtected).toBe(true);
  await run.saw(/it counts as stuck/);
  expect((await called(2))[1]).toEqual({ ProtectionEnabled: false });
}, 60_000);
