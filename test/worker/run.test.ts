import { GetExecutionHistoryCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, test } from '@jest/globals';
import { IsNotEmpty, IsString } from 'class-validator';
import { injectable } from 'tsyringe';
import { Activity, Handle, type TaskContext } from 'stepwright';
import { activity, holding } from '../support/work.js';
import { ARN, useWorld } from '../support/world.js';

const world = useWorld();

const seconds = (n: number): Promise<void> => world.clock.advance(n * 1000);
const ended = async (execution: string): Promise<object> => {
  const { status, output, error, cause } = await world.describe(execution);
  return { status, output, error, cause };
};

class Greeting {
  @IsString()
  @IsNotEmpty()
  who!: string;
}

@Activity(ARN)
class Greet {
  @Handle()
  greet(input: Greeting): { message: string } {
    return { message: `Hello ${input.who}!` };
  }
}

test('an execution runs while no worker is up, and succeeds after', async () => {
  const execution = await world.execute(world.machine(ARN), { who: 'hoge' });
  await seconds(3600);
  expect(await ended(execution)).toMatchObject({ status: 'RUNNING' });
  const w = await world.worker({ activities: [Greet] });
  await seconds(1);
  expect(await ended(execution)).toMatchObject({ status: 'SUCCEEDED', output: '{"message":"Hello hoge!"}' });
  expect(w.of('task:succeeded')).toHaveLength(1);
});

test('an input that is refused is reported once', async () => {
  const w = await world.worker({ activities: [Greet] });
  const execution = await world.execute(world.machine(ARN), { who: 7 });
  await seconds(1);
  expect(await ended(execution)).toMatchObject({ status: 'FAILED', error: 'Stepwright.InvalidInput' });
  expect((await world.history(execution)).filter((type) => type === 'ActivityFailed')).toHaveLength(1);
  expect(w.worker.status()).toMatchObject({ state: 'running', counts: { failed: 1, succeeded: 0 } });
});

test('the execution shows the name of its worker', async () => {
  await world.worker({ activities: [Greet], workerName: 'pod-7' });
  const executionArn = await world.execute(world.machine(ARN), { who: 'hoge' });
  await seconds(1);
  const { events = [] } = await world.client.send(new GetExecutionHistoryCommand({ executionArn }));
  expect(events.find(({ type }) => type === 'ActivityStarted')).toMatchObject({
    activityStartedEventDetails: { workerName: 'pod-7' },
  });
});

test('what a handler is given can be copied, inherited from and wrapped, and its parts replaced', async () => {
  const { type, held } = holding({ concurrency: 2 });
  await world.worker({ activities: [type] });
  await Promise.all([1, 2].map((n) => world.execute(world.machine(ARN), n)));
  await world.clock.settle(() => held.length === 2);
  const [task, other] = held.map((each) => each.task);
  if (!task || !other) throw new Error('two tasks are held');
  const all = { ...task };
  expect(Object.keys(all).toSorted()).toEqual([
    ...[
      'activityArn',
      'checkpoint',
      'defer',
      'handler',
      'heartbeat',
      'log',
      'pauseHandler',
      'progress',
      'rawInput',
      'receivedAt',
    ],
    ...['shuttingDown', 'signal', 'token', 'workerName'],
  ]);
  const renamed = Object.create(task, { handler: { value: 'Other' }, token: { value: undefined } });
  const wrap = (of: object): object =>
    new Proxy(of, { get: (target, name) => wrapped(Reflect.get(target, name) as unknown) });
  const wrapped = (part: unknown): unknown =>
    (typeof part === 'object' && part !== null) || typeof part === 'function' ? wrap(part) : part;
  for (const like of [all, renamed as typeof task, new Proxy(task, {})])
    for (const name of ['signal', 'shuttingDown', 'log'] as const) expect(like[name]).toBe(task[name]);
  expect((wrap(other) as typeof task).signal.aborted).toBe(false);
  expect(task.signal).not.toBe(other.signal);
  const log = task.log.child({ tenant: 7 });
  expect(Object.defineProperty(task, 'log', { value: log }).log).toBe(log);
});

