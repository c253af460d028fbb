import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { IsInt, IsString, Min } from 'class-validator';
import {
  Activity,
  ActivityFailure,
  CheckpointError,
  type CheckpointOptions,
  type Config,
  type Constructor,
  Handle,
  type HandlerOptions,
  type Store,
  StoreError,
  type TaskContext,
} from 'stepwright';
import { memoryStore } from 'stepwright/testing';
import { ARN, useWorld, type World, type WorkerWorld } from '../../support/world.js';

class Job {
  @IsString() id!: string;
}
class BatchState {
  @IsInt() @Min(0) done!: number;
}

type Handler = (job: Job, task: TaskContext) => unknown;

const ONCE = { HeartbeatSeconds: 60 };
const RETRY = [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 1, MaxAttempts: 5, BackoffRate: 1 }];
const world = useWorld();
const { faults } = world;
let store: Store;
beforeEach(() => {
  store = memoryStore({ now: () => world.clock.now() });
});

const option = (more: Partial<CheckpointOptions> = {}): CheckpointOptions => ({
  store,
  key: ({ id }: Job) => id,
  ...more,
});

function activity(run: Handler, options: HandlerOptions = { checkpoint: option() }): Constructor<object> {
  @Activity(ARN)
  class Work {
    @Handle(options) run(job: Job, task: TaskContext): unknown {
      return run(job, task);
    }
  }
  return Work;
}

async function work(run: Handler, options?: HandlerOptions, config: Config = {}): Promise<WorkerWorld> {
  const w = await world.worker({ activities: [activity(run, options)], ...config });
  await world.clock.advance(50);
  return w;
}

async function keys(): Promise<readonly string[]> {
  return (await store.list('checkpoints/')).keys;
}

/** The records of the store, parsed. */
async function records(): Promise<Record<string, unknown>[]> {
  const found = await Promise.all((await keys()).map((key) => store.get(key)));
  return found.flatMap((each) => {
    const { json, ...rest } = JSON.parse(Buffer.from(each?.value ?? '{}').toString()) as { json?: string };
    return each ? [{ ...rest, value: json === undefined ? undefined : (JSON.parse(json) as unknown) }] : [];
  });
}

/** Moves the clock on until the execution has ended. */
async function ended(execution: string): ReturnType<World['describe']> {
  for (let i = 0; i < 400; i++) {
    const found = await world.describe(execution);
    if (found.status !== 'RUNNING') return found;
    await world.clock.advance(1_000);
  }
  throw new Error(`the execution does not end: ${(await world.history(execution)).join(', ')}`);
}

test('what an attempt has saved, the next attempt loads, by another worker; a success removes it', async () => {
  const later = [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 100, MaxAttempts: 1 }];
  const machine = world.machine(ARN, { ...ONCE, Retry: later });
  const loaded: unknown[] = [];
  const handler: Handler = async (_job, { checkpoint }) => {
    const state = await checkpoint.load(BatchState);
    loaded.push(state);
    if (state) return state.done;
    await checkpoint.save({ done: 7, unknown: 'x' });
    throw new ActivityFailure('Interrupted', 'stopped');
  };
  const first = await work(handler);
  const execution = await world.execute(machine, { id: 'a' });
  await world.clock.settle();
  expect(await keys()).toHaveLength(1);
  const stopped = first.worker.stop();
  await world.clock.advance(80_000);
  await stopped;
  await work(handler);
  expect(await ended(execution)).toMatchObject({ status: 'SUCCEEDED', output: '7' });
  expect(loaded).toEqual([undefined, { done: 7 }]);
  expect(loaded[1]).toBeInstanceOf(BatchState);
  await world.clock.settle();
  expect(await keys()).toEqual([]);
});

