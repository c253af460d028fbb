import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsDate, IsInstance, IsInt, IsString, ValidateNested } from 'class-validator';
import {
  Activity,
  ActivityFailure,
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
import { ARN, createWorld, type World, type WorkerWorld } from '../../support/world.js';

class Job {
  @IsString() id!: string;
}

type Handler = (job: Job, task: TaskContext) => unknown;

let world: World;
let store: Store;
beforeEach(async () => {
  world = await createWorld();
  store = memoryStore({ now: () => world.clock.now() });
});
afterEach(() => world.close());

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

async function work(run: Handler, options?: Partial<IdempotentOptions>): Promise<WorkerWorld> {
  const w = await world.worker({ activities: [activity(run, options)] });
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

test('a result that JSON can not express is no outcome', async () => {
  const machine = world.machine(ARN);
  let calls = 0;
  await work(() => (++calls === 1 ? { n: 1n } : 'good'));
  expect(await run(machine, { id: 'a' })).toMatchObject({ error: 'Stepwright.InvalidOutput' });
  expect(await run(machine, { id: 'a' })).toMatchObject({ output: '"good"' });
});

describe('two at once', () => {
  /** The first task of the work is at it for as long as the test likes. */
  async function atWork(
    options: Partial<IdempotentOptions> = {},
  ): Promise<{ machine: string; first: string; finish: () => void; calls: () => number; w: WorkerWorld }> {
    const machine = world.machine(ARN, { HeartbeatSeconds: 60 });
    let finish = (): void => {};
    let calls = 0;
    const w = await work(() => {
      calls++;
      return new Promise<string>((resolve) => (finish = () => resolve('the first')));
    }, options);
    const first = await start(machine, { id: 'a' });
    return { machine, first, finish: () => finish(), calls: () => calls, w };
  }

  test('the second waits with its heartbeat on, and has the outcome of the first', async () => {
    const { machine, first, finish, calls } = await atWork();
    const second = await start(machine, { id: 'a' });
    await world.clock.advance(600_000);
    expect(calls()).toBe(1);
    expect((await world.describe(second)).status).toBe('RUNNING');
    finish();
    expect(await ended(first)).toMatchObject({ output: '"the first"' });
    expect(await ended(second)).toMatchObject({ output: '"the first"' });
    expect(calls()).toBe(1);
  });

  test('the second fails by Stepwright.AlreadyRunning where that is asked, once it has seen a sign of life', async () => {
    const { machine, first, finish, calls } = await atWork({ whileRunning: 'fail' });
    const second = await start(machine, { id: 'a' });
    await world.clock.advance(15_000);
    expect(await world.describe(second)).toMatchObject({
      status: 'FAILED',
      error: 'Stepwright.AlreadyRunning',
    });
    finish();
    expect(await ended(first)).toMatchObject({ status: 'SUCCEEDED' });
    expect(calls()).toBe(1);
  });

  test('a stop ends the wait', async () => {
    const { machine, finish, w } = await atWork();
    const second = await start(machine, { id: 'a' });
    world.service.endPolls();
    const stopped = w.worker.stop();
    await world.clock.advance(65_000);
    expect(await world.describe(second)).toMatchObject({ error: 'Stepwright.WorkerShutdown' });
    finish();
    await world.clock.advance(10_000);
    await stopped;
  });

  test.each(['wait', 'fail'] as const)(
    'the work of a worker that has died is begun anew (%s)',
    async (whileRunning) => {
      const machine = world.machine(ARN);
      // The record of a task whose process is gone: nobody changes it any more.
      let dead: unknown;
      const owner = (value: Uint8Array): unknown => JSON.parse(Buffer.from(value).toString()).by;
      const cut: Store = {
        ...methods(store),
        replace: async (key, value, ...rest) => {
          if (owner(value) === dead) throw new StoreError('unavailable', 'gone');
          return store.replace(key, value, ...rest);
        },
      };
      let calls = 0;
      let free = (): void => {};
      const first = new Promise<void>((resolve) => (free = resolve));
      await work(() => (++calls === 1 ? first : 'the second'), { whileRunning, store: cut });
      await start(machine, { id: 'a' });
      const [key = ''] = (await store.list('once/')).keys;
      dead = owner((await store.get(key))?.value ?? Buffer.from('{}'));
      expect(dead).toMatch(/^[0-9a-f]{64}$/);
      const second = await start(machine, { id: 'a' });
      await world.clock.advance(29_000);
      expect(calls).toBe(1);
      await world.clock.advance(5_000);
      expect(await ended(second)).toMatchObject({ output: '"the second"' });
      free();
    },
  );
});

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

test('a bed has a store of its own in memory', async () => {
  let calls = 0;
  const bed = await createTestBed(activity(() => ++calls));
  for (let i = 0; i < 2; i++) expect(await bed.run({ id: 'a' })).toMatchObject({ output: 1 });
  expect((await store.list('')).keys).toEqual([]);
  await bed.close();
});

test.each([
  [{ store: {} }, '`store` to be a store that can replace records'],
  [{ key: 'id' }, '`key` to be a function'],
  [{ keep: '0s' }, '`keep` to be a duration'],
  [{ whileRunning: 'queue' }, "`whileRunning` to be 'wait' or 'fail'"],
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
