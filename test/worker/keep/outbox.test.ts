import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Store } from '../../../src/framework/base/store/store.js';
import type { TaskContext } from '../../../src/framework/declare/task-context.js';
import { StoreError } from '../../../src/framework/base/store/store-error.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { memoryStore } from '../../../src/framework/worker/keep/memory.js';
import { type FaultPlan, faultPlan } from '../../support/faults.js';
import { replaced } from '../../support/replaced-store.js';
import { activity } from '../../support/work.js';
import { ARN, createWorld, type World, type WorkerWorld } from '../../support/world.js';

let world: World;
let faults: FaultPlan;
let store: Store;
/** The time that has passed for the store alone. */
let agedMs = 0;
beforeEach(async () => {
  faults = faultPlan();
  world = await createWorld({ fault: faults.hook });
  agedMs = 0;
  store = memoryStore({ now: () => world.clock.now() + agedMs });
});
afterEach(() => world.close());

const REFUSED = { kind: 'status', status: 500 } as const;
const seconds = (n: number): Promise<void> => world.clock.advance(n * 1000);
const outcomes = async (): Promise<readonly string[]> => (await store.list('outcomes/')).keys;

interface Options {
  readonly clock?: HandClock;
  readonly fn?: (input: unknown, task: TaskContext) => unknown;
  readonly config?: object;
}

const worker = (
  workerName: string,
  { clock, fn = () => 'done', config }: Options = {},
): Promise<WorkerWorld> =>
  world.worker(
    { activities: [activity(fn)], workerName, outbox: { store }, ...config },
    { random: 0.5, ...(clock && { clock }) },
  );

/** A worker that has finished a task whose report isn't accepted, and whose clock then stands still for ever. */
async function dead(
  fn?: Options['fn'],
  fields: object = {},
  config: object = {},
): Promise<{ w: WorkerWorld; execution: string }> {
  faults.always('SendTaskSuccess', REFUSED);
  const clock = new HandClock(world.clock.now());
  const w = await worker('dead', { clock, config, ...(fn && { fn }) });
  const execution = await world.execute(world.machine(ARN, fields));
  for (let n = 0; n < 3; n++) {
    await clock.advance(500);
    await seconds(0.5);
  }
  expect(await outcomes()).toHaveLength(1);
  faults.always('SendTaskSuccess', undefined);
  return { w, execution };
}

test('an outcome is in the store before its report is sent, and gone from it once that is accepted', async () => {
  faults.once('SendTaskSuccess', REFUSED);
  const w = await worker('one');
  const execution = await world.execute(world.machine(ARN));
  await seconds(0.05);
  expect(faults.count('SendTaskSuccess')).toBe(1);
  expect(await outcomes()).toHaveLength(1);
  expect(w.worker.status().outbox).toEqual({ keeps: true, waiting: 1 });
  await seconds(5);
  expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED', output: '"done"' });
  expect(await outcomes()).toEqual([]);
  expect(w.worker.status()).toMatchObject({
    counts: { outcomesKept: 1, outcomesUnkept: 0, reportsRetried: 1 },
    outbox: { keeps: true, waiting: 0 },
  });
});

test('no report is sent before the store has acknowledged the outcome, unless that takes a second', async () => {
  let acknowledge = (): void => {};
  const slow = replaced(store, {
    putIfAbsent: async (key, value, options) => {
      if (key.startsWith('outcomes/')) await new Promise<void>((resolve) => (acknowledge = resolve));
      return store.putIfAbsent(key, value, options);
    },
  });
  const w = await worker('one', { config: { outbox: { store: slow } } });
  const machine = world.machine(ARN);
  await world.execute(machine);
  await seconds(0.9);
  expect(faults.count('SendTaskSuccess')).toBe(0);
  acknowledge();
  await seconds(0);
  expect(faults.count('SendTaskSuccess')).toBe(1);
  await world.execute(machine);
  await seconds(0.9);
  expect(faults.count('SendTaskSuccess')).toBe(1);
  await seconds(0.2);
  expect(faults.count('SendTaskSuccess')).toBe(2);
  expect(w.of('outbox:unkept')).toHaveLength(1);
  // It arrives in the store after its report was accepted, and doesn't stay there.
  acknowledge();
  await seconds(1);
  expect(await outcomes()).toEqual([]);
});