test('a worker that was cut off gets an error of its own where the service still wants both tasks', async () => {
  const machine = world.machine(ARN, {});
  const tasks: TaskContext[] = [];
  const ends: (() => void)[] = [];
  await work(async (_job, task) => {
    tasks.push(task);
    await task.checkpoint.save(tasks.length);
    await new Promise<void>((resolve) => ends.push(resolve));
  });
  for (let n = 0; n < 2; n++) {
    await world.execute(machine, { id: 'a' });
    await world.clock.advance(2_000);
  }
  const [first, second] = tasks;
  const error = await first?.checkpoint.save('old').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CheckpointError);
  expect(error).toMatchObject({
    name: 'CheckpointTaken',
    kind: 'taken',
    message: expect.stringContaining('has taken over the checkpoint'),
  });
  expect(first?.signal.aborted).toBe(false);
  expect(await second?.checkpoint.load()).toBe(2);
  for (const end of ends) end();
});

describe('a worker that was cut off', () => {
  const ends: (() => void)[] = [];
  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });

  /** The error of a call. The heartbeat that it asks for leaves within some milliseconds of the clock. */
  async function errorOf(call: Promise<unknown>): Promise<unknown> {
    const error = call.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    await world.clock.advance(3_000);
    return error;
  }

  test('takes nothing over from its successor when it first uses the checkpoint after it', async () => {
    const machine = world.machine(ARN, { TimeoutSeconds: 10, Retry: RETRY });
    const tasks: TaskContext[] = [];
    await work(async (_job, task) => {
      if (tasks.push(task) === 2) await task.checkpoint.save('second');
      await new Promise<void>((resolve) => ends.push(resolve));
    });
    await world.execute(machine, { id: 'a' });
    await world.clock.advance(14_000);
    const [first, second] = tasks;
    expect(await errorOf(first?.checkpoint.load() ?? Promise.resolve())).toMatchObject({ kind: 'gone' });
    await second?.checkpoint.save('newer');
    expect(await records()).toMatchObject([{ value: 'newer' }]);
  });

  test('takes nothing over while the service does not answer if it wants it, and then fails', async () => {
    const machine = world.machine(ARN, { TimeoutSeconds: 1_000 });
    const tasks: TaskContext[] = [];
    await work(async (_job, task) => {
      if (tasks.push(task) === 1) await task.checkpoint.save('first');
      await new Promise<void>((resolve) => ends.push(resolve));
    });
    await world.execute(machine, { id: 'a' });
    await world.clock.settle();
    await world.execute(machine, { id: 'a' });
    await world.clock.advance(1_000);
    faults.always('SendTaskHeartbeat', { kind: 'status', status: 500 });
    let error: unknown;
    void tasks[1]?.checkpoint.load().catch((thrown: unknown) => (error = thrown));
    await world.clock.advance(50_000);
    expect(error).toBeUndefined();
    await world.clock.advance(20_000);
    expect(error).toMatchObject({ name: 'StoreError', kind: 'unavailable' });
    await tasks[0]?.checkpoint.save('still the first');
    expect(await records()).toMatchObject([{ value: 'still the first' }]);
    faults.always('SendTaskHeartbeat', undefined);
    const loaded = tasks[1]?.checkpoint.load();
    await world.clock.advance(1_000);
    expect(await loaded).toBe('still the first');
    expect(await errorOf(tasks[0]?.checkpoint.save('old') ?? Promise.resolve())).toMatchObject({
      kind: 'taken',
    });
  });

  test('removes nothing of its successor when its own success is accepted', async () => {
    const machine = world.machine(ARN, ONCE);
    await work(async (_job, { checkpoint }) => {
      await checkpoint.save(ends.length);
      await new Promise<void>((resolve) => ends.push(resolve));
    });
    const first = await world.execute(machine, { id: 'a' });
    await world.clock.settle();
    await world.execute(machine, { id: 'a' });
    await world.clock.advance(1_000);
    expect(ends).toHaveLength(2);
    ends[0]?.();
    expect(await ended(first)).toMatchObject({ status: 'SUCCEEDED' });
    await world.clock.settle();
    expect(await records()).toMatchObject([{ value: 1 }]);
  });
});

