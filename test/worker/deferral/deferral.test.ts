import { setTimeout as nap } from 'node:timers/promises';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { IsBoolean } from 'class-validator';
import {
  Activity,
  ActivityFailure,
  type Completions,
  createCompletions,
  type Deferral,
  Handle,
  type Store,
  type TaskContext,
} from 'stepwright';
import { memoryStore } from 'stepwright/testing';
import { faultPlan } from '../../support/faults.js';
import { compiled } from '../../support/hosted.js';
import { replaced } from '../../support/replaced-store.js';
import channels from '../pool/fixtures/channels.config.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { ARN, createWorld, type World, type WorkerWorld } from '../../support/world.js';

class Approval {
  @IsBoolean() approved!: boolean;
}

@Activity(ARN)
class Approve {
  @Handle({ input: 'any', output: Approval, heartbeat: '20s', concurrency: 1 })
  ask({ id }: { id?: string }, task: TaskContext): Approval | Deferral {
    return task.defer({ until: '10m', ...(id !== undefined && { id }) });
  }
}

const LARGE = 'arn:aws:states:us-east-1:123456789012:activity:Large';

@Activity(LARGE)
class Large {
  @Handle({ input: 'any', inline: ['id'] })
  ask(_: unknown, task: TaskContext): Deferral {
    return task.defer({ until: '1h', id: 'large' });
  }
}

let w: World;
let store: Store;
const opened: Completions[] = [];

beforeEach(async () => {
  w = await createWorld();
  w.service.seedActivity(ARN);
  store = memoryStore({ now: () => w.clock.now() });
});

afterEach(async () => {
  for (const each of opened.splice(0)) each.close();
  await w.close();
});

const config = (more: object = {}) => ({ activities: [Approve], deferred: { store }, ...more });

async function worker(more: object = {}): Promise<WorkerWorld> {
  const made = await w.worker(config(more));
  await w.clock.advance(2_000);
  return made;
}

async function completions(more: object = {}): Promise<Completions> {
  const made = await createCompletions(config({ endpoint: w.service.url, ...more }), { clock: w.clock });
  opened.push(made);
  return made;
}

const MINUTE = 60_000;
const machine = (fields: object = { HeartbeatSeconds: 60 }): string => w.machine(ARN, fields);

async function keys(): Promise<string[]> {
  return (await store.list('deferred/')).keys as string[];
}

/** Returns the store with `before` awaited before each call. */
const delayed = (before: (method: string, key: string) => Promise<void> | undefined): Store =>
  new Proxy(store, {
    get: (target, name) => {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]) => {
        await before(String(name), String(args[0]));
        return Reflect.apply(method, target, args) as unknown;
      };
    },
  });

/** Returns the store, which writes no deferred task before it is let go. */
function heldStore(): { readonly slow: Store; readonly letGo: () => void } {
  let letGo = (): void => {};
  const free = new Promise<void>((resolve) => (letGo = resolve));
  const slow = delayed((method, key) => (method === 'put' && key.startsWith('deferred/') ? free : undefined));
  return { slow, letGo };
}

/** Starts an execution whose task is deferred. */
async function deferredExecution(id = 'o-1', arn = machine()): Promise<string> {
  const execution = await w.execute(arn, { id });
  await w.clock.advance(1_000);
  return execution;
}

test('a deferred task uses no slot, its heartbeats go on, and somebody else completes it', async () => {
  const made = await worker();
  const arn = machine();
  const executions = [await deferredExecution('o-1', arn), await deferredExecution('o-2', arn)];
  expect(made.worker.status().handlers[0]).toMatchObject({ running: 0, undelivered: 0 });
  expect(
    made.of('task:deferred').map(({ until }) => Math.ceil((until.getTime() - w.clock.now()) / MINUTE)),
  ).toEqual([10, 10]);
  await w.clock.advance(3 * MINUTE);
  const done = await completions();
  expect(await done.get('o-1')).toMatchObject({ id: 'o-1', handler: 'Approve.ask', activityArn: ARN });
  expect(await done.succeed('o-1', { approved: true })).toBe('accepted');
  expect(await done.fail('o-2', new ActivityFailure('Refused', 'ann said no'))).toBe('accepted');
  expect(await w.describe(executions[0] ?? '')).toMatchObject({
    status: 'SUCCEEDED',
    output: '{"approved":true}',
  });
  expect(await w.describe(executions[1] ?? '')).toMatchObject({ status: 'FAILED', error: 'Refused' });
  await w.clock.advance(25_000);
  expect(made.of('deferral:ended').map(({ id, how }) => [id, how])).toEqual([
    ['o-1', 'over'],
    ['o-2', 'over'],
  ]);
  expect(await keys()).toEqual([]);
});