test('a task that ends before the store holds the lease of its worker is kept too', async () => {
  let acknowledge = (): void => {};
  const slow = replaced(store, {
    putIfAbsent: async (key, value, options) => {
      if (key.startsWith('workers/')) await new Promise<void>((resolve) => (acknowledge = resolve));
      return store.putIfAbsent(key, value, options);
    },
  });
  await world.execute(world.machine(ARN));
  const w = await worker('one', { config: { outbox: { store: slow } } });
  await seconds(0.5);
  expect(w.of('task:settled')).toHaveLength(1);
  expect(faults.count('SendTaskSuccess')).toBe(0);
  acknowledge();
  await seconds(0);
  expect(faults.count('SendTaskSuccess')).toBe(1);
  expect(w.worker.status().counts).toMatchObject({ outcomesKept: 1, outcomesUnkept: 0 });
});

test('what a dead worker has left is reported by another once its lease has lapsed', async () => {
  const { execution } = await dead();
  const w = await worker('next');
  await seconds(25);
  expect(await world.describe(execution)).toMatchObject({ status: 'RUNNING' });
  await seconds(10);
  expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED', output: '"done"' });
  expect(w.of('outbox:taken')).toEqual([{ workerName: 'dead', outcomes: 1 }]);
  expect(w.of('outbox:offered')).toMatchObject([{ outcome: 'accepted', activityArn: ARN }]);
  expect(w.worker.status().counts).toMatchObject({ outcomesRescued: 1, outcomesLate: 0 });
  await seconds(1);
  expect(await outcomes()).toEqual([]);
  expect((await store.list('workers/')).keys).toHaveLength(1);
});

test.each([
  ['a success', 0, () => 'done'],
  [
    'a failure',
    1,
    (): string => {
      throw new Error('no');
    },
  ],
])('%s that another worker reports leaves %i checkpoints', async (_, left, end) => {
  const config = { checkpoint: { store, key: () => 'work' } };
  faults.always('SendTaskFailure', REFUSED);
  const save = async (_input: unknown, task: TaskContext): Promise<unknown> => {
    await task.checkpoint.save({ done: 1 });
    return end();
  };
  await dead(save, {}, config);
  faults.always('SendTaskFailure', undefined);
  expect((await store.list('checkpoints/')).keys).toHaveLength(1);
  const w = await worker('next', { config });
  await seconds(40);
  expect(w.of('outbox:offered')).toMatchObject([{ outcome: 'accepted' }]);
  expect((await store.list('checkpoints/')).keys).toHaveLength(left);
});

test('of several workers that share the store, one reports it, once', async () => {
  const { execution } = await dead();
  const all = await Promise.all(['a', 'b', 'c'].map((name) => worker(name)));
  const before = faults.count('SendTaskSuccess');
  await seconds(60);
  expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED' });
  expect(faults.count('SendTaskSuccess')).toBe(before + 1);
  expect(all.flatMap((w) => w.of('outbox:offered'))).toHaveLength(1);
});

test('while the service refuses it, its heartbeats go on', async () => {
  const { execution } = await dead(undefined, { HeartbeatSeconds: 60 });
  faults.always('SendTaskSuccess', REFUSED);
  await worker('next');
  await seconds(240);
  expect(await world.describe(execution)).toMatchObject({ status: 'RUNNING' });
  faults.always('SendTaskSuccess', undefined);
  await seconds(25);
  expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED', output: '"done"' });
});

test('an outcome whose task is gone by then is deleted, and that is told', async () => {
  const { execution } = await dead();
  await world.client.send(new StopExecutionCommand({ executionArn: execution }));
  const w = await worker('next');
  await seconds(40);
  expect(w.of('outbox:offered')).toMatchObject([{ outcome: 'gone' }]);
  expect(w.worker.status().counts.outcomesLate).toBe(1);
  expect(await outcomes()).toEqual([]);
});

test('a success that the service refuses becomes the same failure when another worker reports it', async () => {
  const { execution } = await dead();
  faults.always('SendTaskSuccess', { kind: 'error', error: 'InvalidOutput' });
  await worker('next');
  await seconds(40);
  expect(await world.describe(execution)).toMatchObject({
    status: 'FAILED',
    error: 'Stepwright.InvalidOutput',
  });
});