describe('a saved value that is not valid for the class any more', () => {
  async function loading(load: (task: TaskContext) => unknown): Promise<Awaited<ReturnType<typeof ended>>> {
    const machine = world.machine(ARN, ONCE);
    let attempts = 0;
    const w = await work(async (_job, task) => {
      if (attempts++ > 0) return load(task);
      await task.checkpoint.save({ done: -3, token: 'secret' });
      throw new Error('stopped');
    });
    await ended(await world.execute(machine, { id: 'a' }));
    const end = await ended(await world.execute(machine, { id: 'a' }));
    expect(JSON.stringify(w.log)).not.toContain('secret');
    return end;
  }

  test('fails the task, which names the class and the rules, and stays', async () => {
    const end = await loading(({ checkpoint }) => checkpoint.load(BatchState));
    expect(end).toMatchObject({ status: 'FAILED', error: 'CheckpointUnreadable' });
    expect(JSON.parse(end.cause ?? '')).toMatchObject({
      errorMessage: expect.stringContaining('no valid BatchState: done: done must not be less than 0'),
    });
    expect(await records()).toMatchObject([{ value: { done: -3 } }]);
  });

  test('is replaced by the next save of a handler that goes on without it', async () => {
    const end = await loading(async ({ checkpoint }) => {
      const state = await checkpoint.load(BatchState).catch((error: unknown) => (error as Error).name);
      await checkpoint.save({ done: 1 });
      return [state, await checkpoint.load(BatchState)];
    });
    expect(end).toMatchObject({ status: 'SUCCEEDED', output: '["CheckpointUnreadable",{"done":1}]' });
  });

  test('what another release has written is left alone', async () => {
    const machine = world.machine(ARN, ONCE);
    let attempts = 0;
    await work(async (_job, { checkpoint }) => {
      await checkpoint.load(BatchState);
      await checkpoint.save({ done: 1 });
      if (++attempts === 1) throw new Error('stopped');
    });
    await ended(await world.execute(machine, { id: 'a' }));
    const [key = ''] = await keys();
    await store.put(key, Buffer.from('{"v":2,"kind":"checkpoint","other":true}'));
    const end = await ended(await world.execute(machine, { id: 'a' }));
    expect(end).toMatchObject({ status: 'FAILED', error: 'CheckpointUnreadable' });
    expect(await records()).toEqual([{ v: 2, kind: 'checkpoint', other: true }]);
  });
});

/** The store, with what is done to each of its writes. */
function withFaults(write: () => Promise<void>, read: () => Promise<void> = async () => {}): Store {
  return {
    name: 'faulty',
    maxBytes: store.maxBytes,
    put: async (...args) => write().then(() => store.put(...args)),
    putIfAbsent: async (...args) => write().then(() => store.putIfAbsent(...args)),
    replace: async (...args) => write().then(() => store.replace(...args)),
    get: async (...args) => read().then(() => store.get(...args)),
    delete: (...args) => store.delete(...args),
    deleteIf: (...args) => store.deleteIf(...args),
    list: (...args) => store.list(...args),
  };
}

/** Runs one task with its checkpoint in this store, and returns its context. */
async function running(
  faulty: Store,
  config: Config = {},
): Promise<{ task: TaskContext; w: WorkerWorld; end: () => void }> {
  const machine = world.machine(ARN, {});
  let task: TaskContext | undefined;
  let end = (): void => {};
  const w = await work(
    (_job, given) => {
      task = given;
      return new Promise<void>((resolve) => (end = resolve));
    },
    { checkpoint: option({ store: faulty }) },
    config,
  );
  await world.execute(machine, { id: 'a' });
  await world.clock.settle();
  if (!task) throw new Error('a task is at work');
  return { task, w, end: () => end() };
}

