import { SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsDate, IsInstance, IsInt, IsString, ValidateNested } from 'class-validator';
import {
  Activity,
  ActivityFailure,
  type Config,
  type Constructor,
  Handle,
  Idempotent,
  type IdempotentOptions,
  type InterceptedTask,
  type Interceptor,
  type Store,
  StoreError,
  type TaskContext,
} from 'stepwright';
import { createTestBed, memoryStore } from 'stepwright/testing';
import { beginWork } from '../../../src/framework/worker/keep/once.js';
import { ARN, useWorld, type World, type WorkerWorld } from '../../support/world.js';

class Job {
  @IsString() id!: string;
}

type Handler = (job: Job, task: TaskContext) => unknown;

const world = useWorld();
const { faults } = world;
let store: Store;
beforeEach(() => {
  store = memoryStore({ now: () => world.clock.now() });
});

function activity(run: Handler, options: Partial<IdempotentOptions> = {}): Constructor<object> {
  @Activity(ARN)
  class Work {
    @Handle({ interceptors: [Idempotent({ store, key: ({ id }: Job) => id, ...options })] })
    run(job: Job, task: TaskContext): unknown {
      return run(job, task);
    }
  }
  return Work;
}

async function work(
  run: Handler,
  options?: Partial<IdempotentOptions>,
  config: Config = {},
): Promise<WorkerWorld> {
  const w = await world.worker({ activities: [activity(run, options)], ...config });
  await world.clock.advance(50);
  return w;
}

async function ended(execution: string): ReturnType<World['describe']> {
  for (let i = 0; i < 400; i++) {
    const found = await world.describe(execution);
    if (found.status !== 'RUNNING') return found;
    await world.clock.advance(1_000);
  }
  throw new Error(`the execution does not end: ${(await world.history(execution)).join(', ')}`);
}

const start = async (machine: string, input: object): Promise<string> => {
  const execution = await world.execute(machine, input);
  await world.clock.advance(100);
  return execution;
};
const run = async (machine: string, input: object): ReturnType<World['describe']> =>
  ended(await world.execute(machine, input));

test('the second task of a finished piece of work has its result, and other work is done', async () => {
  const machine = world.machine(ARN);
  const done: string[] = [];
  await work(({ id }) => ({ id, at: done.push(id) }));
  for (const id of ['a', 'a', 'b', 'a']) await run(machine, { id });
  expect(done).toEqual(['a', 'b']);
  expect(await run(machine, { id: 'a' })).toMatchObject({ status: 'SUCCEEDED', output: '{"id":"a","at":1}' });
});

class Line {
  @IsInt() n!: number;
}

class Receipt {
  @IsDate() @Type(() => Date) at!: Date;
  @ValidateNested({ each: true }) @Type(() => Line) lines!: Line[];
  @IsInstance(URL) link!: URL;
}

const receipt = (): Receipt =>
  Object.assign(new Receipt(), {
    at: new Date(0),
    lines: [Object.assign(new Line(), { n: 1 })],
    link: new URL('https://a.example/1'),
  });

/** A handler whose results are of a class. */
function receipts(
  result: (job: Job) => unknown,
  outer: readonly Constructor<Interceptor>[] = [],
): Constructor<object> {
  @Activity(ARN)
  class Work {
    @Handle({
      output: Receipt,
      interceptors: [...outer, Idempotent({ store, key: ({ id }: Job) => id, failures: ['CardDeclined'] })],
    })
    run(job: Job): never {
      return result(job) as never;
    }
  }
  return Work;
}

test('the second task sends what the first has sent, whatever the type of the output is', async () => {
  const machine = world.machine(ARN);
  let calls = 0;
  await world.worker({ activities: [receipts(() => (calls++, receipt()))] });
  const first = await run(machine, { id: 'a' });
  expect(first).toMatchObject({
    output: '{"at":"1970-01-01T00:00:00.000Z","lines":[{"n":1}],"link":"https://a.example/1"}',
  });
  expect(await run(machine, { id: 'a' })).toMatchObject({ status: 'SUCCEEDED', output: first.output });
  expect(calls).toBe(1);
});

test('a result that its output type refuses is no outcome', async () => {
  const machine = world.machine(ARN);
  let calls = 0;
  await world.worker({ activities: [receipts(() => (++calls === 1 ? { at: 'soon' } : receipt()))] });
  expect(await run(machine, { id: 'a' })).toMatchObject({ error: 'Stepwright.InvalidOutput' });
  expect(await run(machine, { id: 'a' })).toMatchObject({ status: 'SUCCEEDED' });
});

