import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { type Clock, CommandFailed, createWorker } from 'stepwright';
import type { FaultHook } from 'stepwright/local';
import type { DependencyContainer } from 'tsyringe';
import { type FaultPlan, faultPlan } from '../support/faults.js';
import { silentLog } from '../../src/framework/base/log/log.js';
import { activity, type Held, holding } from '../support/work.js';
import { ARN, createWorld, type World, type WorkerWorld } from '../support/world.js';

let world: World;
let faults: FaultPlan;
beforeEach(async () => {
  faults = faultPlan();
  world = await createWorld({ fault: faults.hook });
});
afterEach(() => world.close());

const seconds = (n: number): Promise<void> => world.clock.advance(n * 1000);
const state = ({ worker }: WorkerWorld): string => worker.status().state;

/** A worker that holds one task, and the execution that the task belongs to. */
async function working(config: object = {}) {
  const { type, held } = holding();
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [type], ...config }, { random: 0.99 });
  const execution = await world.execute(machine);
  await world.clock.settle(() => held.length === 1);
  const [task] = held;
  if (!task) throw new Error('no task was held');
  return { w, held, task, machine, execution };
}

test('a worker goes from created to running, draining and stopped, and tells each step', async () => {
  const w = await world.worker({ activities: [activity(() => 1)] });
  await seconds(1);
  expect(state(w)).toBe('running');
  const stopped = w.worker.stop();
  expect(w.worker.stop()).toBe(stopped);
  expect(state(w)).toBe('draining');
  await seconds(60);
  await stopped;
  await w.done;
  expect(w.of('state').map(({ from, to }) => `${from} > ${to}`)).toEqual([
    'created > running',
    'running > draining',
    'draining > stopped',
  ]);
});

describe('a stop by whoever is told that a task was received', () => {
  async function stoppedAtOnce(config: object) {
    const { type, held } = holding();
    const w = await world.worker({ activities: [type], ...config }, { random: 0.99 });
    let listed = 0;
    w.worker.on('task:received', () => {
      listed = w.worker.status().tasks.length;
      void w.worker.stop();
    });
    const execution = await world.execute(world.machine(ARN));
    await world.clock.settle(() => held.length === 1);
    const [task] = held;
    if (!task) throw new Error('no task was held');
    return { w, task, execution, listed };
  }

  test('reaches that task too', async () => {
    const { w, task, execution, listed } = await stoppedAtOnce({ grace: '30s' });
    expect(listed).toBe(1);
    expect(task.task.shuttingDown.aborted).toBe(true);
    task.succeed('in time');
    await world.clock.settle(() => state(w) === 'stopped');
    expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED', output: '"in time"' });
  });

  test('gives its report up when a drain must be over', async () => {
    faults.always('SendTaskSuccess', { kind: 'status', status: 500 });
    const { w, task } = await stoppedAtOnce({ grace: '10s' });
    task.succeed();
    await seconds(w.worker.longestDrainMs / 1_000);
    expect(state(w)).toBe('stopped');
    expect(w.of('report:lost')).toHaveLength(1);
  });
});

describe('after the shutdown abort', () => {
  const terminated = new CommandFailed('train was ended by SIGTERM', {
    exitCode: null,
    signal: 'SIGTERM',
    stderr: '',
  });
  const shutdown = { status: 'FAILED', error: 'Stepwright.WorkerShutdown' };
  test.each<[string, (task: Held) => void, object]>([
    ['a returned value is still a success', ({ succeed }) => succeed('saved'), { output: '"saved"' }],
    ['a throw is reported as Stepwright.WorkerShutdown', ({ fail }) => fail(new TypeError('no')), shutdown],
    [
      'what ends by it, as a program does, is no failure of its own',
      ({ fail }) => fail(terminated),
      shutdown,
    ],
    [
      'what is returned and no JSON is refused as ever',
      ({ succeed }) => succeed(1n),
      { error: 'Stepwright.InvalidOutput' },
    ],
  ])('%s', async (_, settle, expected) => {
    const { w, task, execution } = await working({ grace: '30s' });
    void w.worker.stop();
    await seconds(31);
    expect(task.task.signal.reason).toMatchObject({ name: 'TaskAborted', kind: 'shutdown' });
    settle(task);
    await seconds(60);
    expect(await world.describe(execution)).toMatchObject(expected);
    expect(state(w)).toBe('stopped');
  });

  test('a handler that does not settle within 5 s is reported, named, and left behind', async () => {
    const { w, task, execution } = await working({ grace: '65s' });
    void w.worker.stop();
    await seconds(69);
    expect(await world.describe(execution)).toMatchObject({ status: 'RUNNING' });
    await seconds(1);
    expect(await world.describe(execution)).toMatchObject({
      status: 'FAILED',
      error: 'Stepwright.WorkerShutdown',
    });
    expect(state(w)).toBe('stopped');
    expect(w.of('task:ignored-abort')).toMatchObject([{ handler: 'Work.run', abandoned: true }]);
    task.succeed('nobody listens any more');
    await seconds(1);
    expect(w.of('task:succeeded')).toEqual([]);
  });
});