test.each([
  ['the one who completes it', {}],
  ['a worker, where Step Functions could not be told', { endpoint: 'http://127.0.0.1:1' }],
])('the checkpoint of a deferred task is removed by %s', async (_, reach) => {
  @Activity(ARN)
  class Saved {
    @Handle({ input: 'any', checkpoint: { store, key: () => 'work' } })
    async ask(_input: unknown, task: TaskContext): Promise<Deferral> {
      await task.checkpoint.save({ asked: true });
      return task.defer({ until: '10m', id: 'o-1' });
    }
  }
  const activities = [Saved];
  await worker({ activities });
  const execution = await deferredExecution();
  expect((await store.list('checkpoints/')).keys).toHaveLength(1);
  const told = (await completions({ activities, ...reach })).succeed('o-1', 1);
  await w.clock.advance(25_000);
  await told;
  await w.clock.advance(70_000);
  expect(await w.describe(execution)).toMatchObject({ status: 'SUCCEEDED' });
  expect((await store.list('checkpoints/')).keys).toEqual([]);
});

test('an output that the handler may not return leaves the task open', async () => {
  await worker();
  const execution = await deferredExecution();
  const done = await completions();
  await expect(done.succeed('o-1', { approved: 'yes' })).rejects.toThrow('approved');
  expect(await w.describe(execution)).toMatchObject({ status: 'RUNNING' });
  expect(await done.succeed('o-1', { approved: false })).toBe('accepted');
});

test('the first completion counts, and a task that is over is unknown', async () => {
  await worker();
  const execution = await deferredExecution();
  const done = await completions();
  const both = await Promise.all([
    done.succeed('o-1', { approved: true }),
    done.fail('o-1', new Error('no')),
  ]);
  expect(both.toSorted()).toEqual(['accepted', 'completed']);
  expect(await done.succeed('o-1', { approved: true })).toBe('unknown');
  expect(await done.succeed('nobody', { approved: true })).toBe('unknown');
  expect(await w.describe(execution)).not.toMatchObject({ status: 'RUNNING' });
});

test('a drain does not wait for a deferred task, and another worker goes on with its heartbeats', async () => {
  const first = await worker();
  const execution = await deferredExecution();
  const second = await worker();
  const stopped = first.worker.stop();
  w.service.endPolls();
  await w.clock.advance(5_000);
  await stopped;
  await w.clock.advance(3 * MINUTE);
  expect(second.of('deferrals:taken').map(({ tasks }) => tasks)).toEqual([1]);
  expect(await w.describe(execution)).toMatchObject({ status: 'RUNNING' });
  expect(await (await completions()).succeed('o-1', { approved: true })).toBe('accepted');
  await w.clock.advance(30_000);
  expect(await keys()).toEqual([]);
  expect((await store.list('workers/deferred/')).keys).toHaveLength(1);
});

test('a worker that stops sends no heartbeat while it waits for the store', async () => {
  let isCut = false;
  const cut = delayed(() => (isCut ? new Promise(() => {}) : undefined));
  const made = await worker({ deferred: { store: cut }, handlers: { 'Approve.ask': { heartbeat: '1s' } } });
  await deferredExecution();
  isCut = true;
  w.service.endPolls();
  const stopped = made.worker.stop();
  const sent = made.of('heartbeat:sent').length;
  await w.clock.advance(5_000);
  await stopped;
  expect(sent).toBeGreaterThan(0);
  expect(made.of('heartbeat:sent')).toHaveLength(sent);
});

test('a worker that starts after the last one has stopped takes over what that one has deferred', async () => {
  const first = await worker();
  const execution = await deferredExecution();
  w.service.endPolls();
  await Promise.all([first.worker.stop(), w.clock.advance(5_000)]);
  await w.clock.advance(20_000);
  const second = await worker();
  await w.clock.advance(3 * MINUTE);
  expect(second.of('deferrals:taken')).toHaveLength(1);
  expect(await w.describe(execution)).toMatchObject({ status: 'RUNNING' });
});

test('a worker that no longer reaches the store is taken for dead, and another takes its tasks over', async () => {
  let isCut = false;
  const cut = delayed(() => (isCut ? new Promise(() => {}) : undefined));
  const first = await worker({ deferred: { store: cut } });
  await deferredExecution();
  const second = await worker();
  isCut = true;
  await w.clock.advance(60_000);
  expect(second.of('deferrals:taken').map(({ tasks }) => tasks)).toEqual([1]);
  expect(first.of('store:failed').map(({ use }) => use)).toContain('deferred');
});

