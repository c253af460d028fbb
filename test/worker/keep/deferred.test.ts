import { setTimeout as nap } from 'node:timers/promises';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { IsBoolean } from 'class-validator';
import {
  Activity,
  ActivityFailure,
  type Completions,
  type Config,
  createCompletions,
  type Deferral,
  Handle,
  type HandlerOptions,
  type Store,
  StoreError,
  type TaskContext,
} from 'stepwright';
import { memoryStore } from 'stepwright/testing';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { type FaultPlan, faultPlan } from '../../support/faults.js';
import { compiled } from '../../support/hosted.js';
import { replaced } from '../../support/replaced-store.js';
import { ARN, createWorld, type World, type WorkerWorld } from '../../support/world.js';
import hosted from './fixtures/deferred.config.js';

class Approval {
  @IsBoolean() approved!: boolean;
}

interface Order {
  id?: string;
}

let w: World;
let faults: FaultPlan;
let store: Store;
const opened: Completions[] = [];

beforeEach(async () => {
  faults = faultPlan();
  w = await createWorld({ fault: faults.hook });
  w.service.seedActivity(ARN);
  store = memoryStore({ now: () => w.clock.now() });
});
afterEach(async () => {
  for (const each of opened.splice(0)) each.close();
  await w.close();
});

const tasks: TaskContext[] = [];
const defers = (order: Order, task: TaskContext): Promise<Deferral> =>
  task.defer(order.id === undefined ? undefined : { id: order.id, note: 'please' });

function approvals(
  run: (order: Order, task: TaskContext) => unknown,
  options: HandlerOptions = {},
): Config['activities'] {
  @Activity(ARN)
  class Approve {
    @Handle({ input: 'any', output: Approval, ...options })
    async ask(order: Order, task: TaskContext): Promise<Approval | Deferral> {
      tasks.push(task);
      return (await run(order, task)) as Approval;
    }
  }
  return [Approve];
}

const config = (run = defers, more: Config = {}, options: HandlerOptions = {}): Config => ({
  activities: approvals(run, options),
  deferred: { store },
  ...more,
});

/** A worker that is dead once the test moves only the world's clock. */
async function worker(given: Config = config(), clock?: HandClock): Promise<WorkerWorld> {
  const made = await w.worker(given, { random: 0.5, ...(clock && { clock }) });
  await (clock ?? w.clock).advance(50);
  return made;
}

async function completions(more: Config = {}, clock = w.clock): Promise<Completions> {
  const made = await createCompletions({ ...config(), endpoint: w.service.url, ...more }, { clock });
  opened.push(made);
  return made;
}

const DAY = 24 * 3_600_000;
const NAMED = { handler: 'Approve.ask' };
const machine = (fields: object = {}): string => w.machine(ARN, { TimeoutSeconds: 400_000, ...fields });

async function deferred(id?: string, arn = machine()): Promise<string> {
  const execution = await w.execute(arn, { id });
  await w.clock.advance(100);
  return execution;
}

/** Moves the clock on until a call of a completion is answered. */
async function answered<T>(call: Promise<T>): Promise<T> {
  const state = { isOver: false };
  const over = call.finally(() => (state.isOver = true));
  over.catch(() => {});
  for (let n = 0; n < 200 && !state.isOver; n++) await w.clock.advance(250);
  return over;
}