describe('saving often', () => {
  test('writes one value at a time, and of those that wait only the newest', async () => {
    const writes: (() => void)[] = [];
    const { task } = await running(withFaults(() => new Promise((resolve) => writes.push(resolve))));
    const done: number[] = [];
    const state = { at: 1 };
    const save = (at: number): void =>
      void task.checkpoint.save(Object.assign(state, { at })).then(() => done.push(at));
    save(1);
    await world.clock.settle();
    writes.shift()?.();
    await world.clock.settle();
    expect(writes).toHaveLength(1);
    for (const at of [2, 3, 4]) save(at);
    state.at = 99;
    expect(done).toEqual([]);
    writes.shift()?.();
    await world.clock.settle();
    expect(done).toEqual([1]);
    expect(await records()).toMatchObject([{ value: { at: 1 } }]);
    writes.shift()?.();
    await world.clock.settle();
    expect(done).toEqual([1, 2, 3, 4]);
    expect(await records()).toMatchObject([{ value: { at: 4 } }]);
    expect(writes).toEqual([]);
  });

  test('reports the progress in the same call', async () => {
    const { task, w } = await running(store);
    await task.checkpoint.save({}, { fraction: 0.4, message: 'line 4' });
    expect(w.of('task:progress')).toMatchObject([{ fraction: 0.4, message: 'line 4' }]);
  });

  test('refuses what JSON can not express, and a value of no size', async () => {
    const { task } = await running(memoryStore({ maxBytes: 300 }));
    await expect(task.checkpoint.save({ seen: new Map() })).rejects.toThrow('seen is a Map or a Set');
    await expect(task.checkpoint.save(undefined)).rejects.toThrow('got undefined');
    await expect(task.checkpoint.save({ n: 1n })).rejects.toThrow(TypeError);
    await expect(task.checkpoint.save('x'.repeat(400))).rejects.toMatchObject({ kind: 'too-large' });
  });
});

describe('a store in trouble', () => {
  test('a save is repeated until the store answers, which is logged once', async () => {
    let fails = true;
    const down = async (): Promise<void> => {
      if (fails) throw new StoreError('unavailable', 'the store is down');
    };
    const { task, w } = await running(withFaults(down));
    let saved = false;
    const all = Promise.all([task.checkpoint.save(1), task.checkpoint.save(2)]).then(() => (saved = true));
    await world.clock.advance(30_000);
    expect(saved).toBe(false);
    fails = false;
    await world.clock.advance(10_000);
    await all;
    expect(await records()).toMatchObject([{ value: 2 }]);
    expect(w.of('store:failed')).toMatchObject([{ use: 'checkpoint' }]);
    expect(w.log.filter(({ msg }) => String(msg).includes('the store of checkpoints fails'))).toHaveLength(1);
  });

  test('after a minute the handler gets the error of the store, and may go on', async () => {
    const { task, end } = await running(withFaults(() => Promise.reject(new StoreError('full', 'no room'))));
    let error: unknown;
    void task.checkpoint.save(1).catch((thrown: unknown) => (error = thrown));
    await world.clock.advance(50_000);
    expect(error).toBeUndefined();
    await world.clock.advance(60_000);
    expect(error).toMatchObject({ name: 'StoreError', kind: 'full' });
    end();
  });

  test('a call that gets no answer ends, and what it has written nevertheless counts', async () => {
    let hangs = false;
    const { task } = await running({
      ...withFaults(async () => {}),
      replace: async (...args) => {
        const version = await store.replace(...args);
        if (!hangs) return version;
        hangs = false;
        return new Promise(() => {});
      },
    });
    await task.checkpoint.save(1);
    hangs = true;
    let saved = false;
    void task.checkpoint.save(2).then(() => (saved = true));
    await world.clock.advance(9_000);
    expect(saved).toBe(false);
    await world.clock.advance(5_000);
    expect(saved).toBe(true);
    await task.checkpoint.save(3);
    expect(await records()).toMatchObject([{ value: 3 }]);
  });

  test('an access that is denied is an error at once', async () => {
    const { task, end } = await running(
      withFaults(() => Promise.reject(new StoreError('denied', 'no access'))),
    );
    await expect(task.checkpoint.save(1)).rejects.toMatchObject({ kind: 'denied' });
    end();
  });

  test("a call is not repeated any more once the task's signal has aborted", async () => {
    const down = new StoreError('unavailable', 'down');
    let writes = 0;
    const fails = (): Promise<void> => {
      writes++;
      return Promise.reject(down);
    };
    const { task, w, end } = await running(withFaults(fails), { grace: '10s' });
    let error: unknown;
    void task.checkpoint.save(1).catch((thrown: unknown) => (error = thrown));
    world.service.endPolls();
    void w.worker.stop();
    await world.clock.advance(9_000);
    expect(error).toBeUndefined();
    await world.clock.advance(2_000);
    expect(error).toBe(down);
    const before = writes;
    await expect(task.checkpoint.save(2)).rejects.toBe(down);
    expect(writes).toBe(before + 1);
    end();
  });
});

