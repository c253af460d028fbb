import { describe, expect, test } from '@jest/globals';
import { inject } from 'tsyringe';
import { Activity, CLOCK, Handle, type Clock } from 'stepwright';
import type { MockCall } from 'stepwright/local';
import { turn } from '../../src/framework/base/time/turn.js';
import { createTestMachine, matchers, type TestMachineOptions } from 'stepwright/testing';

expect.extend(matchers);

const arnOf = (name: string): string => `arn:aws:states:eu-west-1:123456789012:activity:${name}`;
const DAY = 86_400_000;

@Activity('Charge', { concurrency: 1 })
class Charging {
  constructor(@inject(CLOCK) private readonly clock: Clock) {}
  @Handle({ input: 'any' }) async charge(): Promise<string> {
    await this.clock.sleep(30_000);
    return 'charged';
  }
}

const ORDER = {
  StartAt: 'Note',
  States: {
    Note: { Type: 'Pass', Next: 'Cool off' },
    'Cool off': { Type: 'Wait', Seconds: 3600, Next: 'Approve' },
    Approve: {
      Type: 'Task',
      Resource: arnOf('Approve'),
      TimeoutSeconds: 7 * 86_400,
      HeartbeatSeconds: 2 * 86_400,
      Catch: [{ ErrorEquals: ['Declined'], Next: 'Apologise' }],
      Next: 'Charge',
    },
    Charge: { Type: 'Task', Resource: arnOf('Charge'), Next: 'Ship' },
    Ship: {
      Type: 'Task',
      Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
      Parameters: { MessageBody: { 'token.$': '$$.Task.Token', order: 7 }, QueueUrl: 'q' },
      End: true,
    },
    Apologise: { Type: 'Fail', Error: 'NotPaid', Cause: 'declined' },
  },
};
const machineOf = (options: TestMachineOptions = {}) =>
  createTestMachine(ORDER, { activities: [Charging], ...options });

test('an advance takes no real time where only its own end is due', async () => {
  const Ask = { Type: 'Task', Resource: arnOf('Ask'), End: true };
  // What seems to wait for nothing would be waited for in real time, for this long.
  await using machine = await createTestMachine({ StartAt: 'Ask', States: { Ask } }, { realTimeLimit: '1h' });
  const asking = await machine.start({});
  await asking.advance('2d');
  const task = await asking.task('Ask');
  await task.succeed('yes');
  expect(await asking.result()).toMatchObject({ status: 'succeeded', output: 'yes' });
}, 10_000);

test('an execution is moved state by state, and its tasks are answered by hand', async () => {
  await using machine = await machineOf();
  const order = await machine.start({ card: 'mine' }, { name: 'order-1' });
  expect([order.name, order.status, order.states]).toEqual(['order-1', 'running', ['Cool off']]);
  expect(order.history.map((event) => Reflect.get(event, 'type'))).toEqual([
    'ExecutionStarted',
    'PassStateEntered',
    'PassStateExited',
    'WaitStateEntered',
  ]);

  const approval = await order.task('Approve');
  expect(approval).toMatchObject({ state: 'Approve', input: { card: 'mine' }, isOpen: true });
  expect(machine.clock.now()).toBe(Date.UTC(2026, 0, 1, 1));
  await approval.succeed({ by: 'Ann' });
  expect([approval.isOpen, order.states]).toEqual([false, ['Charge']]);

  await order.until('Ship');
  expect(machine.clock.now()).toBe(Date.UTC(2026, 0, 1, 1, 0, 30));
  const shipping = await order.task('Ship');
  expect(shipping.input).toEqual({ MessageBody: { token: shipping.token, order: 7 }, QueueUrl: 'q' });
  expect(order).toHaveVisited(['Note', 'Cool off', 'Approve', 'Charge', 'Ship']);
  await shipping.succeed('sent');
  const result = await order.result();
  expect(result).toHaveSucceededWith('sent');
  expect([result.attempts, order.status, order.states]).toEqual([
    { Approve: 1, Charge: 1, Ship: 1 },
    'succeeded',
    [],
  ]);
});