describe('a task whose handler has deferred it, and whose workers are dead for a day,', () => {
  async function dead(id?: string): Promise<{ execution: string; token: string }> {
    const clock = new HandClock(w.clock.now());
    const made = await worker(config(), clock);
    const execution = await w.execute(machine(), { id });
    for (let n = 0; n < 5; n++) await clock.advance(50);
    expect(made.of('task:deferred')).toMatchObject([{ id }]);
    const token = made.of('task:received')[0]?.token ?? '';
    await w.clock.advance(DAY);
    return { execution, token };
  }

  test('is completed by its id, once; the second hears what was decided, by whom and when', async () => {
    const { execution } = await dead('o-1');
    const done = await completions();
    expect(await done.list()).toMatchObject([{ id: 'o-1', handler: 'Approve.ask', note: 'please' }]);
    expect(await done.succeed('o-1', { approved: true }, { by: 'Ann' })).toEqual({ status: 'accepted' });
    expect(await w.describe(execution)).toMatchObject({ status: 'SUCCEEDED', output: '{"approved":true}' });
    expect(await done.fail('o-1', new Error('no'), { by: 'Bo' })).toEqual({
      status: 'completed',
      decided: { status: 'succeeded', output: { approved: true }, by: 'Ann', at: new Date(w.clock.now()) },
    });
    expect(await done.list()).toEqual([]);
    expect(await done.get('o-1')).toMatchObject({ decided: { by: 'Ann' } });
    await w.clock.advance(DAY);
    expect(await done.succeed('o-1', { approved: true })).toEqual({ status: 'unknown' });
  });

  test('is completed by its token, without a store; the second hears that it is gone', async () => {
    const { execution, token } = await dead();
    const done = await completions({ deferred: undefined });
    expect(await done.heartbeat({ token, ...NAMED })).toEqual({ status: 'accepted' });
    await expect(done.succeed({ token, ...NAMED }, { approved: 'yes' })).rejects.toMatchObject({
      name: expect.stringContaining('InvalidOutput'),
    });
    expect(await done.fail({ token, ...NAMED }, new ActivityFailure('Refused', 'too dear'))).toEqual({
      status: 'accepted',
    });
    expect(await w.describe(execution)).toMatchObject({ status: 'FAILED', error: 'Refused' });
    expect(await done.succeed({ token, ...NAMED }, { approved: true })).toEqual({ status: 'gone' });
  });

  test('stays open if an output is not one that its handler may return', async () => {
    const { execution } = await dead('o-1');
    const done = await completions();
    await expect(done.succeed('o-1', { approved: 'yes' })).rejects.toMatchObject({
      message: expect.stringContaining('approved'),
    });
    expect(await w.describe(execution)).toMatchObject({ status: 'RUNNING' });
    expect(await done.list()).toHaveLength(1);
    expect(await done.succeed('o-1', { approved: false })).toEqual({ status: 'accepted' });
  });

  test('is left alone by a config that reports to another endpoint, which the error names', async () => {
    const { execution } = await dead('o-1');
    const other = await completions({ endpoint: 'http://127.0.0.1:1' });
    const expected = { message: expect.stringMatching(/o-1 comes from .+ reports to http:\/\/localhost:1/) };
    await expect(other.succeed('o-1', { approved: true })).rejects.toMatchObject(expected);
    await expect(other.heartbeat('o-1')).rejects.toMatchObject(expected);
    expect(await (await completions()).succeed('o-1', { approved: true })).toEqual({ status: 'accepted' });
    expect(await w.describe(execution)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('is gone if its execution was stopped', async () => {
    const { execution } = await dead('o-1');
    await w.client.send(new StopExecutionCommand({ executionArn: execution }));
    const done = await completions();
    expect(await done.heartbeat('o-1')).toEqual({ status: 'gone' });
    expect(await done.list()).toEqual([]);
    expect(await done.succeed('o-1', { approved: true })).toEqual({ status: 'unknown' });
  });
});

test('a slot is free as soon as the handler has ended, and no heartbeat is sent for a deferred task', async () => {
  const made = await worker(config(defers, { concurrency: 1 }, { heartbeat: '20s' }));
  const arn = machine();
  for (let n = 0; n < 3; n++) await deferred(`o-${n}`, arn);
  expect(made.of('task:deferred').map(({ id }) => id)).toEqual(['o-0', 'o-1', 'o-2']);
  expect(made.worker.status().counts.deferred).toBe(3);
  const before = faults.count('SendTaskHeartbeat');
  await w.clock.advance(120_000);
  expect(faults.count('SendTaskHeartbeat')).toBe(before);
});

describe('once a task is deferred, nothing of its handler is reported:', () => {
  const never = (): Promise<never> => new Promise(() => {});
  const holdOn = async (order: Order, task: TaskContext): Promise<unknown> => {
    await defers(order, task);
    return never();
  };
  /** Returns true if the task waits, nothing was reported, and it can be completed. */
  async function isOpen(execution: string): Promise<boolean> {
    const { status } = await w.describe(execution);
    const reports = faults.calls.filter(({ operation }) => /SendTask(Success|Failure)/.test(operation));
    if (status !== 'RUNNING' || reports.length > 0) return false;
    const completion = await (await completions()).succeed('o-1', { approved: true });
    return completion.status === 'accepted';
  }

  test('no other value that it returns', async () => {
    await worker(
      config(async (order, task) => {
        await defers(order, task);
        return { approved: false } as never;
      }),
    );
    expect(await isOpen(await deferred('o-1'))).toBe(true);
  });

  test('no deadline', async () => {
    const made = await worker(config(holdOn as typeof defers, {}, { timeout: '10s' }));
    const execution = await deferred('o-1');
    await w.clock.advance(15_000);
    expect(tasks.at(-1)?.signal.reason).toMatchObject({ kind: 'deadline' });
    expect(made.of('task:deferred')).toHaveLength(1);
    expect(await isOpen(execution)).toBe(true);
  });

  test('no stop of the worker', async () => {
    const made = await worker(config(holdOn as typeof defers, { grace: '5s' }));
    const execution = await deferred('o-1');
    const stopped = made.worker.stop();
    w.service.endPolls();
    await w.clock.advance(90_000);
    await stopped;
    expect(await isOpen(execution)).toBe(true);
  });

  test('no error that it throws after its signal has aborted', async () => {
    const late = async (order: Order, task: TaskContext): Promise<never> => {
      await defers(order, task);
      await new Promise((resolve) => task.signal.addEventListener('abort', resolve));
      throw new Error('late');
    };
    await worker(config(late, {}, { timeout: '10s' }));
    const execution = await deferred('o-1');
    await w.clock.advance(15_000);
    expect(await isOpen(execution)).toBe(true);
  });

  test.each(['exit', 'value'] as const)('no %s of its thread', async (then) => {
    const arn = 'arn:aws:states:us-east-1:123456789012:activity:Hosted';
    w.service.seedActivity(arn);
    const module = compiled('test/worker/keep/fixtures/deferred.config.ts');
    const made = await w.worker(
      { ...hosted, deferred: { store }, run: 'thread', pool: { threads: 1 } },
      { module },
    );
    await w.clock.advance(50);
    const execution = await w.execute(w.machine(arn, { TimeoutSeconds: 1_000 }), { id: 'o-1', then });
    for (let n = 0; n < 4_000 && made.of('task:deferred').length === 0; n++)
      await Promise.all([w.clock.advance(10), nap(2)]);
    expect(made.of('task:failed')).toEqual([]);
    expect(await w.describe(execution)).toMatchObject({ status: 'RUNNING' });
    const done = await createCompletions({ ...hosted, endpoint: w.service.url, deferred: { store } });
    opened.push(done);
    expect(await done.succeed('o-1', 'done')).toEqual({ status: 'accepted' });
  });

  test('but an error that it throws before that fails the task, and closes the record', async () => {
    const made = await worker(
      config(async (order, task) => {
        await defers(order, task);
        throw new ActivityFailure('NoMail', 'nobody could be asked');
      }),
    );
    const execution = await deferred('o-1');
    expect(await w.describe(execution)).toMatchObject({ status: 'FAILED', error: 'NoMail' });
    expect(made.of('task:failed')).toHaveLength(1);
    const done = await completions();
    expect(await done.list()).toEqual([]);
    expect(await done.succeed('o-1', { approved: true })).toMatchObject({
      status: 'completed',
      decided: { status: 'failed', error: 'NoMail', by: 'its handler' },
    });
  });

  test('and who was first to complete it is first, whatever the handler throws then', async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    await worker(
      config(async (order, task) => {
        await defers(order, task);
        await held;
        throw new Error('too late');
      }),
    );
    const execution = await deferred('o-1');
    const done = await completions();
    expect(await done.succeed('o-1', { approved: true })).toEqual({ status: 'accepted' });
    release();
    await w.clock.advance(1_000);
    expect(await w.describe(execution)).toMatchObject({ status: 'SUCCEEDED' });
  });
});

describe('an id', () => {
  test('whose task is gone is used again by a retry', async () => {
    await worker();
    const Retry = [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 1, MaxAttempts: 3, BackoffRate: 1 }];
    const execution = await deferred('o-1', machine({ TimeoutSeconds: 60, Retry }));
    await w.clock.advance(62_000);
    const done = await completions();
    // The second attempt waits; after its failure the third does.
    expect(await answered(done.fail('o-1', new Error('no')))).toEqual({ status: 'accepted' });
    await w.clock.advance(2_000);
    expect(await answered(done.succeed('o-1', { approved: true }))).toEqual({ status: 'accepted' });
    expect(await w.describe(execution)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('whose task lives is taken', async () => {
    await worker();
    const first = await deferred('o-1');
    const second = await deferred('o-1');
    expect(await w.describe(second)).toMatchObject({ status: 'FAILED', error: 'DeferredIdTaken' });
    expect(await (await completions()).succeed('o-1', { approved: true })).toEqual({ status: 'accepted' });
    expect(await w.describe(first)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('needs a store, which the error names, while a task without one is deferred', async () => {
    await worker(config(defers, { deferred: undefined }));
    expect(await w.describe(await deferred('o-1'))).toMatchObject({
      status: 'FAILED',
      error: 'TypeError',
      cause: expect.stringContaining('Set deferred: { store }'),
    });
    expect(await w.describe(await deferred())).toMatchObject({ status: 'RUNNING' });
    const done = await completions({ deferred: undefined });
    await expect(done.succeed('o-1')).rejects.toThrow('set deferred: { store }');
  });

  test('is written while the store is away for seconds, also for the first tasks after a start', async () => {
    let isAway = true;
    const away = (): Promise<never> => Promise.reject(new StoreError('unavailable', 'away'));
    const shaky = replaced(store, {
      putIfAbsent: (...all) => (isAway ? away() : store.putIfAbsent(...all)),
    });
    await worker(config(defers, { deferred: { store: shaky } }));
    const executions = [await deferred('o-1'), await deferred('o-2')];
    await w.clock.advance(5_000);
    isAway = false;
    await w.clock.advance(10_000);
    for (const execution of executions)
      expect(await w.describe(execution)).toMatchObject({ status: 'RUNNING' });
    expect(await (await completions()).list()).toHaveLength(2);
  });

  test.each([{}, { id: '' }, { id: 7 }, { id: 'x'.repeat(201) }, { id: 'a', note: 7 }, 'a', null])(
    '%j is refused with what defer takes',
    async (wrong) => {
      await worker(config((_order, task) => task.defer(wrong as never)));
      const { cause } = await w.describe(await deferred());
      expect(cause).toContain('task.defer: expected nothing, or { id, note? }');
    },
  );
});

describe('a service that can not be reached', () => {
  test('rejects a completion, which may be called again, and nothing else is decided meanwhile', async () => {
    await worker();
    const execution = await deferred('o-1');
    const done = await completions();
    faults.always('SendTaskSuccess', { kind: 'status', status: 500 });
    await expect(answered(done.succeed('o-1', { approved: true }, { by: 'Ann' }))).rejects.toThrow(/500/);
    faults.always('SendTaskSuccess', undefined);
    expect(await answered((await completions()).fail('o-1', new Error('no')))).toMatchObject({
      status: 'completed',
      decided: { by: 'Ann' },
    });
    // Who came second has told what the first has decided.
    expect(await w.describe(execution)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('that has accepted a completion whose answer was lost says accepted', async () => {
    await worker();
    const execution = await deferred();
    const token = tasks.at(-1)?.token ?? '';
    const done = await completions();
    faults.once('SendTaskSuccess', { kind: 'answer-lost' });
    expect(await answered(done.succeed({ token, ...NAMED }, { approved: true }))).toEqual({
      status: 'accepted',
    });
    expect(await w.describe(execution)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('makes a heartbeat reject', async () => {
    await worker();
    await deferred('o-1');
    const done = await completions();
    faults.always('SendTaskHeartbeat', { kind: 'status', status: 500 });
    await expect(answered(done.heartbeat('o-1'))).rejects.toThrow(/500/);
    expect(await done.list()).toHaveLength(1);
  });
});

test('who comes just after a process that died with its completion sends it, and hears of it then', async () => {
  await worker();
  const execution = await deferred('o-1');
  faults.once('SendTaskSuccess', { kind: 'status', status: 500 });
  // Its clock stands still, so that it never sends it again.
  const dead = await completions({}, new HandClock(w.clock.now()));
  void dead.succeed('o-1', { approved: true }, { by: 'Ann' }).catch(() => {});
  await w.clock.settle(() => faults.calls.some(({ operation }) => operation === 'SendTaskSuccess'));
  await w.clock.advance(1_000);
  const next = await completions();
  expect(await answered(next.fail('o-1', new Error('no'), { by: 'Bo' }))).toMatchObject({
    status: 'completed',
    decided: { by: 'Ann' },
  });
  expect(await w.describe(execution)).toMatchObject({ status: 'SUCCEEDED', output: '{"approved":true}' });
});

test('an accepted success removes the checkpoint of the task', async () => {
  const checkpoint = { store, key: () => 'work' };
  await worker(
    config(
      async (order, task) => {
        await task.checkpoint.save(1);
        return defers(order, task);
      },
      {},
      { checkpoint },
    ),
  );
  await deferred('o-1');
  expect((await store.list('checkpoints/')).keys).toHaveLength(1);
  const done = await completions({ activities: approvals(defers, { checkpoint }) });
  expect(await done.succeed('o-1', { approved: true })).toEqual({ status: 'accepted' });
  expect((await store.list('checkpoints/')).keys).toEqual([]);
});