test('a handler that ignores gone can not hold the drain either', async () => {
  const { w, execution } = await working({ grace: '70s' });
  await world.client.send(new StopExecutionCommand({ executionArn: execution }));
  await seconds(21);
  expect(w.of('task:gone')).toHaveLength(1);
  void w.worker.stop();
  await seconds(74);
  expect(state(w)).toBe('draining');
  await seconds(2);
  expect(state(w)).toBe('stopped');
});

test('a fault of its own stops the worker as well as can be: its state is failed, and run() rejects with it', async () => {
  const machine = world.machine(ARN);
  const fault = new Error('no timer for the deadline');
  const { clock } = world;
  const broken: Clock = {
    now: () => clock.now(),
    date: () => clock.date(),
    every: (ms, fn) => clock.every(ms, fn),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    after: (ms, fn) => {
      if (ms === 61_000) throw fault;
      return clock.after(ms, fn);
    },
  };
  const worker = await createWorker(
    { activities: [activity(() => 1, { timeout: '61s' })], endpoint: world.service.url },
    { clock: broken, random: () => 0, log: silentLog },
  );
  const done = worker.run().catch((error: unknown) => error);
  await world.execute(machine);
  await world.clock.settle(() => worker.status().state !== 'running');
  world.service.endPolls();
  await world.clock.settle(() => worker.status().state === 'failed');
  expect(await done).toBe(fault);
});

test('shuttingDown has fired for a task that arrives in the drain, whose handler is called', async () => {
  const { type, held } = holding();
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [type] }, { random: 0.99 });
  await seconds(1);
  void w.worker.stop();
  await world.execute(machine);
  await world.clock.settle(() => held.length === 1);
  expect(held[0]?.task.shuttingDown.aborted).toBe(true);
  expect(held[0]?.task.signal.aborted).toBe(false);
  held[0]?.succeed();
  await world.clock.settle(() => state(w) === 'stopped');
});

test('no heartbeat follows the accepted report', async () => {
  const machine = world.machine(ARN);
  const { type, held } = holding();
  await world.worker({ activities: [type], heartbeat: '20s' }, { random: 0.99 });
  await world.execute(machine);
  await world.clock.settle(() => held.length === 1);
  await seconds(25);
  const beats = faults.count('SendTaskHeartbeat');
  expect(beats).toBeGreaterThan(0);
  held[0]?.succeed();
  await seconds(65);
  expect(faults.count('SendTaskHeartbeat')).toBe(beats);
});

test('a task that arrives after the grace is failed at once, for a Retry to match', async () => {
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [activity(() => 'run')], grace: '10s' });
  await seconds(1);
  void w.worker.stop();
  await seconds(20);
  const execution = await world.execute(machine);
  await world.clock.settle(() => state(w) === 'stopped');
  expect(await world.describe(execution)).toMatchObject({
    status: 'FAILED',
    error: 'Stepwright.WorkerShutdown',
  });
});

test('a task that arrives after the grace has 10 s for the report of its failure', async () => {
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [activity(() => 'run')], grace: '0s' });
  await seconds(1);
  void w.worker.stop();
  await seconds(50);
  faults.once('SendTaskFailure', { kind: 'status', status: 503 }, { kind: 'reset-before' });
  const execution = await world.execute(machine);
  await seconds(10);
  expect(await world.describe(execution)).toMatchObject({ error: 'Stepwright.WorkerShutdown' });
  expect(state(w)).toBe('stopped');
});

test('an aborted signal stops a worker that runs, and one that is about to', async () => {
  world.machine(ARN);
  for (const early of [false, true]) {
    const stop = new AbortController();
    if (early) stop.abort();
    const config = { activities: [activity(() => 1)], endpoint: world.service.url };
    const worker = await createWorker(config, { clock: world.clock, log: silentLog });
    const done = worker.run({ signal: stop.signal });
    await seconds(1);
    stop.abort();
    expect(worker.status().state).toBe(early ? 'stopped' : 'draining');
    await seconds(60);
    await done;
  }
});