describe('a task by hand', () => {
  test('fails by a name that Catch knows', async () => {
    const order = await (await machineOf()).start();
    await (await order.task('Approve')).fail('Declined', 'no');
    expect(await order.result()).toHaveFailedWith('NotPaid', 'declined');
  });

  test('that gets no answer runs into the limits of its state, and heartbeats put that off', async () => {
    const machine = await machineOf();
    const order = await machine.start();
    const approval = await order.task('Approve');
    await order.advance('47h');
    await approval.heartbeat();
    await order.advance('47h');
    expect(approval.isOpen).toBe(true);
    await order.advance('1h');
    expect(approval.isOpen).toBe(false);
    await expect(approval.succeed()).rejects.toThrow(
      /^SendTaskSuccess for the task of 'Approve' is refused as TaskTimedOut: the task is over/,
    );
    expect(await order.result()).toHaveFailedWith('States.Timeout');
    expect(machine.clock.now()).toBe(Date.UTC(2026, 0, 1, 1) + 95 * 3_600_000);
  });

  test('need not be asked for to time out', async () => {
    const order = await (await machineOf()).start();
    await order.until('Approve');
    await order.advance('2d');
    expect(await order.result()).toMatchObject({ status: 'failed', tookMs: 2 * DAY + 3_600_000 });
  });

  test('is refused what the service refuses', async () => {
    const order = await (await machineOf()).start();
    const approval = await order.task('Approve');
    await expect(approval.succeed('x'.repeat(300_000))).rejects.toThrow(/refused as ValidationException/);
    expect(approval.isOpen).toBe(true);
  });

  test('is also one that a handler would take, where the test asks for it, whatever slots are free', async () => {
    const both = {
      StartAt: 'Each',
      States: {
        Each: {
          Type: 'Map',
          ItemProcessor: {
            StartAt: 'Auto',
            States: {
              Auto: { Type: 'Task', Resource: arnOf('Charge'), Next: 'Manual' },
              Manual: { Type: 'Task', Resource: arnOf('Charge'), End: true },
            },
          },
          End: true,
        },
      },
    };
    const machine = await createTestMachine(both, { activities: [Charging] });
    const execution = await machine.start([1, 2, 3], { byHand: ['Manual'] });
    const answered: number[] = [];
    for (const output of ['a', 'b', 'c']) {
      const task = await execution.task('Manual');
      answered.push(machine.clock.now() - Date.UTC(2026, 0, 1));
      await task.succeed(output);
    }
    // The handler has one slot, and the tasks by hand take none of it.
    expect(answered).toEqual([30_000, 60_000, 90_000]);
    expect(await execution.result()).toHaveSucceededWith(['a', 'b', 'c']);
    // Beside it, the handler takes the tasks of an execution that leaves none to its test.
    expect(await machine.execute([1])).toHaveSucceededWith(['charged']);
  });
});

