import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { beforeEach, expect, test } from '@jest/globals';
import { type Store, StoreError } from '../../../src/framework/base/store.js';
import type { TaskContext } from '../../../src/framework/declare/task-context.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { memoryStore } from '../../../src/framework/worker/keep/memory.js';
import { replaced } from '../../support/replaced-store.js';
import { activity } from '../../support/work.js';
import { scopeAt } from '../../../src/framework/aws/endpoint.js';
import { ARN, createWorld, useWorld, type WorkerWorld } from '../../support/world.js';

const world = useWorld();
const { faults } = world;
let store: Store;
beforeEach(() => {
  store = memoryStore({ now: () => world.clock.now() });
});

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
  expect(w.worker.status().outbox).toEqual({ keeps: true, waiting: 1, oldestMs: expect.any(Number) });
  await seconds(5);
  expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED', output: '"done"' });
  expect(await outcomes()).toEqual([]);
  expect(w.worker.status()).toMatchObject({
    counts: { outcomesKept: 1, outcomesUnkept: 0, reportsRetried: 1 },
    outbox: { keeps: true, waiting: 0, oldestMs: 0 },
  });
});

test('no report is sent before the store has acknowledged the outcome, unless that takes a second', async () => {
  let acknowledge = (): void => {};
  const slow = replaced(store, {
    putIfAbsent: async (key, value, options) => {
      await new Promise<void>((resolve) => (acknowledge = resolve));
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

test('a worker that starts offers at once what a dead one has left', async () => {
  const { execution } = await dead();
  const w = await worker('next');
  await seconds(1);
  expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED', output: '"done"' });
  expect(w.of('outbox:offered')).toMatchObject([{ outcome: 'accepted', activityArn: ARN }]);
  expect(w.worker.status().counts).toMatchObject({ outcomesRescued: 1, outcomesLate: 0 });
  await seconds(1);
  expect(await outcomes()).toEqual([]);
});

test('all outcomes that dead workers have left are offered at once', async () => {
  await dead();
  const [key = ''] = await outcomes();
  const text = Buffer.from((await store.get(key))?.value ?? []).toString();
  const { token } = JSON.parse(text) as { token: string };
  const tokens = Array.from({ length: 40 }, (_, n) => `token-${n}`);
  for (const each of tokens)
    await store.put(`outcomes/${each}`, Buffer.from(text.replace(token, () => each)));
  for (const call of ['SendTaskSuccess', 'SendTaskHeartbeat']) faults.always(call, REFUSED);
  await worker('next');
  await seconds(1);
  const offered = faults.calls.map(({ body }) => (body as { taskToken?: string }).taskToken);
  expect(tokens.filter((each) => !offered.includes(each))).toEqual([]);
});

test('what a worker is reporting itself it does not offer', async () => {
  faults.always('SendTaskSuccess', REFUSED);
  const w = await worker('one');
  const execution = await world.execute(world.machine(ARN));
  await seconds(120);
  expect(w.of('outbox:offered')).toEqual([]);
  expect(w.worker.status().outbox).toMatchObject({ waiting: 1 });
  faults.always('SendTaskSuccess', undefined);
  await seconds(20);
  expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED' });
  expect(w.of('outbox:offered')).toEqual([]);
  expect(await outcomes()).toEqual([]);
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
  await seconds(2);
  expect(w.of('outbox:offered')).toMatchObject([{ outcome: 'accepted' }]);
  expect((await store.list('checkpoints/')).keys).toHaveLength(left);
});

test('several workers may offer the same one: the service takes it once, and nobody counts a loss', async () => {
  const { execution } = await dead();
  const all = await Promise.all(['a', 'b', 'c'].map((name) => worker(name)));
  await seconds(90);
  expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED' });
  const ends = all.flatMap((w) => w.of('outbox:offered').map(({ outcome }) => outcome));
  expect(ends.filter((end) => end === 'accepted')).toHaveLength(1);
  expect(ends.filter((end) => end !== 'accepted' && end !== 'delivered')).toEqual([]);
  expect(all.map((w) => w.worker.status().counts.outcomesLate)).toEqual([0, 0, 0]);
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

test('an outcome whose task is gone by then is deleted, and that is counted and told', async () => {
  const { execution } = await dead();
  await world.client.send(new StopExecutionCommand({ executionArn: execution }));
  const w = await worker('next');
  await seconds(3);
  expect(w.of('outbox:offered')).toMatchObject([{ outcome: 'gone' }]);
  expect(w.worker.status().counts.outcomesLate).toBe(1);
  expect(w.log).toContainEqual(
    expect.objectContaining({
      level: 'warn',
      handler: expect.any(String),
      msg: expect.stringContaining('too late'),
    }),
  );
  expect(await outcomes()).toEqual([]);
});

test('a success that the service refuses becomes the same failure when another worker reports it', async () => {
  const { execution } = await dead();
  faults.always('SendTaskSuccess', { kind: 'error', error: 'InvalidOutput' });
  await worker('next');
  await seconds(2);
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
  expect(w.of('report:lost')).toMatchObject([{ kept: true }]);
  faults.always('SendTaskSuccess', undefined);
  await worker('next');
  await seconds(1);
  expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED' });
});

test('nothing is given up before a day; then it is offered once more, and removed', async () => {
  faults.always('SendTaskSuccess', REFUSED);
  const w = await worker('one', { config: { reportLimit: '1m', heartbeat: false } });
  await world.execute(world.machine(ARN));
  await seconds(90);
  expect(w.of('report:lost')).toMatchObject([{ kept: true }]);
  const calls = faults.count('SendTaskSuccess');
  await seconds(180);
  expect(faults.count('SendTaskSuccess')).toBeGreaterThan(calls);
  expect(w.of('outbox:offered')).toEqual([]);
  expect(await outcomes()).toHaveLength(1);
  const [key = ''] = await outcomes();
  const { value } = (await store.get(key)) ?? {};
  const record = JSON.parse(Buffer.from(value ?? []).toString()) as { decidedAt: number };
  // As if it had been decided a day ago.
  await store.put(
    key,
    Buffer.from(JSON.stringify({ ...record, decidedAt: record.decidedAt - 24 * 3_600_000 })),
  );
  await seconds(120);
  expect(w.of('outbox:offered')).toMatchObject([{ outcome: 'lost' }]);
  expect(w.log.filter(({ msg }) => String(msg).includes('is given up'))).toHaveLength(1);
  expect(await outcomes()).toEqual([]);
}, 120_000);

test('an outcome of a day ago whose report is accepted counts as any other', async () => {
  const { execution } = await dead(undefined, {}, { heartbeat: false });
  const [key = ''] = await outcomes();
  const { value } = (await store.get(key)) ?? {};
  const record = JSON.parse(Buffer.from(value ?? []).toString()) as { decidedAt: number };
  await store.put(
    key,
    Buffer.from(JSON.stringify({ ...record, decidedAt: record.decidedAt - 48 * 3_600_000 })),
  );
  const w = await worker('next');
  await seconds(2);
  expect(w.of('outbox:offered')).toMatchObject([{ outcome: 'accepted' }]);
  expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED' });
});

test('a record that can not be read is left alone, with one line in the log', async () => {
  const { execution } = await dead();
  await store.put('outcomes/torn', Buffer.from('{"kind":"outc'));
  await store.put('outcomes/later', Buffer.from('{"kind":"outcome","v":9}'));
  const w = await worker('next');
  await seconds(120);
  expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED' });
  expect(await outcomes()).toEqual(['outcomes/later', 'outcomes/torn']);
  expect(w.log.filter(({ msg }) => String(msg).includes('left alone'))).toHaveLength(2);
});

test('an outcome that was delivered, and could not be removed, is removed later and is no loss', async () => {
  let isStuck = true;
  const stuck = replaced(store, {
    delete: (key, options) =>
      isStuck ? Promise.reject(new StoreError('unavailable', 'away')) : store.delete(key, options),
  });
  const w = await worker('one', { config: { outbox: { store: stuck } } });
  await world.execute(world.machine(ARN));
  await seconds(60);
  expect(w.of('task:succeeded')).toHaveLength(1);
  expect(await outcomes()).toHaveLength(1);
  isStuck = false;
  await seconds(60);
  expect(await outcomes()).toEqual([]);
  expect(w.of('outbox:offered')).toEqual([]);
});

test('a store that is away for minutes at the start is looked at when it is back', async () => {
  const { execution } = await dead(undefined, {}, { heartbeat: false });
  let isAway = true;
  const away = replaced(store, {
    list: (prefix, options) =>
      isAway ? Promise.reject(new StoreError('unavailable', 'away')) : store.list(prefix, options),
  });
  const w = await worker('next', { config: { outbox: { store: away } } });
  await seconds(180);
  isAway = false;
  await seconds(6);
  expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED' });
  expect(w.of('store:failed')).toMatchObject([{ use: 'outbox', call: 'read' }]);
});

test('where the store takes nothing, results are reported, and that is told once', async () => {
  let isFull = true;
  const full = replaced(store, {
    putIfAbsent: async (key, value, options) => {
      if (isFull) throw new StoreError('full', 'no room');
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
  const hung = replaced(store, { putIfAbsent: () => new Promise(() => {}) });
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
    expect(other.of('outbox:offered')).toEqual([]);
  } finally {
    await elsewhere.close();
  }
  expect(await world.describe(execution)).toMatchObject({ status: 'RUNNING' });
  expect(await outcomes()).toHaveLength(1);
});

test.each<[string, string, string]>([
  ['http://localhost:8083', 'http://127.0.0.1:8083', 'http://[::1]:8083'],
  ['https://states.eu-west-1.amazonaws.com', 'https://vpce-1.states.eu-west-1.vpce.amazonaws.com', ''],
])('the same service by another spelling is one scope: %s', (...urls) => {
  const endpoints = urls.flatMap((url) =>
    url === '' ? { kind: 'aws' as const } : { kind: 'url' as const, url },
  );
  expect(new Set(endpoints.map((endpoint) => scopeAt(endpoint)(ARN))).size).toBe(1);
});

test('a scope is a partition, an account and a region of AWS, or an origin elsewhere', () => {
  const at = (url: string): string => scopeAt({ kind: 'url', url })(ARN);
  expect(scopeAt({ kind: 'aws' })(ARN)).toBe('aws 123456789012 us-east-1');
  expect(scopeAt({ kind: 'aws' })(ARN.replace('arn:aws:', 'arn:aws-cn:'))).toBe(
    'aws-cn 123456789012 us-east-1',
  );
  expect(at('http://localstack:4566')).toBe('http://localstack:4566');
  expect(at('http://localhost:8083')).not.toBe(at('http://localhost:8084'));
  expect(at('http://a.localhost:8083')).toBe('http://a.localhost:8083');
  expect(at('http://b.localhost:8083')).toBe('http://b.localhost:8083');
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