test('a worker runs once', async () => {
  const w = await world.worker({ activities: [activity(() => 1)] });
  await expect(w.worker.run()).rejects.toThrow('a worker runs once');
});

describe('whoever calls stop() while it is being stopped', () => {
  test('a listener of its state gets the same promise, and nothing is done twice', async () => {
    const w = await world.worker({ activities: [activity(() => 1)] });
    const again: Promise<void>[] = [];
    w.worker.on('state', () => again.push(w.worker.stop()));
    await seconds(1);
    const stopped = w.worker.stop();
    await seconds(61);
    expect(new Set([...again, stopped]).size).toBe(1);
    expect(w.of('state').map(({ to }) => to)).toEqual(['running', 'draining', 'stopped']);
  });

  test('a handler that is told of the drain does not close the connections under an open poll', async () => {
    const { w, task } = await working();
    await seconds(1);
    task.task.shuttingDown.addEventListener('abort', () => void w.worker.stop());
    const parked = world.service.parkedPolls;
    void w.worker.stop();
    task.succeed();
    await seconds(2);
    expect(parked).toBeGreaterThan(0);
    expect(world.service.parkedPolls).toBe(parked);
    expect(state(w)).toBe('draining');
    expect(w.of('poll:token-possibly-lost')).toEqual([]);
  });
});

describe('a provider that is disposed of with the worker', () => {
  const providing = (dispose: () => Promise<void>) => ({
    activities: [activity(() => 1)],
    setup: (container: DependencyContainer) => {
      container.registerSingleton(
        'Pool',
        class Pool {
          dispose = dispose;
        },
      );
      container.resolve('Pool');
    },
  });

  test('may throw: it is logged, and the worker stops', async () => {
    const w = await world.worker(providing(() => Promise.reject(new Error('pool already closed'))));
    await seconds(1);
    const stopped = w.worker.stop();
    await seconds(61);
    await Promise.all([stopped, w.done]);
    expect(state(w)).toBe('stopped');
    expect(w.log).toContainEqual(
      expect.objectContaining({ level: 'error', msg: expect.stringContaining('disposed of') }),
    );
  });

  test('may hang: the worker stops without it after 5 s', async () => {
    const w = await world.worker(providing(() => new Promise(() => {})));
    await seconds(1);
    void w.worker.stop();
    await seconds(4);
    expect(state(w)).toBe('draining');
    await seconds(2);
    expect(state(w)).toBe('stopped');
  });

  test('is disposed of when no worker could be made', async () => {
    const disposed: string[] = [];
    const provider = providing(async () => void disposed.push('Pool'));
    const twice = { ...provider, activities: [activity(() => 1), activity(() => 2, {}, 'Work2')] };
    faults.always('ListActivities', { kind: 'error', error: 'AccessDeniedException' });
    await expect(world.worker(twice)).rejects.toThrow('Work2');
    expect(disposed).toEqual(['Pool']);
  });
});

test('a result that is refused when time is up costs the drain no second more', async () => {
  await world.close();
  // Each attempt until the last is a 500; that one is refused 0.9 s later, and its failure is never answered.
  let untilLast = 0;
  let failures = 0;
  const fault: FaultHook = async ({ operation }) => {
    if (operation === 'SendTaskFailure') return { kind: 'black-hole', closeAfterMs: ++failures * 60_000 };
    if (operation !== 'SendTaskSuccess') return undefined;
    if (world.clock.now() < untilLast) return { kind: 'status', status: 500 };
    await world.clock.sleep(900);
    return { kind: 'error', error: 'InvalidOutput' };
  };
  world = await createWorld({ fault });
  const { w, task } = await working({ grace: '65s' });
  untilLast = world.clock.now() + (65 + 30) * 1_000;
  void w.worker.stop();
  task.succeed();
  await seconds(95.95);
  expect(state(w)).toBe('draining');
  expect(failures).toBe(1);
  await seconds(0.05);
  expect(state(w)).toBe('stopped');
  expect(w.of('report:lost')).toHaveLength(1);
});

test('the longest drain counts the polls, the grace and the last reports', async () => {
  const w = await world.worker({ activities: [activity(() => 1)] });
  expect(w.worker.longestDrainMs).toBe(101_000);
  const long = await world.worker({ activities: [activity(() => 1)], grace: '10m' });
  expect(long.worker.longestDrainMs).toBe(641_000);
  const short = await world.worker({ activities: [activity(() => 1)], grace: '10s' });
  expect(short.worker.longestDrainMs).toBe(96_000);
});