test('a worker that stops in order leaves what it could not deliver to the next, at once', async () => {
  faults.always('SendTaskSuccess', REFUSED);
  const w = await worker('one', { config: { grace: '0s' } });
  const execution = await world.execute(world.machine(ARN));
  await seconds(1);
  const stopped = w.worker.stop();
  world.service.endPolls();
  await seconds(90);
  await stopped;
  expect(w.of('report:lost')).toMatchObject([{ kept: 'left' }]);
  faults.always('SendTaskSuccess', undefined);
  await worker('next');
  await seconds(1);
  expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED' });
});

test('an outcome that was given up stays for a day, and is not offered by itself', async () => {
  faults.always('SendTaskSuccess', REFUSED);
  const w = await worker('one', { config: { reportLimit: '1m' } });
  await world.execute(world.machine(ARN));
  await seconds(90);
  expect(w.of('report:lost')).toMatchObject([{ kept: 'given-up' }]);
  expect(await outcomes()).toEqual([expect.stringMatching(/^outcomes\/given-up\/[0-9a-f]{64}$/)]);
  const record = await store.get((await outcomes())[0] ?? '');
  expect(JSON.parse(Buffer.from(record?.value ?? '').toString())).toMatchObject({
    scopes: [`${new URL(world.service.url).host} 123456789012 us-east-1`],
  });
  const calls = faults.count('SendTaskSuccess');
  await seconds(120);
  expect(faults.count('SendTaskSuccess')).toBe(calls);
  agedMs = 23 * 3_600_000;
  expect(await outcomes()).toHaveLength(1);
  agedMs = 24 * 3_600_000;
  expect(await outcomes()).toEqual([]);
});

test('where the store takes nothing, results are reported, and that is told once', async () => {
  let isFull = true;
  const full = replaced(store, {
    putIfAbsent: async (key, value, options) => {
      if (isFull && key.startsWith('outcomes/')) throw new StoreError('full', 'no room');
      return store.putIfAbsent(key, value, options);
    },
  });
  const w = await worker('one', { config: { outbox: { store: full } } });
  const machine = world.machine(ARN);
  for (let n = 0; n < 3; n++) {
    const execution = await world.execute(machine);
    await seconds(0.1);
    expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED' });
  }
  expect(w.worker.status()).toMatchObject({
    ready: true,
    outbox: { keeps: false },
    counts: { outcomesUnkept: 3 },
  });
  expect(w.of('store:failed')).toMatchObject([{ use: 'outbox', call: 'write' }]);
  expect(w.log.filter(({ level }) => level === 'warn' || level === 'error')).toHaveLength(1);
  isFull = false;
  await world.execute(machine);
  await seconds(1);
  expect(w.worker.status().outbox).toMatchObject({ keeps: true });
  await seconds(31);
  expect(w.of('store:recovered')).toHaveLength(1);
});

test('a store that hangs delays one report by a second, and no other', async () => {
  const hung = replaced(store, {
    putIfAbsent: (key, value, options) =>
      key.startsWith('outcomes/') ? new Promise(() => {}) : store.putIfAbsent(key, value, options),
  });
  const w = await worker('one', { config: { outbox: { store: hung } } });
  const machine = world.machine(ARN);
  await world.execute(machine);
  await seconds(12);
  expect(w.of('task:succeeded')).toHaveLength(1);
  for (let n = 2; n < 6; n++) {
    await world.execute(machine);
    await seconds(0);
    expect(w.of('task:succeeded')).toHaveLength(n);
  }
});

test('an outcome of another endpoint or account is left alone', async () => {
  const { execution } = await dead();
  const elsewhere = await createWorld();
  try {
    const other = await elsewhere.worker({
      activities: [activity(() => 'done')],
      workerName: 'other',
      outbox: { store },
    });
    await elsewhere.clock.advance(120_000);
    expect(other.of('outbox:taken')).toEqual([]);
  } finally {
    await elsewhere.close();
  }
  expect(await world.describe(execution)).toMatchObject({ status: 'RUNNING' });
  expect(await outcomes()).toHaveLength(1);
});

test('no token and no output of a task is in a line of the log', async () => {
  const { w: first } = await dead(() => 'a secret');
  const w = await worker('next');
  await seconds(60);
  const tokens = first.of('task:received').map(({ token }) => token);
  const lines = JSON.stringify([first.log, w.log]);
  expect(tokens).toHaveLength(1);
  for (const token of tokens) expect(lines).not.toContain(token);
  expect(lines).not.toContain('a secret');
});