test('accessors of what handlers are given are made once, for all tasks', async () => {
  const { type, held } = holding({ concurrency: 2 });
  await world.worker({ activities: [type] });
  await Promise.all([1, 2].map((n) => world.execute(world.machine(ARN), n)));
  await world.clock.settle(() => held.length === 2);
  for (const name of ['signal', 'shuttingDown', 'log']) {
    const [one, other] = held.map(({ task }) => Object.getOwnPropertyDescriptor(task, name));
    expect(one).toMatchObject({ get: expect.any(Function) });
    expect(one).toEqual(other);
  }
});

describe('slots and polls', () => {
  test('polls grow while tasks come in, and shrink again when they end empty', async () => {
    const machine = world.machine(ARN);
    const w = await world.worker({ activities: [activity(() => 1, { concurrency: 8 })] });
    const polls = () => w.worker.status().handlers[0]?.polls.target;
    await seconds(1);
    expect(polls()).toBe(1);
    await Promise.all(Array.from({ length: 20 }, () => world.execute(machine)));
    await world.clock.settle(() => w.of('task:succeeded').length === 20);
    expect(polls()).toBe(8);
    await seconds(61);
    expect(polls()).toBe(1);
  });
});

describe('heartbeats', () => {
  test('keep a long task alive beyond its HeartbeatSeconds', async () => {
    const { type, held } = holding({ heartbeat: '20s' });
    const execution = await world.execute(world.machine(ARN, { HeartbeatSeconds: 45 }));
    const w = await world.worker({ activities: [type] });
    await seconds(600);
    expect(w.worker.status().tasks[0]?.lastHeartbeatAt).toBeGreaterThan(world.clock.now() - 21_000);
    held[0]?.succeed('done');
    await seconds(1);
    expect(await ended(execution)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('learn that the execution was stopped: the signal aborts with gone, and nothing is reported', async () => {
    const { type, held } = holding({ heartbeat: '20s', concurrency: 1 });
    const machine = world.machine(ARN);
    const executionArn = await world.execute(machine);
    const w = await world.worker({ activities: [type] });
    await world.clock.settle(() => held.length === 1);
    await world.client.send(new StopExecutionCommand({ executionArn }));
    await seconds(20);
    expect(held[0]?.task.signal.reason).toMatchObject({ name: 'TaskAborted', kind: 'gone' });
    expect(w.of('task:gone')).toMatchObject([{ handler: 'Work.run', probablyDelivered: false }]);
    await expect(held[0]?.task.heartbeat()).rejects.toMatchObject({ kind: 'gone' });

    expect(w.worker.status().tasks).toMatchObject([{ phase: 'settling' }]);
    await world.execute(machine);
    await seconds(5);
    expect(held).toHaveLength(1);
    held[0]?.fail(new Error('aborted'));
    await world.clock.settle(() => held.length === 2);
    expect(w.of('task:failed')).toEqual([]);
  });

  test('a handler that ignores its signal is named after a while', async () => {
    const { type, held } = holding();
    const executionArn = await world.execute(world.machine(ARN));
    const w = await world.worker({ activities: [type] });
    await world.clock.settle(() => held.length === 1);
    await world.client.send(new StopExecutionCommand({ executionArn }));
    await seconds(51);
    expect(w.of('task:ignored-abort')).toMatchObject([
      { handler: 'Work.run', afterMs: 30_000, abandoned: false },
    ]);
    expect(w.log).toContainEqual(
      expect.objectContaining({ msg: expect.stringContaining('ignores its abort signal') }),
    );
  });

  test('are sent when the handler asks, also where the automatic ones are off', async () => {
    const { type, held } = holding({ heartbeat: false });
    const w = await world.worker({ activities: [type] });
    await world.execute(world.machine(ARN, { HeartbeatSeconds: 60 }));
    await world.clock.settle(() => held.length === 1);
    await seconds(30);
    expect(w.worker.status().tasks[0]?.lastHeartbeatAt).toBeUndefined();
    const beat = held[0]?.task.heartbeat();
    await seconds(1);
    await beat;
    expect(w.worker.status().tasks[0]?.lastHeartbeatAt).toBeDefined();
  });

  test('in a loop have one promise until one is answered, so that the loop does not fill the memory', async () => {
    const { type, held } = holding({ heartbeat: false });
    await world.worker({ activities: [type] });
    await world.execute(world.machine(ARN, { HeartbeatSeconds: 60 }));
    await world.clock.settle(() => held.length === 1);
    const asked = new Set<Promise<void> | undefined>();
    for (let n = 0; n < 1_000; n++) asked.add(held[0]?.task.heartbeat());
    expect(asked.size).toBe(1);
    await seconds(1);
    for (const each of asked) await each;
    expect(asked).not.toContain(held[0]?.task.heartbeat());
  });
});

test('a handler that uses its task after its end is told once that this work was not awaited', async () => {
  const used: (() => void)[] = [];
  const type = activity((_, task) => {
    used.push(
      () => task.progress(0.5),
      () => void task.heartbeat(),
      () => task.log.info('late'),
    );
    return 1;
  });
  const w = await world.worker({ activities: [type] });
  await world.execute(world.machine(ARN));
  await world.clock.settle(() => w.of('task:succeeded').length === 1);
  const late = (): unknown[] =>
    w.log.filter(({ msg }) => String(msg).includes('after the handler had ended'));
  expect(late()).toEqual([]);
  for (const use of used) use();
  expect(late()).toEqual([
    expect.objectContaining({
      level: 'warn',
      task: expect.stringMatching(/^[0-9a-f]{8}$/),
      msg: expect.stringMatching(
        /^\S+ used its task \(progress at test\/worker\/run\.test\.ts:\d+\) after the handler had ended, which has no effect: work that it started was not awaited\. Fix: await that work before you return$/,
      ),
    }),
  ]);
});

test('how many heartbeats are late is told', async () => {
  const { type, held } = holding({ heartbeat: '10s', concurrency: 30 });
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [type], heartbeatRate: 1 });
  await Promise.all(Array.from({ length: 30 }, (_, n) => world.execute(machine, n)));
  await world.clock.settle(() => held.length === 30);
  await seconds(20);
  expect(w.of('heartbeat:late').at(-1)).toEqual({ late: expect.any(Number), tasks: 30 });
  for (const { succeed } of held) succeed();
});

describe('a deadline', () => {
  test('is counted from receipt, reported when it is over, and holds the slot until the handler settles', async () => {
    const { type, held } = holding({ timeout: '90s', concurrency: 1 });
    const execution = await world.execute(world.machine(ARN));
    const w = await world.worker({ activities: [type] });
    await seconds(89);
    expect(held[0]?.task.signal.aborted).toBe(false);
    await seconds(1);
    expect(held[0]?.task.signal.reason).toMatchObject({ kind: 'deadline' });
    expect(await ended(execution)).toMatchObject({ status: 'FAILED', error: 'Stepwright.DeadlineExceeded' });
    expect(w.worker.status().tasks).toHaveLength(1);
    held[0]?.succeed('too late');
    await seconds(1);
    expect(w.worker.status().tasks).toHaveLength(0);
    expect(w.worker.status().counts).toMatchObject({ failed: 1, succeeded: 0 });
  });

  test('drops no result that came in time, but was read late since the process stood still', async () => {
    const { type, held } = holding({ timeout: '90s' });
    const execution = await world.execute(world.machine(ARN));
    await world.worker({ activities: [type] });
    await seconds(80);
    world.clock.stall(20_000);
    await world.clock.settle();
    held[0]?.succeed('in time');
    await seconds(1);
    expect(await ended(execution)).toMatchObject({ status: 'SUCCEEDED' });
  });
});

test('finished work is reported before what belongs to its task is disposed of', async () => {
  const tidying: (() => void)[] = [];
  @injectable()
  class Connection {
    dispose(): Promise<void> {
      return new Promise((resolve) => tidying.push(resolve));
    }
  }
  @Activity(ARN, { scope: 'task' })
  class Query {
    constructor(readonly connection: Connection) {}
    @Handle()
    run(): string {
      return 'finished';
    }
  }
  const w = await world.worker({ activities: [Query] });
  const execution = await world.execute(world.machine(ARN));
  await seconds(1);
  expect(await ended(execution)).toMatchObject({ status: 'SUCCEEDED', output: '"finished"' });
  expect(w.worker.status().tasks).toMatchObject([{ phase: 'settling' }]);
  for (const done of tidying) done();
  await seconds(1);
  expect(w.worker.status().tasks).toEqual([]);
});

test('a heartbeat that nobody awaits does not end the process when its task is gone', async () => {
  const { type, held } = holding();
  const executionArn = await world.execute(world.machine(ARN));
  await world.worker({ activities: [type] });
  await world.clock.settle(() => held.length === 1);
  await world.client.send(new StopExecutionCommand({ executionArn }));
  void held[0]?.task.heartbeat();
  await seconds(1);
  expect(held[0]?.task.signal.reason).toMatchObject({ kind: 'gone' });
});

test.each<[string, () => Promise<void>]>([
  ['rejects', () => Promise.reject(new Error('metrics down'))],
  [
    'throws',
    () => {
      throw new Error('a bad listener');
    },
  ],
])('a listener that %s is logged and hurts nobody', async (_, listener) => {
  const w = await world.worker({ activities: [Greet] });
  w.worker.on('task:received', listener);
  const execution = await world.execute(world.machine(ARN), { who: 'hoge' });
  await seconds(1);
  expect(await ended(execution)).toMatchObject({ status: 'SUCCEEDED' });
  expect(w.log).toContainEqual(expect.objectContaining({ msg: 'a listener threw', event: 'task:received' }));
});

test('what a handler says of its progress stands in the status, and is told and logged now and then', async () => {
  const { type, held } = holding();
  const w = await world.worker({ activities: [type] });
  await world.execute(world.machine(ARN));
  await world.clock.settle(() => held.length === 1);
  const shown = (): unknown => w.worker.status().tasks[0]?.progress;
  expect(shown()).toBeUndefined();
  for (let step = 0; step < 100; step++) {
    held[0]?.task.progress(step / 100, `step ${step}`);
    expect(shown()).toBe(step / 100);
    if (step % 5 === 4) await seconds(1);
  }
  // The health port shows the status as it is: without what users wrote.
  expect(JSON.stringify(w.worker.status())).not.toContain('step 99');
  held[0]?.task.progress(7, 'x'.repeat(1_000));
  expect(shown()).toBe(1);
  held[0]?.task.progress(NaN);
  expect(shown()).toBeUndefined();
  await seconds(1);
  const told = w.of('task:progress');
  expect(told.map(({ message }) => message).slice(0, 3)).toEqual(['step 0', 'step 4', 'step 9']);
  expect(told).toHaveLength(22);
  expect(told.at(-1)).toMatchObject({ handler: 'Work.run', fraction: undefined });
  const lines = w.log.filter(({ msg }) => msg === 'task progress');
  expect(lines.map(({ progress }) => progress)).toEqual([
    { fraction: 0, message: 'step 0' },
    { fraction: 0.49, message: 'step 49' },
    { fraction: 0.99, message: 'step 99' },
  ]);
  held[0]?.succeed();
  held[0]?.task.progress(1);
  await seconds(30);
  expect(w.of('task:progress')).toHaveLength(told.length);
});

test('a list of activities has a handler with slots of its own for each of them', async () => {
  const [small, large] = [ARN, `${ARN}-large`];
  const begun: string[] = [];
  const held: (() => void)[] = [];
  @Activity([small, large], { concurrency: 1 })
  class Resize {
    @Handle({ input: 'any' })
    async run(_input: unknown, task: TaskContext): Promise<string> {
      begun.push(task.handler);
      await new Promise<void>((end) => held.push(end));
      return task.activityArn;
    }
  }
  const w = await world.worker({
    activities: [Resize],
    handlers: { 'Resize.run': { heartbeat: '7s' }, 'Resize.run@Work-large': { concurrency: 2 } },
  });
  const executions = [];
  for (const arn of [small, large])
    for (let n = 0; n < 3; n++) executions.push(await world.execute(world.machine(arn), {}));
  await seconds(1);
  expect(begun.toSorted()).toEqual(['Resize.run@Work', 'Resize.run@Work-large', 'Resize.run@Work-large']);
  expect(w.worker.status().handlers.map(({ name, concurrency }) => [name, concurrency])).toEqual([
    ['Resize.run@Work', 1],
    ['Resize.run@Work-large', 2],
  ]);
  for (let n = 0; n < 3; n++) {
    for (const end of held.splice(0)) end();
    await seconds(1);
  }
  const outputs = await Promise.all(
    executions.map(async (each) => (await ended(each)) as { output: string }),
  );
  expect(outputs.map(({ output }) => output)).toEqual([
    ...Array(3).fill(`"${small}"`),
    ...Array(3).fill(`"${large}"`),
  ]);
});