test('several executions share a clock, and a handler’s slots', async () => {
  const machine = await machineOf();
  const [a, b] = await Promise.all([machine.start(1, { name: 'a' }), machine.start(2, { name: 'b' })]);
  expect((await b.task('Approve')).input).toBe(2);
  expect((await a.task('Approve')).input).toBe(1);
  await expect(machine.start(3, { name: 'a' })).rejects.toThrow(/Execution Already Exists.*:a'/);
});

test('an execution is stopped in the middle, and its handler learns of it', async () => {
  let reason: unknown;
  @Activity('Charge', { heartbeat: '10s' })
  class Long {
    @Handle({ input: 'any' }) async charge(_: unknown, task: { signal: AbortSignal }): Promise<void> {
      await new Promise((resolve) => task.signal.addEventListener('abort', resolve));
      reason = task.signal.reason;
    }
  }
  const machine = await machineOf({ activities: [Long] });
  const order = await machine.start();
  await (await order.task('Approve')).succeed();
  const stopped = await order.stop('Cancelled', 'by the customer');
  expect(stopped).toMatchObject({ status: 'aborted', error: 'Cancelled', cause: 'by the customer' });
  expect(reason).toBeUndefined();
  await order.advance('10s');
  expect(reason).toMatchObject({ kind: 'gone' });
  expect(await order.stop()).toEqual(stopped);
});

test('a callback is ended by code under test that has its token, also in `execute`', async () => {
  const resources = {
    'arn:aws:states:::sqs:sendMessage.waitForTaskToken': (_: unknown, { taskToken = '' }) => {
      void machine.taskByToken(taskToken).succeed('delivered');
      return { MessageId: '1' };
    },
  };
  const callback = { StartAt: 'Ship', States: { Ship: ORDER.States.Ship } };
  const machine = await createTestMachine(callback, { resources });
  expect(await machine.execute()).toHaveSucceededWith('delivered');
  expect(() => machine.taskByToken('AAAA')).toThrow('no open task by that token');
});

test('until meets a loop’s state at each entry, and one that has been passed', async () => {
  const loop = {
    StartAt: 'Ask',
    States: {
      Ask: {
        Type: 'Choice',
        Choices: [{ Variable: '$', IsNull: true, Next: 'Enough' }],
        Default: 'Nap',
      },
      Enough: { Type: 'Succeed' },
      Nap: { Type: 'Wait', Seconds: 60, Next: 'Ask' },
    },
  };
  const machine = await createTestMachine(loop);
  const execution = await machine.start();
  const times: number[] = [];
  for (let round = 0; round < 3; round++) {
    await execution.until('Ask');
    times.push(machine.clock.now() - Date.UTC(2026, 0, 1));
  }
  expect(times).toEqual([0, 60_000, 120_000]);
  await execution.until('Nap');
  await execution.until('Nap');
  expect(machine.clock.now() - Date.UTC(2026, 0, 1)).toBe(120_000);
  await execution.advance('3d');
  expect(execution.path.length).toBe(2 * (3 * 1440 + 3));
});

test('the states that an execution is in are the inmost, whatever failed and was retried around them', async () => {
  const inner = (name: string, Next?: string) => ({
    Type: 'Task',
    Resource: arnOf(name),
    ...(Next === undefined ? { End: true } : { Next }),
  });
  const definition = {
    StartAt: 'Both',
    States: {
      Both: {
        Type: 'Parallel',
        Branches: [
          { StartAt: 'A', States: { A: inner('A', 'A2'), A2: { Type: 'Wait', Seconds: 5, End: true } } },
          { StartAt: 'B', States: { B: inner('B') } },
        ],
        Retry: [{ ErrorEquals: ['Again'], IntervalSeconds: 10 }],
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Sorry' }],
        Next: 'Sorry',
      },
      Sorry: inner('Sorry'),
    },
  };
  const execution = await (await createTestMachine(definition)).start();
  expect(execution.states).toEqual(['A', 'B']);
  await (await execution.task('A')).succeed();
  expect(execution.states).toEqual(['B', 'A2']);
  await (await execution.task('B')).fail('Again');
  expect(execution.states).toEqual(['Both']);
  await execution.advance('10s');
  expect(execution.states).toEqual(['A', 'B']);
  await (await execution.task('B')).fail('Never');
  expect(execution.states).toEqual(['Sorry']);
  await execution.until('Sorry');
  await (await execution.task('Sorry')).succeed();
  expect(execution.states).toEqual([]);
});

describe('a state that is never reached is an error that says why', () => {
  test('the execution has ended', async () => {
    const order = await (await machineOf()).start();
    await (await order.task('Approve')).fail('Declined');
    await expect(order.until('Ship')).rejects.toThrow(
      "'Ship' is not entered: the execution has ended before (failed by NotPaid: declined). It entered Note → Cool off → Approve → Apologise",
    );
    await expect(order.task('Ship')).rejects.toThrow(
      /^no further task of 'Ship' waits: the execution has ended/,
    );
  });

  test('it waits for an answer, and goes on after the error', async () => {
    const machine = await machineOf();
    const order = await machine.start();
    await (await order.task('Approve')).succeed();
    await expect(order.until('Apologise')).rejects.toThrow(
      "'Apologise' is not entered: the execution waits in 'Ship', and nothing is due any more: a task of 'Ship' waits for an answer by hand\nFix: const task = await execution.task('Ship'); await task.succeed(output)",
    );
    const shipping = await order.task('Ship');
    await expect(order.result()).rejects.toThrow(
      "the execution waits in 'Ship', and nothing is due any more: the test has the task of 'Ship' and has not answered it\nFix: await task.succeed(output)",
    );
    await shipping.succeed('sent');
    expect(await order.result()).toHaveSucceededWith('sent');
  });

  test('of `execute`, it waits for a callback', async () => {
    const callback = { StartAt: 'Ship', States: { Ship: ORDER.States.Ship } };
    await expect((await createTestMachine(callback)).execute()).rejects.toThrow(
      "the execution waits in 'Ship', and nothing is due any more: 'Ship' waits for a report by its task token\nFix: start the execution, and answer: const execution = await machine.start(input); const task",
    );
  });
});

test('what there is not is named', async () => {
  const machine = await createTestMachine(JSON.stringify(ORDER), {
    activities: [Charging],
  });
  const order = await machine.start();
  await expect(order.until('Shipp')).rejects.toThrow(
    /until: 'Shipp'.*no such state[^]*did you mean 'Ship'\?/,
  );
  await expect(order.task('Charge')).rejects.toThrow(
    /task\('Charge'\): Charging.charge takes the tasks of this state[^]*byHand: \['Charge'\]/,
  );
  await expect(order.task('Note')).rejects.toThrow(/task\('Note'\): the state has no task/);
  await expect(machine.start(1, { byHand: ['Notte'] })).rejects.toThrow(/byHand: 'Notte'[^]*'Note'\?/);
  await expect(machine.start(1, { name: 'a b' })).rejects.toThrow(/name.*from 1 to 80 characters/);
  await expect(order.advance('soon')).rejects.toThrow(/expected the duration to be .*"soon"/);
});

test('close ends a step, and what comes after it', async () => {
  @Activity('Charge')
  class Hanging {
    @Handle({ input: 'any' }) charge(): Promise<never> {
      return new Promise(() => {});
    }
  }
  const machine = await machineOf({ activities: [Hanging] });
  const order = await machine.start();
  await (await order.task('Approve')).succeed();
  const waits = order.until('Ship');
  await Promise.all([machine.close(), expect(waits).rejects.toThrow('the test machine was closed')]);
  await expect(order.result()).rejects.toThrow('the test machine was closed');
});

test('the names of states are checked by the compiler where the definition is an object', async () => {
  const machine = await machineOf();
  const order = await machine.start();
  // @ts-expect-error -- there is no such state
  await expect(order.until('Shipp')).rejects.toThrow('no such state');
  // @ts-expect-error -- there is no such state
  await expect(machine.start(1, { byHand: ['Aprove'] })).rejects.toThrow('no such state');
});

test('the tasks of a Map are told apart by their iterations, and so are the calls of mocks', async () => {
  const call = (name: string) => `arn:aws:lambda:us-east-1:123456789012:function:${name}`;
  const inner = {
    StartAt: 'Each',
    States: {
      Each: {
        Type: 'Map',
        ItemProcessor: {
          StartAt: 'Look',
          States: {
            Look: { Type: 'Task', Resource: call('look'), Next: 'Ask' },
            Ask: { Type: 'Task', Resource: arnOf('Ask'), End: true },
          },
        },
        End: true,
      },
    },
  };
  const definition = { StartAt: 'All', States: { All: { Type: 'Map', ItemProcessor: inner, End: true } } };
  const resources = { [call('look')]: (_: unknown, { iterations }: MockCall) => iterations.join('.') };
  await using machine = await createTestMachine(definition, { resources });
  const run = await machine.start([
    [1, 2],
    [3, 4],
  ]);
  await expect(run.task('Ask', { iteration: [2, 0] })).rejects.toThrow("'Ask' in iteration 2, 0 waits");
  await expect(run.task('Ask', { iteration: -1 })).rejects.toThrow(/iteration: expected the index.*got -1/);
  await expect(run.task('Ask', { lane: 1 } as never)).rejects.toThrow(/lane/);
  for (const iteration of [1, [0, 0], [1, 0], 1] as const) {
    const task = await run.task('Ask', { iteration });
    await task.succeed(`${String(task.input)} as ${[iteration].flat().join('.')}`);
  }
  expect(await run.result()).toHaveSucceededWith([
    ['0.0 as 0.0', '0.1 as 1'],
    ['1.0 as 1.0', '1.1 as 1'],
  ]);
});

test('branches beside each other take the same turns on a machine that stalls', async () => {
  const passes = (name: string) =>
    Array.from({ length: 150 }, (_, i) => [`${name}${i}`, { Type: 'Pass', Next: `${name}${i + 1}` }]);
  const branch = (name: string) => ({
    StartAt: `${name}0`,
    States: { ...Object.fromEntries(passes(name)), [`${name}150`]: { Type: 'Pass', End: true } } as object,
  });
  const both = { Type: 'Parallel', Branches: [branch('A'), branch('B')], End: true };
  const pathOf = async (): Promise<readonly string[]> => {
    await using machine = await createTestMachine({ StartAt: 'Both', States: { Both: both } });
    return (await machine.execute({})).path;
  };
  const path = await pathOf();
  expect(path).toHaveLength(303);
  let now = 0;
  // Every third look at the time finds that a second has passed.
  turn.countBy({ now: () => (now += now % 3 === 0 ? 1_000 : 1), next: (fn) => void setImmediate(fn) });
  try {
    expect(await pathOf()).toEqual(path);
  } finally {
    turn.countBy();
  }
});

test('an execution that waits for a mock is an error that names its last event', async () => {
  const Resource = 'arn:aws:lambda:eu-west-1:123456789012:function:Never';
  const Ask = { Type: 'Task', Resource, Next: 'Done' };
  await using machine = await createTestMachine(
    { StartAt: 'Ask', States: { Ask, Done: { Type: 'Succeed' } } },
    { resources: { [Resource]: () => new Promise(() => {}) }, realTimeLimit: '50ms' },
  );
  const asking = await machine.start({});
  await expect(asking.until('Done')).rejects.toThrow(/"type":"LambdaFunctionStarted"/);
});
