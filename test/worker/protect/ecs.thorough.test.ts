import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type AgentMode, type EcsAgent, startEcsAgent } from '../../support/ecs-agent.js';
import { activity, type Held, holding } from '../../support/work.js';
import { ARN, useWorld, type WorkerWorld } from '../../support/world.js';

const world = useWorld();
let agent: EcsAgent;
beforeEach(async () => {
  agent = await startEcsAgent(world.clock);
  process.env['ECS_AGENT_URI'] = agent.uri;
});
afterEach(async () => {
  await agent.close();
  delete process.env['ECS_AGENT_URI'];
});

const seconds = (n: number): Promise<void> => world.clock.advance(n * 1000);
const minutes = (n: number): Promise<void> => seconds(n * 60);
const bodies = (): unknown[] => agent.calls.map(({ body }) => body);
const ASK = { ProtectionEnabled: true, ExpiresInMinutes: 60 };
const GIVE_BACK = { ProtectionEnabled: false };

/** A worker that is protected where it can be, and holds as many tasks as were asked for. */
async function working(count: number, config: object = {}): Promise<{ w: WorkerWorld; held: Held[] }> {
  const { type, held } = holding();
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [type], protect: 'auto', ...config });
  for (let n = 0; n < count; n++) await world.execute(machine, n);
  await world.clock.settle(() => held.length === count);
  return { w, held };
}

const endAll = async (held: Held[]): Promise<void> => {
  for (const { succeed } of held.splice(0)) succeed();
  await world.clock.settle();
};

test('ECS is asked once a task has run for a minute, for all tasks at once, and told when none runs', async () => {
  const { w, held } = await working(3);
  await seconds(59);
  expect(agent.calls).toEqual([]);
  expect(w.worker.status().protection).toEqual({ platform: 'ecs', state: 'free' });
  await seconds(2);
  expect(bodies()).toEqual([ASK]);
  expect(w.worker.status().protection).toMatchObject({ platform: 'ecs', state: 'held' });
  expect(w.of('protection:granted')).toEqual([{ platform: 'ecs' }]);
  await seconds(30);
  await endAll(held);
  // The main thread and the sidecar look once a second each.
  await seconds(2);
  expect(bodies()).toEqual([ASK, GIVE_BACK]);
  expect(agent.isProtected).toBe(false);
  expect(w.worker.status().protection).toEqual({ platform: 'ecs', state: 'free' });
  expect(w.of('protection:released')).toHaveLength(1);
  expect(w.of('protection:failed')).toEqual([]);
});

test('a worker whose tasks are all short makes no call', async () => {
  const machine = world.machine(ARN);
  await world.worker({ activities: [activity((_, task) => sleep(task.signal, 55))], protect: 'auto' });
  for (let n = 0; n < 20; n++) {
    await world.execute(machine);
    await seconds(30);
  }
  expect(agent.calls).toEqual([]);
});

const sleep = (signal: AbortSignal, s: number): Promise<void> => world.clock.sleep(s * 1000, signal);

test('what is held is renewed well before it expires, for as long as a long task runs', async () => {
  const { held } = await working(1);
  await minutes(2);
  for (let n = 0; n < 13; n++) {
    await minutes(6);
    expect(agent.isProtected).toBe(true);
  }
  expect(agent.calls.length).toBeLessThanOrEqual(5);
  const gaps = agent.calls.slice(1).map(({ at }, n) => at - (agent.calls[n]?.at ?? 0));
  expect(Math.max(...gaps)).toBeLessThan(30 * 60_000);
  await endAll(held);
  await seconds(1);
  expect(agent.isProtected).toBe(false);
}, 60_000);

test('while a younger task runs, protection is kept for 45 s, since that one may become old', async () => {
  const { held } = await working(1);
  await seconds(40);
  const [machine] = [world.machine(ARN)];
  await world.execute(machine);
  await world.clock.settle(() => held.length === 2);
  await seconds(25);
  held[0]?.succeed();
  await seconds(20);
  expect(bodies()).toEqual([ASK]);
  // It is 60 s old by now.
  await seconds(30);
  expect(bodies()).toEqual([ASK]);
  held[1]?.succeed();
  await seconds(1);
  expect(bodies()).toEqual([ASK, GIVE_BACK]);
});

test('tasks that never become old let it go within a minute', async () => {
  const { held } = await working(1);
  const machine = world.machine(ARN);
  await seconds(61);
  const [old] = held.splice(0);
  old?.succeed();
  for (let n = 0; n < 6; n++) {
    await world.execute(machine);
    await world.clock.settle(() => held.length === 1);
    await seconds(10);
    held.pop()?.succeed();
  }
  expect(bodies()).toEqual([ASK, GIVE_BACK]);
});

test('a handler that ignores its signal is no reason: nothing of its task is sent any more', async () => {
  const { held } = await working(1, { timeout: '2m' });
  await seconds(100);
  expect(agent.isProtected).toBe(true);
  await seconds(25);
  expect(held[0]?.task.signal.aborted).toBe(true);
  await seconds(5);
  expect(agent.isProtected).toBe(false);
});

