import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { systemClock } from '../../../src/framework/base/time/clock.js';
import { lookAtProtection } from '../../../src/framework/cli/doctor/protection.js';
import { HandClock } from '../../../src/framework/testing/index.js';
import { KubernetesPod } from '../../../src/framework/worker/protect/kubernetes-pod.js';
import { type AgentMode, type EcsAgent, startEcsAgent } from '../../support/ecs-agent.js';
import { type ApiServer, startApiServer } from '../../support/api-server.js';

let agent: EcsAgent;
let api: ApiServer;
beforeEach(async () => {
  agent = await startEcsAgent(systemClock);
  api = await startApiServer();
});
afterEach(async () => {
  await agent.close();
  await api.close();
});

const clock = new HandClock();
const onEcs = () => ({ env: { ECS_AGENT_URI: agent.uri }, clock });

test('where no platform is seen nothing is said, unless one is named', async () => {
  const nowhere = { env: {}, clock };
  expect(await lookAtProtection('auto', nowhere)).toEqual([]);
  expect(await lookAtProtection(false, nowhere)).toEqual([]);
  expect(await lookAtProtection('kubernetes', nowhere)).toMatchObject([
    { check: 'protection', verdict: 'warning', got: expect.stringContaining('KUBERNETES_SERVICE_HOST') },
  ]);
});

test('where a platform is seen and nobody asks it, that is a warning', async () => {
  expect(await lookAtProtection(false, onEcs())).toMatchObject([
    { subject: 'ecs', verdict: 'warning', got: expect.stringContaining('off: '), fix: "set protect: 'auto'" },
  ]);
  expect(agent.calls).toEqual([]);
});

test('the agent of ECS is asked whether the task is protected, and nothing is changed', async () => {
  expect(await lookAtProtection('auto', onEcs())).toMatchObject([
    { subject: 'ecs', verdict: 'ok', got: 'the agent answers: not protected now' },
  ]);
  expect(agent.calls.map(({ method }) => method)).toEqual(['GET']);
});

test.each<readonly [AgentMode, string]>([
  ['denies', 'AccessDeniedException'],
  ['fails', 'TASK_NOT_VALID'],
  ['babbles', 'without a protection'],
])('an agent that %s is a warning, not a fault: the worker works', async (mode, got) => {
  agent.mode = mode;
  expect(await lookAtProtection('auto', onEcs())).toMatchObject([
    { verdict: 'warning', got: expect.stringContaining(got), fix: expect.any(String) },
  ]);
});

test('an agent that hangs is waited for no longer than a worker would', async () => {
  agent.mode = 'hangs';
  const looked = lookAtProtection('auto', onEcs());
  await clock.settle(() => agent.calls.length > 0);
  await clock.advance(5_000);
  expect(await looked).toMatchObject([{ verdict: 'warning', got: 'no answer within 5 s' }]);
});

test.each([
  [['get', 'patch'], { verdict: 'ok', got: 'the service account may get and patch its pod' }],
  [['get'], { verdict: 'warning', got: 'the service account may not patch its pod' }],
  [[], { verdict: 'warning', got: 'the service account may not get and patch its pod' }],
])('a service account that may %j its pod', async (allowed, expected) => {
  api.allowed = allowed;
  const pod = new KubernetesPod(api.address);
  expect(await lookAtProtection('auto', { env: {}, clock }, pod)).toMatchObject([
    { subject: 'kubernetes', ...expected },
  ]);
  expect(api.annotations).toEqual({});
});