test.each([
  ['its heartbeats', '20s', 25_000],
  ['a heartbeat that asks, where its handler has none', false, 301_000],
] as const)('a deferred task whose execution was stopped is noticed by %s', async (_, heartbeat, ms) => {
  const made = await worker({ handlers: { 'Approve.ask': { heartbeat } } });
  const executionArn = await deferredExecution('o-1', machine({}));
  await w.client.send(new StopExecutionCommand({ executionArn }));
  await w.clock.advance(ms);
  expect(made.of('deferral:ended').map(({ id, how }) => [id, how])).toEqual([['o-1', 'over']]);
  expect(await keys()).toEqual([]);
});

test('a task that nobody completes fails when its time is over', async () => {
  const made = await worker();
  const execution = await deferredExecution();
  await w.clock.advance(10 * MINUTE);
  expect(await w.describe(execution)).toMatchObject({
    status: 'FAILED',
    error: 'Stepwright.DeadlineExceeded',
    cause: expect.stringContaining('nobody completed the task within the 10 min'),
  });
  expect(made.of('deferral:ended').map(({ how }) => how)).toEqual(['expired']);
  expect(await keys()).toEqual([]);
});

test('a task whose time is over fails also after both the store and Step Functions were out of reach', async () => {
  const faults = faultPlan();
  await w.close();
  w = await createWorld({ fault: faults.hook });
  w.service.seedActivity(ARN);
  let isDown = true;
  const broken = delayed((_, key) => {
    if (isDown && key.startsWith('deferred/decided/')) throw new Error('the store is down');
    return undefined;
  });
  await worker({ deferred: { store: broken }, reportLimit: '5s' });
  const execution = await deferredExecution();
  faults.always('SendTaskFailure', { kind: 'status', status: 503 });
  await w.clock.advance(10 * MINUTE + 8_000);
  faults.always('SendTaskFailure', undefined);
  isDown = false;
  expect(await w.describe(execution)).toMatchObject({ status: 'RUNNING' });
  await w.clock.advance(MINUTE);
  expect(await w.describe(execution)).toMatchObject({
    status: 'FAILED',
    error: 'Stepwright.DeadlineExceeded',
  });
  expect(await keys()).toEqual([]);
});

test('a completion that Step Functions could not be told is kept, and a worker tells it', async () => {
  await worker();
  const execution = await deferredExecution();
  const done = await completions({ endpoint: 'http://127.0.0.1:1' });
  const told = done.succeed('o-1', { approved: true });
  await w.clock.advance(25_000);
  expect(await told).toBe('kept');
  expect(await done.fail('o-1', new Error('too late'))).toBe('completed');
  expect(await w.describe(execution)).toMatchObject({ status: 'RUNNING' });
  await w.clock.advance(70_000);
  expect(await w.describe(execution)).toMatchObject({ status: 'SUCCEEDED', output: '{"approved":true}' });
  expect(await keys()).toEqual([]);
});

test('a task that can not be kept fails, so that the state machine may try again', async () => {
  const full = memoryStore({ now: () => w.clock.now(), maxBytes: 300 });
  await worker({ deferred: { store: full } });
  const execution = await deferredExecution();
  await w.clock.advance(60_000);
  expect(await w.describe(execution)).toMatchObject({ status: 'FAILED', error: 'StoreError' });
});

test('a task fails where the store says that its id is taken, and gives no record of it', async () => {
  const torn = replaced(store, {
    putIfAbsent: async (key, value, options) =>
      key.startsWith('deferred/ids/') ? undefined : store.putIfAbsent(key, value, options),
  });
  await worker({ deferred: { store: torn } });
  const execution = await deferredExecution();
  await w.clock.advance(60_000);
  expect(await w.describe(execution)).toMatchObject({ status: 'FAILED', error: 'StoreError' });
});

test('as many tasks are held as allowed; a further one waits beside its slot until there is room', async () => {
  const { worker: running } = await worker({ deferred: { store, most: 1 } });
  const arn = machine();
  await deferredExecution('o-1', arn);
  await deferredExecution('o-2', arn);
  expect(running.status().handlers[0]).toMatchObject({ running: 0, undelivered: 1 });
  const done = await completions();
  await done.succeed('o-1', { approved: true });
  await w.clock.advance(30_000);
  expect(running.status().handlers[0]).toMatchObject({ running: 0, undelivered: 0 });
  expect(await done.get('o-2')).toBeDefined();
});

test('a task that can not be kept makes room for the next one', async () => {
  const { slow, letGo } = heldStore();
  const { worker: running } = await worker({ deferred: { store: slow, most: 1 } });
  const arn = machine();
  await deferredExecution('o-1', arn);
  await deferredExecution('o-2', arn);
  await w.clock.advance(60_000);
  expect(running.status().handlers[0]).toMatchObject({ undelivered: 1 });
  letGo();
  await w.clock.advance(10_000);
  expect(running.status()).toMatchObject({ deferred: 1, handlers: [{ undelivered: 0 }] });
});