test('a checkpoint ends `keep` after it was written last', async () => {
  const machine = world.machine(ARN, ONCE);
  await work(
    async (_job, { checkpoint }) => {
      await checkpoint.save(1);
      throw new Error('stopped');
    },
    { checkpoint: option({ keep: '2h' }) },
  );
  await ended(await world.execute(machine, { id: 'a' }));
  await world.clock.advance(7_100_000);
  expect(await records()).toHaveLength(1);
  await world.clock.advance(200_000);
  expect(await records()).toEqual([]);
});

test('a handler without the option is told what to set', async () => {
  const machine = world.machine(ARN, ONCE);
  await work((_job, { checkpoint }) => checkpoint.save(1), {});
  const end = await ended(await world.execute(machine, { id: 'a' }));
  expect(end).toMatchObject({ status: 'FAILED', error: 'TypeError' });
  expect(end.cause).toContain('Set its option checkpoint: { store, key: (input) => … }');
});

test.each([undefined, '', 7])('a key of %p is an error that names the option', async (id) => {
  const machine = world.machine(ARN, ONCE);
  await work((_job, { checkpoint }) => checkpoint.load(), {
    checkpoint: option({ key: () => id as never }),
  });
  const end = await ended(await world.execute(machine, { id: 'a' }));
  expect(end.cause).toContain('the option checkpoint.key of Work.run must return the name');
});

test('the option is set in the config as well, for one handler or all', async () => {
  const machine = world.machine(ARN, ONCE);
  const handler: Handler = async (_job, { checkpoint }) => {
    await checkpoint.save(1);
    throw new Error('stopped');
  };
  await work(handler, {}, { handlers: { 'Work.run': { checkpoint: option() } } });
  await ended(await world.execute(machine, { id: 'a' }));
  expect(await keys()).toHaveLength(1);
});

test('a stop waits until the checkpoint of finished work is removed', async () => {
  const machine = world.machine(ARN, ONCE);
  let remove = (): void => {};
  const slow: Store = {
    ...withFaults(async () => {}),
    deleteIf: async (...args) => {
      await new Promise<void>((resolve) => (remove = resolve));
      return store.deleteIf(...args);
    },
  };
  const w = await work((_job, { checkpoint }) => checkpoint.save(1), { checkpoint: option({ store: slow }) });
  expect(await ended(await world.execute(machine, { id: 'a' }))).toMatchObject({ status: 'SUCCEEDED' });
  world.service.endPolls();
  const stopped = w.worker.stop();
  await world.clock.advance(1_000);
  expect(w.worker.status().state).toBe('draining');
  remove();
  await stopped;
  expect(await keys()).toEqual([]);
});
