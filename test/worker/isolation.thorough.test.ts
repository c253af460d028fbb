import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { currentTask, type TaskContext } from 'stepwright';
import type { Cancel } from '../../src/framework/base/time/clock.js';
import { HandClock } from '../../src/framework/testing/harness/hand-clock.js';
import type { RunnableHandler } from '../../src/framework/worker/handler-loop.js';
import { portOf, seeded, task, workerOn } from '../support/port.js';
import { activity } from '../support/work.js';
import { ARN, useWorld } from '../support/world.js';

const world = useWorld();
const { faults } = world;

const seconds = (n: number): Promise<void> => world.clock.advance(n * 1000);

/** Looks at `currentTask()` for one task, and keeps what it should not have seen. */
class Watch {
  readonly wrong: string[] = [];
  looks = 0;

  /** Nothing but this task, or none once it has ended. */
  look(where: string, own: TaskContext | undefined): void {
    this.looks++;
    const seen = currentTask();
    if (seen !== undefined && seen !== own) this.wrong.push(`${where} saw ${seen.token}`);
  }
}

test('no task sees another, nor one that has ended, whatever runs on behalf of whom', async () => {
  const watch = new Watch();
  const random = seeded(3);
  const started: TaskContext[] = [];
  const ended = new Set<string>();
  const handle = async (_input: unknown, task: TaskContext): Promise<void> => {
    started.push(task);
    const look = (where: string): void => {
      watch.look(where, task);
      if (currentTask() !== undefined && ended.has(task.token))
        watch.wrong.push(`${where} saw an ended task`);
    };
    task.signal.addEventListener('abort', () => look('abort'));
    task.shuttingDown.addEventListener('abort', () => look('shuttingDown'));
    for (let n = 0; n < 2; n++) {
      // On a grid: each instant at which something moves costs the test some milliseconds.
      await world.clock.sleep(Math.round(random() * 6) * 500);
      look('the handler');
      if (random() < 0.5)
        void task.heartbeat().then(
          () => look('after a heartbeat'),
          () => look('after gone'),
        );
      else await task.heartbeat().catch(() => {});
      look('the handler, after asking for a beat');
    }
    // Left behind on purpose: it goes on after the task has ended.
    void world.clock.sleep(20_000).then(() => look('what was left behind'));
  };
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [activity(handle, { concurrency: 100, heartbeat: '5s' })] });
  const end = ({ token }: { token: string }): void => void ended.add(token);
  // One that is gone has not ended yet: its handler is at work.
  for (const event of ['task:succeeded', 'task:failed'] as const) w.worker.on(event, end);
  for (const event of ['poll:failed', 'poll:recovered', 'heartbeat:failed', 'state'] as const)
    w.worker.on(event, () => watch.look(event, undefined));
  w.worker.on('task:received', ({ token }) => {
    if (currentTask()?.token !== token)
      watch.wrong.push(`task:received of ${token} saw ${currentTask()?.token}`);
  });
  const executions: string[] = [];
  const [rounds, crowd] = [4, 25];
  for (let round = 0; round < rounds; round++) {
    if (round % 5 === 1)
      faults.once('SendTaskHeartbeat', { kind: 'reset-before' }, { kind: 'status', status: 503 });
    if (round % 5 === 2) faults.once('GetActivityTask', { kind: 'reset-before' });
    if (round % 5 === 3) faults.once('SendTaskSuccess', { kind: 'reset-before' });
    executions.push(
      ...(await Promise.all(Array.from({ length: crowd }, (_, n) => world.execute(machine, n)))),
    );
    const stopped = executions.at(-1) ?? '';
    await seconds(1);
    await world.client.send(new StopExecutionCommand({ executionArn: stopped }));
    await seconds(3);
  }
  await seconds(60);
  // But for those that were stopped before a worker had them.
  expect(started.length).toBeGreaterThan(executions.length * 0.99 - rounds);
  expect(watch.wrong).toEqual([]);
  expect(watch.looks).toBeGreaterThan(4 * crowd * rounds);
});

