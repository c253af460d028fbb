import { describe, expect, test } from '@jest/globals';
import {
  CreateActivityCommand,
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  GetActivityTaskCommand,
  GetExecutionHistoryCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { bare, openBench, ROLE, type Bench } from './service.js';

const ARN = 'arn:aws:states:us-east-1:123456789012:activity:Greet';
const TRUNCATED = { truncated: false };

const started = (input: string) => ({
  type: 'ExecutionStarted',
  id: 1,
  previousEventId: 0,
  executionStartedEventDetails: { input, inputDetails: TRUNCATED, roleArn: ROLE },
});
const entered = (id: number, previousEventId: number, name: string, input: string, type = 'Task') => ({
  type: `${type}StateEntered`,
  id,
  previousEventId,
  stateEnteredEventDetails: { name, input, inputDetails: TRUNCATED },
});
const exited = (id: number, previousEventId: number, name: string, output: string, type = 'Task') => ({
  type: `${type}StateExited`,
  id,
  previousEventId,
  stateExitedEventDetails: { name, output, outputDetails: TRUNCATED },
});
const scheduled = (id: number, previousEventId: number, input: string, limits: object = {}) => ({
  type: 'ActivityScheduled',
  id,
  previousEventId,
  activityScheduledEventDetails: { resource: ARN, input, inputDetails: TRUNCATED, ...limits },
});
const leased = (id: number, previousEventId: number, details: object = {}) => ({
  type: 'ActivityStarted',
  id,
  previousEventId,
  activityStartedEventDetails: details,
});
const activity = (id: number, previousEventId: number, how: 'Failed' | 'TimedOut', details: object) => ({
  type: `Activity${how}`,
  id,
  previousEventId,
  [`activity${how}EventDetails`]: details,
});
const ended = (id: number, previousEventId: number, how: string, details?: object) => ({
  type: `Execution${how}`,
  id,
  previousEventId,
  ...(details && { [`execution${how}EventDetails`]: details }),
});

async function start(bench: Bench, state: object, machine: object = {}, input = '{"a":1}'): Promise<string> {
  await bench.client.send(new CreateActivityCommand({ name: 'Greet' }));
  const definition = JSON.stringify({
    StartAt: 'X',
    States: {
      X: { Type: 'Task', Resource: ARN, End: true, ...state },
      ...('States' in machine ? (machine.States as object) : {}),
    },
    ...('TimeoutSeconds' in machine && { TimeoutSeconds: machine.TimeoutSeconds }),
  });
  const { stateMachineArn } = await bench.client.send(
    new CreateStateMachineCommand({ name: 'M', definition, roleArn: ROLE }),
  );
  const { executionArn = '' } = await bench.client.send(
    new StartExecutionCommand({ stateMachineArn, input }),
  );
  return executionArn;
}

const poll = async (bench: Bench, workerName?: string): Promise<{ taskToken: string; input: string }> => {
  const { taskToken = '', input = '' } = await bench.client.send(
    new GetActivityTaskCommand({ activityArn: ARN, workerName }),
  );
  return { taskToken, input };
};

const historyOf = async ({ client }: Bench, executionArn: string): Promise<object[]> =>
  bare((await client.send(new GetExecutionHistoryCommand({ executionArn }))).events);

const statusOf = async ({ client }: Bench, executionArn: string): Promise<string | undefined> =>
  (await client.send(new DescribeExecutionCommand({ executionArn }))).status;

describe('the history of a task', () => {
  test('that succeeds', async () => {
    const bench = await openBench();
    const executionArn = await start(bench, {});
    const { taskToken, input } = await poll(bench, 'me');
    expect(input).toBe('{"a":1}');
    await bench.client.send(new SendTaskSuccessCommand({ taskToken, output: '{"b": 2}' }));
    expect(await historyOf(bench, executionArn)).toEqual([
      started('{"a":1}'),
      entered(2, 0, 'X', '{"a":1}'),
      scheduled(3, 2, '{"a":1}'),
      leased(4, 3, { workerName: 'me' }),
      {
        type: 'ActivitySucceeded',
        id: 5,
        previousEventId: 4,
        activitySucceededEventDetails: { output: '{"b": 2}', outputDetails: TRUNCATED },
      },
      exited(6, 5, 'X', '{"b":2}'),
      ended(7, 6, 'Succeeded', { output: '{"b":2}', outputDetails: TRUNCATED }),
    ]);
  });

  test('that fails', async () => {
    const bench = await openBench();
    const executionArn = await start(bench, {});
    const { taskToken } = await poll(bench);
    await bench.client.send(new SendTaskFailureCommand({ taskToken, error: 'E', cause: 'why' }));
    expect(await historyOf(bench, executionArn)).toEqual([
      started('{"a":1}'),
      entered(2, 0, 'X', '{"a":1}'),
      scheduled(3, 2, '{"a":1}'),
      leased(4, 3),
      activity(5, 4, 'Failed', { error: 'E', cause: 'why' }),
      ended(6, 5, 'Failed', { error: 'E', cause: 'why' }),
    ]);
  });

  test('that fails without a word', async () => {
    const bench = await openBench();
    const executionArn = await start(
      bench,
      {
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
      },
      { States: { Caught: { Type: 'Pass', End: true } } },
    );
    const { taskToken } = await poll(bench);
    await bench.client.send(new SendTaskFailureCommand({ taskToken }));
    const output = '{"Error":null,"Cause":null}';
    expect((await historyOf(bench, executionArn)).slice(4)).toEqual([
      activity(5, 4, 'Failed', {}),
      exited(6, 5, 'X', output),
      entered(7, 6, 'Caught', output, 'Pass'),
      exited(8, 7, 'Caught', output, 'Pass'),
      ended(9, 8, 'Succeeded', { output, outputDetails: TRUNCATED }),
    ]);
  });

  test.each([
    { missed: 'TimeoutSeconds', state: { TimeoutSeconds: 30 }, limits: { timeoutInSeconds: 30 } },
    {
      missed: 'HeartbeatSeconds',
      state: { HeartbeatSeconds: 30, TimeoutSeconds: 60 },
      limits: { timeoutInSeconds: 60, heartbeatInSeconds: 30 },
    },
  ])('that misses its $missed, counted from the lease', async ({ state, limits }) => {
    const bench = await openBench();
    const executionArn = await start(bench, state);
    await bench.clock.advance(3_600_000);
    const { taskToken } = await poll(bench);
    await bench.clock.advance(29_999);
    expect(await statusOf(bench, executionArn)).toBe('RUNNING');
    await bench.clock.advance(1);
    expect(await statusOf(bench, executionArn)).toBe('FAILED');
    expect((await historyOf(bench, executionArn)).slice(2)).toEqual([
      scheduled(3, 2, '{"a":1}', limits),
      leased(4, 3),
      activity(5, 4, 'TimedOut', { error: 'States.Timeout' }),
      ended(6, 5, 'Failed', { error: 'States.Timeout' }),
    ]);
    await expect(
      bench.client.send(new SendTaskSuccessCommand({ taskToken, output: '1' })),
    ).rejects.toMatchObject({ name: 'TaskTimedOut', message: `Task Timed Out: '${ARN}'` });
  });

  test('heartbeats keep it and leave no event', async () => {
    const bench = await openBench();
    const executionArn = await start(bench, { HeartbeatSeconds: 10 });
    const { taskToken } = await poll(bench);
    for (let i = 0; i < 5; i++) {
      await bench.clock.advance(9_000);
      await bench.client.send(new SendTaskHeartbeatCommand({ taskToken }));
    }
    await bench.clock.advance(9_999);
    expect(await statusOf(bench, executionArn)).toBe('RUNNING');
    await bench.clock.advance(1);
    expect((await historyOf(bench, executionArn)).slice(4)).toEqual([
      activity(5, 4, 'TimedOut', { error: 'States.Timeout' }),
      ended(6, 5, 'Failed', { error: 'States.Timeout' }),
    ]);
  });

  test.each(['States.Timeout', 'States.HeartbeatTimeout', 'States.ALL'])(
    'a Catch of %s takes a missed heartbeat',
    async (name) => {
      const bench = await openBench();
      const executionArn = await start(
        bench,
        { HeartbeatSeconds: 1, Catch: [{ ErrorEquals: [name], Next: 'Caught' }] },
        { States: { Caught: { Type: 'Succeed' } } },
      );
      await poll(bench);
      await bench.clock.advance(1_000);
      expect((await historyOf(bench, executionArn)).slice(4)).toMatchObject([
        { type: 'ActivityTimedOut' },
        exited(6, 5, 'X', '{"Error":"States.Timeout","Cause":""}'),
        { type: 'SucceedStateEntered', previousEventId: 6 },
        { type: 'SucceedStateExited' },
        { type: 'ExecutionSucceeded' },
      ]);
    },
  );

  test('that is retried: one entry, a new token, and each schedule points to the failure', async () => {
    const bench = await openBench();
    const executionArn = await start(bench, {
      Retry: [{ ErrorEquals: ['E'], IntervalSeconds: 10, BackoffRate: 3, MaxAttempts: 2 }],
    });
    const first = await poll(bench);
    await bench.client.send(new SendTaskFailureCommand({ taskToken: first.taskToken, error: 'E' }));
    const again = poll(bench);
    await bench.clock.settle(() => bench.service.parkedPolls === 1);
    await bench.clock.advance(9_999);
    expect(bench.service.parkedPolls).toBe(1);
    await bench.clock.advance(1);
    const second = await again;
    expect(second.taskToken).not.toBe(first.taskToken);
    await bench.client.send(new SendTaskFailureCommand({ taskToken: second.taskToken, error: 'E' }));
    await bench.clock.advance(30_000);
    const third = await poll(bench);
    await bench.client.send(new SendTaskFailureCommand({ taskToken: third.taskToken, error: 'E' }));
    expect(await historyOf(bench, executionArn)).toEqual([
      started('{"a":1}'),
      entered(2, 0, 'X', '{"a":1}'),
      scheduled(3, 2, '{"a":1}'),
      leased(4, 3),
      activity(5, 4, 'Failed', { error: 'E' }),
      scheduled(6, 5, '{"a":1}'),
      leased(7, 6),
      activity(8, 7, 'Failed', { error: 'E' }),
      scheduled(9, 8, '{"a":1}'),
      leased(10, 9),
      activity(11, 10, 'Failed', { error: 'E' }),
      ended(12, 11, 'Failed', { error: 'E' }),
    ]);
  });

  test('on an activity that is not there', async () => {
    const bench = await openBench();
    const missing = ARN.replace('Greet', 'Missing');
    const executionArn = await start(
      bench,
      {
        Resource: missing,
        Retry: [{ ErrorEquals: ['States.ALL'] }],
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'C' }],
      },
      { States: { C: { Type: 'Succeed' } } },
    );
    expect(await historyOf(bench, executionArn)).toEqual([
      started('{"a":1}'),
      entered(2, 0, 'X', '{"a":1}'),
      ended(3, 2, 'Failed', {
        error: 'States.Runtime',
        cause: `An error occurred while executing the state 'X' (entered at the event id #2). The activity ${missing} does not exist.`,
      }),
    ]);
  });

  test('a machine that takes too long', async () => {
    const bench = await openBench();
    const executionArn = await start(bench, {}, { TimeoutSeconds: 100 });
    await bench.clock.advance(100_000);
    expect((await historyOf(bench, executionArn)).at(-1)).toEqual(ended(4, 0, 'TimedOut'));
    const described = await bench.client.send(new DescribeExecutionCommand({ executionArn }));
    expect(described).toMatchObject({ status: 'TIMED_OUT', redriveStatus: 'REDRIVABLE' });
    expect(described).not.toHaveProperty('error');
    expect(described).not.toHaveProperty('cause');
  });

  test('an execution that is stopped, twice', async () => {
    const bench = await openBench();
    const executionArn = await start(bench, {});
    const { taskToken } = await poll(bench);
    const stop = () =>
      bench.client.send(new StopExecutionCommand({ executionArn, error: 'Stopped', cause: 'enough' }));
    const { stopDate } = await stop();
    await bench.clock.advance(60_000);
    expect(await stop()).toMatchObject({ stopDate });
    expect((await historyOf(bench, executionArn)).slice(4)).toEqual([
      ended(5, 0, 'Aborted', { error: 'Stopped', cause: 'enough' }),
    ]);
    await expect(bench.client.send(new SendTaskHeartbeatCommand({ taskToken }))).rejects.toMatchObject({
      name: 'TaskTimedOut',
      message: `Task Timed Out: '${ARN}'`,
    });
  });
});