test('a worker that stops keeps it for its tasks, and gives it back at its end', async () => {
  const { w, held } = await working(1, { grace: '5m' });
  await seconds(70);
  void w.worker.stop();
  await minutes(2);
  expect(agent.isProtected).toBe(true);
  await endAll(held);
  await w.done;
  expect(agent.isProtected).toBe(false);
});

test('protectAfter says how long a task runs first', async () => {
  await working(1, { protectAfter: '10m' });
  await seconds(599);
  expect(agent.calls).toEqual([]);
  await seconds(2);
  expect(bodies()).toEqual([ASK]);
});

test('protect is off unless it is asked for, and a platform that was named and is not there is told', async () => {
  await working(1, { protect: false });
  await minutes(3);
  expect(agent.calls).toEqual([]);
  delete process.env['ECS_AGENT_URI'];
  const { w } = await working(0, { protect: 'ecs', workerName: 'named' });
  expect(w.log.map(({ msg }) => msg)).toContainEqual(
    expect.stringContaining("protect is 'ecs', and ECS_AGENT_URI"),
  );
  expect(w.worker.status().protection).toBeUndefined();
});

describe('an agent in trouble costs no task and no millisecond of one', () => {
  const modes: readonly AgentMode[] = [
    ...(['hangs', 'hangs up', 'denies', 'throttles', 'fails', 'cannot reach ECS'] as const),
    ...(['lies', 'babbles', 'never ends'] as const),
  ];

  /** Runs tasks of 70 s for a quarter of an hour. @returns how long each took, in milliseconds */
  async function run(protect: 'auto' | false): Promise<{ took: number[]; w: WorkerWorld }> {
    const machine = world.machine(ARN);
    const type = activity((_, task) => sleep(task.signal, 70));
    const w = await world.worker({ activities: [type], protect, concurrency: 2 });
    for (let n = 0; n < 10; n++) {
      await world.execute(machine);
      await seconds(90);
    }
    const took = w.of('task:succeeded').map(({ durationMs }) => durationMs);
    return { took, w };
  }

  test.each(modes)('that %s', async (mode) => {
    agent.mode = mode;
    const { took, w } = await run('auto');
    expect(took).toEqual(Array.from({ length: 10 }, () => 70_000));
    // Told once, whatever comes after.
    expect(w.of('protection:failed')).toHaveLength(1);
    const warned = w.log.filter(({ msg }) => String(msg).includes('the platform refused the protection'));
    expect(warned).toHaveLength(1);
    // Asked ever later, and never twice within two seconds.
    expect(agent.calls.length).toBeLessThan(30);
    const gaps = agent.calls.slice(1).map(({ at }, n) => at - (agent.calls[n]?.at ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(2_000);
    expect(w.worker.status().protection).toMatchObject({ state: 'free', reason: expect.any(String) });
    agent.mode = 'works';
    await minutes(5);
    await world.execute(world.machine(ARN));
    await seconds(67);
    expect(agent.isProtected).toBe(true);
    expect(w.worker.status().protection).not.toHaveProperty('reason');
  });

  test('that is gone', async () => {
    await agent.close();
    const { took, w } = await run('auto');
    expect(took).toEqual(Array.from({ length: 10 }, () => 70_000));
    expect(w.of('protection:failed')).toHaveLength(1);
    agent = await startEcsAgent(world.clock);
  });

  test('that hangs while the worker stops: the stop waits for two seconds', async () => {
    const { w, held } = await working(1);
    await seconds(61);
    agent.mode = 'hangs';
    const stopped = w.worker.stop();
    world.service.endPolls();
    await endAll(held);
    await seconds(3);
    await stopped;
    expect(w.worker.status().state).toBe('stopped');
  });

  test.each([
    ['denies', /AccessDeniedException: .*; allow ecs:UpdateTaskProtection/],
    ['fails', /TASK_NOT_VALID; only a task of a service can be protected/],
    ['lies', /says that nothing has changed/],
    ['babbles', /answered 200 without a protection/],
    ['hangs', /no answer within 5 s/],
    ['never ends', /more than 1048576 bytes/],
  ] as const)('an agent that %s is told with its reason', async (mode, reason) => {
    agent.mode = mode;
    const { w } = await working(1);
    await seconds(70);
    expect(w.of('protection:failed').map(({ error }) => error.message)).toEqual([
      expect.stringMatching(reason),
    ]);
  });

  test('an answer that was lost is given back all the same: the agent may have taken the call', async () => {
    agent.mode = 'cannot reach ECS';
    const { held } = await working(1);
    await seconds(62);
    agent.mode = 'works';
    await endAll(held);
    await seconds(20);
    expect(bodies().at(-1)).toEqual(GIVE_BACK);
  });

  test('protection that can not be renewed lapses, and is no longer shown as held', async () => {
    const { w } = await working(1);
    await minutes(2);
    agent.mode = 'throttles';
    await minutes(57);
    expect(w.worker.status().protection?.state).toBe('held');
    await minutes(3);
    expect(agent.isProtected).toBe(false);
    expect(w.worker.status().protection?.state).toBe('wanted');
  });
});