test('what a task sets off runs in its name: its abort and its events, and nothing of the worker', async () => {
  const seen: string[] = [];
  const look = (what: string) => (): void => void seen.push(`${what}: ${currentTask()?.rawInput}`);
  const handle = async (_input: unknown, task: TaskContext): Promise<void> => {
    task.signal.addEventListener('abort', look('abort'));
    faults.once('SendTaskHeartbeat', { kind: 'reset-before' });
    await task.heartbeat();
    await world.clock.sleep(60_000, task.signal);
  };
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [activity(handle, { timeout: '35s' })] });
  const events = ['task:received', 'task:failed', 'heartbeat:failed', 'heartbeat:recovered'] as const;
  for (const event of events) w.worker.on(event, look(event));
  await world.execute(machine, 1);
  await seconds(60);
  expect(seen).toEqual([
    'task:received: 1',
    'heartbeat:failed: undefined',
    'heartbeat:recovered: undefined',
    'abort: 1',
    // Its handler has settled by then.
    'task:failed: undefined',
  ]);
});

test('a worker that is stopped from inside a handler drains in no task’s name', async () => {
  const watch = new Watch();
  let stop = (): void => {};
  const handle = async (): Promise<string> => (stop(), 'done');
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [activity(handle)] });
  stop = () => void w.worker.stop();
  w.worker.on('state', () => watch.look('state', undefined));
  await world.execute(machine);
  await seconds(70);
  expect(w.worker.status().state).toBe('stopped');
  expect(watch.looks).toBe(2);
  expect(watch.wrong).toEqual([]);
});

test('what a handler asks of the worker runs in none of its contexts, timers neither', async () => {
  /** Keeps the asynchronous context of a timer, as Node's timers do. */
  class KeepingClock extends HandClock {
    override after(ms: number, fn: () => void): Cancel {
      return super.after(ms, AsyncResource.bind(fn));
    }
  }
  const clock = new KeepingClock();
  const own = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  let polls = 0;
  const port = portOf(() => (polls++ > 0 ? new Promise(() => {}) : Promise.resolve(task(1))), {
    heartbeat: async () => (seen.push(own.getStore()), { kind: 'ok' }),
  });
  const handle: RunnableHandler['handle'] = (_input, context) =>
    own.run('of the handler', () => context.heartbeat().then(() => new Promise(() => {})));
  const worker = workerOn(port, { clock, handler: { handle } });
  await clock.advance(100_000);
  expect(seen.length).toBeGreaterThan(3);
  expect(new Set(seen)).toEqual(new Set([undefined]));
  void worker.stop();
});

test("a context of the user's own is kept within its task, too", async () => {
  const own = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const handle = (input: unknown, task: TaskContext): Promise<unknown> =>
    own.run(String(input), async () => {
      task.signal.addEventListener('abort', () => seen.push(own.getStore()));
      await task.heartbeat();
      return world.clock.sleep(30_000);
    });
  const machine = world.machine(ARN);
  await world.worker({ activities: [activity(handle, { heartbeat: '1s' })] });
  await world.execute(machine, 'first');
  const second = await world.execute(machine, 'second');
  await seconds(2);
  await world.client.send(new StopExecutionCommand({ executionArn: second }));
  await seconds(5);
  expect(seen).toEqual([undefined]);
});

test('a handler that asks for a heartbeat in a loop does not keep the event loop from turning', async () => {
  let asked = 0;
  const turns: number[] = [];
  const handle = async (_input: unknown, task: TaskContext): Promise<string> => {
    while (turns.length < 3) {
      asked++;
      await task.heartbeat();
    }
    return 'done';
  };
  const count = (): void => {
    turns.push(asked);
    if (turns.length < 3) setImmediate(count);
  };
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [activity(handle)] });
  w.worker.on('task:received', () => void setImmediate(count));
  await world.execute(machine);
  await seconds(2);
  expect(w.worker.status().counts.succeeded).toBe(1);
  expect(asked).toBeGreaterThan(0);
});

test('nothing of an ended task is reachable any more, although what it left behind still runs', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const collected: unknown[] = [];
  const registry = new FinalizationRegistry((held) => collected.push(held));
  const left: (() => void)[] = [];
  const handle = async (_input: unknown, task: TaskContext): Promise<void> => {
    registry.register(task, undefined);
    void new Promise<void>((resolve) => left.push(resolve)).then(() => currentTask());
    await task.heartbeat();
  };
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [activity(handle, { concurrency: 20 })] });
  w.told.length = 0;
  await Promise.all(Array.from({ length: 100 }, (_, n) => world.execute(machine, n)));
  await seconds(5);
  expect(w.worker.status().counts.succeeded).toBe(100);
  w.told.length = 0;
  for (let turn = 0; turn < 20 && collected.length < 95; turn++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  // Some are held by what runs last: the sockets' own last requests, the engine's frames.
  expect(collected.length).toBeGreaterThanOrEqual(95);
  expect(left).toHaveLength(100);
});