test('a stop does not wait until there is room for a further task', async () => {
  const { worker: running } = await worker({ deferred: { store, most: 1 } });
  const arn = machine();
  await deferredExecution('o-1', arn);
  await deferredExecution('o-2', arn);
  const stopped = running.stop();
  w.service.endPolls();
  await w.clock.advance(5_000);
  await stopped;
  expect(await (await completions()).get('o-2')).toBeDefined();
});

test('a task that ends while it is being kept is gone, and nothing of it is kept', async () => {
  const { slow, letGo } = heldStore();
  const made = await worker({
    deferred: { store: slow },
    handlers: { 'Approve.ask': { heartbeat: '2s' } },
  });
  const executionArn = await deferredExecution('o-1', machine({}));
  await w.client.send(new StopExecutionCommand({ executionArn }));
  await w.clock.advance(4_000);
  letGo();
  await w.clock.advance(10_000);
  expect(made.of('task:gone')).toHaveLength(1);
  expect(made.of('task:deferred')).toEqual([]);
  expect(made.of('deferral:ended')).toEqual([]);
  expect(await keys()).toEqual([]);
});

test('without a store for deferred tasks, the task fails and says what to set', async () => {
  await worker({ deferred: undefined });
  const execution = await deferredExecution();
  expect(await w.describe(execution)).toMatchObject({
    status: 'FAILED',
    error: 'Stepwright.InvalidOutput',
    cause: expect.stringContaining('set deferred: { store }'),
  });
  await expect(createCompletions({ activities: [Approve] })).rejects.toThrow('deferred');
});

test('a later deferral with the same id takes the place of an earlier one', async () => {
  await worker();
  const arn = machine();
  await deferredExecution('same', arn);
  const later = await deferredExecution('same', arn);
  const done = await completions();
  expect(await done.succeed('same', { approved: true })).toBe('accepted');
  expect(await w.describe(later)).toMatchObject({ status: 'SUCCEEDED' });
});

test('a task that was given to another worker does not take the place of that one', async () => {
  let goOn = (): void => {};
  const stoodStill = new Promise<void>((resolve) => (goOn = resolve));
  let calls = 0;
  @Activity(ARN)
  class Slow {
    @Handle({ input: 'any', heartbeat: '20s', concurrency: 1 })
    async ask(_: unknown, task: TaskContext): Promise<Deferral> {
      if (calls++ === 0) await stoodStill;
      return task.defer({ until: '10m', id: 'o-1' });
    }
  }
  const clock = new HandClock();
  const first = await w.worker(config({ activities: [Slow] }), { clock });
  await clock.advance(2_000);
  const retry = { Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 1 }] };
  const execution = await deferredExecution('o-1', machine({ HeartbeatSeconds: 60, ...retry }));
  await worker({ activities: [Slow] });
  await w.clock.advance(70_000);
  goOn();
  await clock.advance(1_000);
  expect(first.of('task:gone')).toHaveLength(1);
  expect(await (await completions({ activities: [Slow] })).succeed('o-1', 'done')).toBe('accepted');
  expect(await w.describe(execution)).toMatchObject({ status: 'SUCCEEDED', output: '"done"' });
});

test('a handler in a thread defers its task too', async () => {
  const arn = 'arn:aws:states:us-east-1:123456789012:activity:Channel';
  const machineArn = w.machine(arn);
  const module = compiled('test/worker/pool/fixtures/channels.config.ts');
  const more = { run: 'thread', pool: { threads: 1 }, deferred: { store } } as const;
  const made = await w.worker({ ...channels, ...more }, { module });
  await w.clock.advance(2_000);
  const execution = await w.execute(machineArn, 'defers');
  while (made.of('task:deferred').length === 0) await Promise.all([w.clock.advance(1), nap(1)]);
  const done = await createCompletions({ ...channels, deferred: { store }, endpoint: w.service.url });
  opened.push(done);
  expect(await done.succeed('from a thread', 'done')).toBe('accepted');
  expect(await w.describe(execution)).toMatchObject({ status: 'SUCCEEDED', output: '"done"' });
});

test('an output that is large completes a task as a reference', async () => {
  const machineArn = w.machine(LARGE);
  await worker({ activities: [Large] });
  const execution = await w.execute(machineArn, {});
  await w.clock.advance(1_000);
  const payloads = { store: memoryStore(), above: '1KB' };
  const done = await completions({ activities: [Large], payloads });
  expect(await done.succeed('large', { id: 7, text: 'x'.repeat(5_000) })).toBe('accepted');
  const { output = '' } = await w.describe(execution);
  expect(JSON.parse(output)).toMatchObject({ id: 7, $stepwright: { bytes: 5_018 } });
});