test('a result that an interceptor around it has made of the repeated one is validated', async () => {
  class Around implements Interceptor {
    async intercept(_: InterceptedTask, next: () => Promise<unknown>): Promise<unknown> {
      return { ...((await next()) as object) };
    }
  }
  const machine = world.machine(ARN);
  await world.worker({ activities: [receipts(receipt, [Around])] });
  expect(await run(machine, { id: 'a' })).toMatchObject({ status: 'SUCCEEDED' });
  expect(await run(machine, { id: 'a' })).toMatchObject({
    error: 'Stepwright.InvalidOutput',
    cause: expect.stringContaining('at must be a date'),
  });
});

test('a large output is kept as the reference to it, and sent as that', async () => {
  const machine = world.machine(ARN);
  const payloads = { store: Object.assign(memoryStore(), { uri: 'memory:payloads' }), above: '1KB' };
  let calls = 0;
  const small = { ...methods(store), maxBytes: 1_000 };
  const work = activity(() => (calls++, 'x'.repeat(5_000)), { store: small });
  await world.worker({ activities: [work], payloads });
  const first = await run(machine, { id: 'a' });
  expect(first.output).toMatch(/^\{"\$stepwright":\{"uri":"memory:payloads\/payloads\//);
  expect(await run(machine, { id: 'a' })).toMatchObject({ output: first.output });
  expect(calls).toBe(1);
});

test('a result of nothing is kept as null', async () => {
  const machine = world.machine(ARN);
  let calls = 0;
  await work(() => void calls++);
  await run(machine, { id: 'a' });
  expect(await run(machine, { id: 'a' })).toMatchObject({ status: 'SUCCEEDED', output: 'null' });
  expect(calls).toBe(1);
});

test('an outcome is kept for the time in `keep`', async () => {
  const machine = world.machine(ARN);
  let calls = 0;
  await work(() => ++calls, { keep: '1h' });
  await run(machine, { id: 'a' });
  await world.clock.advance(3_500_000);
  await run(machine, { id: 'a' });
  expect(calls).toBe(1);
  await world.clock.advance(200_000);
  await run(machine, { id: 'a' });
  expect(calls).toBe(2);
});

test('a failure frees the work, except the names that are final', async () => {
  const machine = world.machine(ARN);
  let calls = 0;
  await work(
    ({ id }) => {
      calls++;
      throw new ActivityFailure(id, 'no', { balance: 3 });
    },
    { failures: ['CardDeclined'] },
  );
  for (let i = 0; i < 2; i++) await run(machine, { id: 'Timeout' });
  expect(calls).toBe(2);
  const first = await run(machine, { id: 'CardDeclined' });
  const second = await run(machine, { id: 'CardDeclined' });
  expect(calls).toBe(3);
  expect([first.error, second.error]).toEqual(['CardDeclined', 'CardDeclined']);
  expect(JSON.parse(second.cause ?? '')).toMatchObject({ errorMessage: 'no', data: { balance: 3 } });
  expect(second.cause).toBe(first.cause);
});

describe('two at once', () => {
  /** The first task of the work is at it for as long as the test likes. */
  async function atWork(
    options: Partial<IdempotentOptions> = {},
    config: Config = {},
  ): Promise<{ machine: string; first: string; finish: () => void; calls: () => number; w: WorkerWorld }> {
    const machine = world.machine(ARN, { HeartbeatSeconds: 60 });
    let finish = (): void => {};
    let calls = 0;
    const w = await work(
      () => {
        calls++;
        return new Promise<string>((resolve) => (finish = () => resolve('the first')));
      },
      options,
      config,
    );
    const first = await start(machine, { id: 'a' });
    return { machine, first, finish: () => finish(), calls: () => calls, w };
  }

  test('the second fails by Stepwright.AlreadyRunning, which a Retry repeats until it has the outcome of the first', async () => {
    const { first, finish, calls } = await atWork();
    const Retry = [
      { ErrorEquals: ['Stepwright.AlreadyRunning'], IntervalSeconds: 2, MaxAttempts: 50, BackoffRate: 1 },
    ];
    const second = await start(world.machine(ARN, { HeartbeatSeconds: 60, Retry }), { id: 'a' });
    await world.clock.advance(30_000);
    expect((await world.history(second)).filter((type) => type === 'ActivityFailed').length).toBeGreaterThan(
      8,
    );
    expect(calls()).toBe(1);
    finish();
    expect(await ended(first)).toMatchObject({ output: '"the first"' });
    expect(await ended(second)).toMatchObject({ output: '"the first"' });
    expect(calls()).toBe(1);
  });

  test('tasks that ask at once keep to the rate of heartbeats together', async () => {
    const rate = 2;
    const machine = world.machine(ARN, { HeartbeatSeconds: 60 });
    const ends: (() => void)[] = [];
    await work(
      () => new Promise<void>((resolve) => ends.push(resolve)),
      {},
      { heartbeat: false, heartbeatRate: rate, concurrency: 30 },
    );
    const ids = Array.from({ length: 10 }, (_, n) => `${n}`);
    for (const id of ids) await start(machine, { id });
    expect(ends).toHaveLength(10);
    const second = await Promise.all(ids.map((id) => world.execute(machine, { id })));
    const sent = [faults.count('SendTaskHeartbeat')];
    for (let tenth = 0; tenth < 80; tenth++) {
      await world.clock.advance(100);
      sent.push(faults.count('SendTaskHeartbeat'));
    }
    const mostInASecond = Math.max(...sent.map((count, at) => count - (sent[at - 10] ?? 0)));
    expect(mostInASecond).toBeGreaterThan(0);
    expect(mostInASecond).toBeLessThanOrEqual(rate);
    for (const execution of second)
      expect(await ended(execution)).toMatchObject({ error: 'Stepwright.AlreadyRunning' });
    for (const end of ends) end();
  });

  test.each(['the service does not answer', 'the record is of another service'])(
    'nobody takes the work over where %s',
    async (why) => {
      const { machine, calls } = await atWork();
      const [key = ''] = (await store.list('once/')).keys;
      const { value, version } = (await store.get(key)) ?? { value: Buffer.from('{}'), version: '' };
      const record = JSON.parse(Buffer.from(value).toString()) as object;
      if (why.includes('another'))
        await store.replace(key, json({ ...record, scope: 'http://elsewhere' }), version);
      else faults.always('SendTaskHeartbeat', { kind: 'status', status: 500 });
      for (let n = 0; n < 5; n++) {
        expect(await ended(await start(machine, { id: 'a' }))).toMatchObject({
          error: 'Stepwright.AlreadyRunning',
        });
        await world.clock.advance(20_000);
      }
      expect(calls()).toBe(1);
    },
  );

  test('dates that differ by hours change nothing: the service decides', async () => {
    const { machine, first, finish, calls } = await atWork();
    const [key = ''] = (await store.list('once/')).keys;
    for (const aheadMs of [7_200_000, -7_200_000]) {
      const { value, version } = (await store.get(key)) ?? { value: Buffer.from('{}'), version: '' };
      const record = JSON.parse(Buffer.from(value).toString()) as object;
      const askedAt = world.clock.now() + aheadMs;
      await store.replace(key, json({ ...record, askedAt, gapMs: 5_000 }), version);
      expect(await ended(await start(machine, { id: 'a' }))).toMatchObject({
        error: 'Stepwright.AlreadyRunning',
      });
    }
    finish();
    expect(await ended(first)).toMatchObject({ status: 'SUCCEEDED' });
    expect(calls()).toBe(1);
  });
});

const json = (record: object): Uint8Array => Buffer.from(JSON.stringify(record));

test.each(['the deferral', 'nothing'])(
  'the work of a deferred task whose handler returns %s is not begun again while it waits',
  async (returns) => {
    const machine = world.machine(ARN, { TimeoutSeconds: 1_000 });
    let calls = 0;
    let token = '';
    await work(async (_job, task) => {
      calls++;
      ({ token } = task);
      const deferral = await task.defer();
      return returns === 'nothing' ? undefined : deferral;
    });
    const first = await start(machine, { id: 'a' });
    expect(await ended(await start(machine, { id: 'a' }))).toMatchObject({
      error: 'Stepwright.AlreadyRunning',
    });
    expect(calls).toBe(1);
    await world.client.send(new SendTaskSuccessCommand({ taskToken: token, output: '1' }));
    expect(await ended(first)).toMatchObject({ output: '1' });
  },
);

describe('a store in trouble', () => {
  const fails = (kind: 'unavailable' | 'denied') => (): Promise<never> =>
    Promise.reject(new StoreError(kind, 'no answer'));

  test('no work begins, and the task fails after a minute', async () => {
    const machine = world.machine(ARN);
    let calls = 0;
    const w = await work(() => calls++, { store: { ...methods(store), putIfAbsent: fails('unavailable') } });
    const execution = await start(machine, { id: 'a' });
    await world.clock.advance(50_000);
    expect((await world.describe(execution)).status).toBe('RUNNING');
    expect(await ended(execution)).toMatchObject({ status: 'FAILED', error: 'StoreError' });
    expect(calls).toBe(0);
    expect(w.of('store:failed')).toMatchObject([{ use: 'idempotent', call: 'write' }]);
  });

  test('an outcome that can not be kept is the outcome of its task nevertheless', async () => {
    const machine = world.machine(ARN);
    const w = await work(() => 'done', { store: { ...methods(store), replace: fails('denied') } });
    expect(await run(machine, { id: 'a' })).toMatchObject({ output: '"done"' });
    expect(w.log).toContainEqual(
      expect.objectContaining({ msg: expect.stringContaining('could not be kept') }),
    );
  });

  test('a stop ends the attempts to keep an outcome', async () => {
    const machine = world.machine(ARN);
    const w = await work(
      () => 'done',
      { store: { ...methods(store), replace: fails('unavailable') } },
      { grace: '1s' },
    );
    await start(machine, { id: 'a' });
    const stopped = w.worker.stop();
    world.service.endPolls();
    await world.clock.advance(10_000);
    await stopped;
    expect(world.clock.pending).toBe(0);
  });
});

/** The methods of a store as an object's own. */
const methods = (of: Store): Store => ({
  name: of.name,
  maxBytes: of.maxBytes,
  put: (...args) => of.put(...args),
  putIfAbsent: (...args) => of.putIfAbsent(...args),
  replace: (...args) => of.replace(...args),
  get: (...args) => of.get(...args),
  delete: (...args) => of.delete(...args),
  deleteIf: (...args) => of.deleteIf(...args),
  list: (...args) => of.list(...args),
});

test('a stop leaves no timer behind of work that does not end', async () => {
  const machine = world.machine(ARN);
  const w = await work(() => new Promise(() => {}));
  await start(machine, { id: 'a' });
  const stopped = w.worker.stop();
  await world.clock.advance(150_000);
  await stopped;
  expect(world.clock.pending).toBe(0);
});

test('who frees work that another has taken over leaves it to that one', async () => {
  const { clock } = world;
  const parts = { store, clock, random: () => 0.5, keepMs: 60_000, signal: new AbortController().signal };
  const begin = (token: string): ReturnType<typeof beginWork> =>
    beginWork(parts, 'a', {
      handler: 'Work.run',
      task: { token, activityArn: ARN, scope: 'here' },
      signal: parts.signal,
      ask: async () => 'gone',
    });
  const [first, second] = [await begin('first'), await begin('second')];
  if (first.is !== 'begun' || second.is !== 'begun') throw new Error('the work has not begun');
  await first.work.free();
  expect(await second.work.finish({ state: 'succeeded', output: 2 })).toBe(true);
  await first.work.free();
  expect(await begin('third')).toMatchObject({ is: 'finished', outcome: { output: 2 } });
});

test('a bed has a store of its own in memory', async () => {
  let calls = 0;
  const bed = await createTestBed(activity(() => ++calls));
  for (let i = 0; i < 2; i++) expect(await bed.run({ id: 'a' })).toMatchObject({ output: 1 });
  expect((await store.list('')).keys).toEqual([]);
  await bed.close();
});

test.each([
  [{ store: {} }, '`store` to be a store, such as'],
  [{ key: 'id' }, '`key` to be a function'],
  [{ keep: '0s' }, '`keep` to be a duration'],
  [{ failures: ['States.ALL'] }, '`failures` to be a list of names of your own errors'],
])('%j is refused', (wrong, message) => {
  expect(() => Idempotent({ store, key: () => 'x', ...wrong } as IdempotentOptions)).toThrow(message);
});

test('a key that is no text fails the task, which names the handler', async () => {
  const machine = world.machine(ARN);
  await work(() => 1, { key: () => 7 as never });
  const { error, cause } = await run(machine, { id: 'a' });
  expect(error).toBe('TypeError');
  expect(cause).toContain('the name of the piece of work of Work.run');
});
