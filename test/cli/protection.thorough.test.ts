import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { systemClock } from '../../src/framework/base/time/clock.js';
import type { PublicStatus } from '../../src/framework/base/worker-status.js';
import { oldestTask } from '../../src/framework/cli/supervise/set-protection.js';
import type { Supervisor } from '../../src/framework/cli/supervise/supervisor.js';
import { HandClock } from '../../src/framework/testing/index.js';
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

test('a set of processes is protected by one call, and given back when none of them has a task', async () => {
  const run = stepwright(['start', ...CONFIG, '--processes', '2', ...PROTECT], { ECS_AGENT_URI: agent.uri });
  const url = await endpointOf(run);
  const [, health = ''] = await run.saw(/Health: (http:\/\/127\.0\.0\.1:\d+)\//);
  await run.saw(/Waiting for a task/);
  const tasks = [4_000, 4_000, 4_000].map((ms) => execute(url, 'Work', JSON.stringify({ ms })));
  await called(1);
  await run.saw(/the platform protects this worker from scale-in/);
  const status = (await (await fetch(`${health}/status`)).json()) as PublicStatus;
  expect(status.protection).toMatchObject({ platform: 'ecs', state: 'held' });
  expect(await (await fetch(`${health}/metrics`)).text()).toContain(
    'stepwright_worker_protection{state="held"} 1\n',
  );
  await Promise.all(tasks.map(({ ended }) => ended));
  expect(await called(2)).toEqual([
    { ProtectionEnabled: true, ExpiresInMinutes: 60 },
    { ProtectionEnabled: false },
  ]);
  run.child.kill('SIGTERM');
  expect(await run.ended).toEqual({ code: 0, signal: null });
}, 30_000);

test('a handler that blocks the main thread is protected all the same, until its worker is taken for stuck', async () => {
  const run = stepwright(['start', ...CONFIG, ...PROTECT], {
    ...{ ECS_AGENT_URI: agent.uri, STALL_AFTER: '5s' },
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

const taskOf = (ageMs: number, phase: string): object => ({ ageMs, phase });

test.each([
  ['none has a task', [{ silent: 0, tasks: [] }], undefined],
  [
    'the oldest of all counts',
    [
      { silent: 500, tasks: [taskOf(1_000, 'handling')] },
      { silent: 0, tasks: [taskOf(9_000, 'reporting'), taskOf(1, 'handling')] },
    ],
    9_000,
  ],
  [
    'one that ignores its signal counts for none',
    [{ silent: 0, tasks: [taskOf(9_000, 'settling'), taskOf(10, 'handling')] }],
    10,
  ],
  ['a blocked process has a task, although it could not say so', [{ silent: 6_000, tasks: [] }], 6_000],
  [
    'a task grows older while its process is blocked',
    [{ silent: 60_000, tasks: [taskOf(500, 'handling')] }],
    60_500,
  ],
])('the oldest task of a set: %s', (_, processes, ageMs) => {
  const clock = new HandClock();
  const workers = processes.map(({ silent, tasks }) => ({ silent, status: { tasks } }));
  const set = {
    workers: { processes: new Set(workers) },
    silentMs: ({ silent }: { silent: number }) => silent,
  };
  const since = oldestTask(set as unknown as Supervisor, clock);
  expect(since && clock.now() - since).toBe(ageMs);
});
