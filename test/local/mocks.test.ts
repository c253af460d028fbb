import { describe, expect, test } from '@jest/globals';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { Mocks } from 'stepwright/local';
import { silentLog } from '../../src/framework/base/log/log.js';
import { openBench, type Bench } from './service.js';

const LAMBDA = 'arn:aws:lambda:us-east-1:123456789012:function:f';
const INVOKE = 'arn:aws:states:::lambda:invoke';
const CALLBACK = 'arn:aws:states:::sqs:sendMessage.waitForTaskToken';

async function begin(mocks: Mocks, state: object): Promise<Bench & { executionArn: string }> {
  const bench = await openBench({ mocks });
  const definition = JSON.stringify({
    StartAt: 'X',
    States: { X: { Type: 'Task', End: true, ...state } },
  });
  const stateMachineArn = bench.service.seedMachine({ name: 'M', definition });
  const { executionArn = '' } = await bench.client.send(
    new StartExecutionCommand({ stateMachineArn, input: '{"a":1}' }),
  );
  return { ...bench, executionArn };
}

const describeEnd = async ({ client, executionArn }: Bench & { executionArn: string }) =>
  client.send(new DescribeExecutionCommand({ executionArn }));

const typesOf = async ({ client, executionArn }: Bench & { executionArn: string }) =>
  (await client.send(new GetExecutionHistoryCommand({ executionArn }))).events?.map(({ type }) => type);

const thrower = (thrown: unknown) => (): never => {
  // oxlint-disable-next-line typescript/only-throw-error -- anything can be thrown
  throw thrown;
};
const revoked = (): unknown => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

describe('a mock answers a resource that is not run here', () => {
  test.each<[title: string, mock: Mocks[string], end: object]>([
    ['with a value', { output: { x: 1 } }, { status: 'SUCCEEDED', output: '{"x":1}' }],
    ['with nothing', { output: undefined }, { status: 'SUCCEEDED', output: 'null' }],
    ['with an error', { error: 'Bad', cause: 'why' }, { status: 'FAILED', error: 'Bad', cause: 'why' }],
    ['with a function', (input) => ({ got: input }), { status: 'SUCCEEDED', output: '{"got":{"a":1}}' }],
    ['with an asynchronous function', async () => Promise.resolve(7), { status: 'SUCCEEDED', output: '7' }],
    [
      'with a function that throws',
      () => {
        throw new TypeError('no');
      },
      { status: 'FAILED', error: 'TypeError', cause: 'no' },
    ],
    ['with undefined, thrown', thrower(undefined), { status: 'FAILED', error: 'Error', cause: 'undefined' }],
    ['with null, thrown', thrower(null), { status: 'FAILED', error: 'Error', cause: 'null' }],
    ['with a text, thrown', thrower('no'), { status: 'FAILED', error: 'Error', cause: 'no' }],
    [
      'with what no one can read, thrown',
      thrower(revoked()),
      { status: 'FAILED', error: 'Error', cause: 'what the mock threw could not be read' },
    ],
    [
      'with an error that is too long, cut',
      thrower(Object.assign(new Error('m'.repeat(40_000)), { name: 'n'.repeat(300) })),
      { status: 'FAILED', error: 'n'.repeat(256), cause: 'm'.repeat(32_768) },
    ],
    [
      'but with no Map',
      { output: [new Map([['a', 1]])] },
      {
        status: 'FAILED',
        error: 'TypeError',
        cause: "JSON can't hold a Map: answer Object.fromEntries(map)",
      },
    ],
    [
      'and with no Set',
      () => ({ tags: new Set(['a']) }),
      { status: 'FAILED', error: 'TypeError', cause: "JSON can't hold a Set: answer [...set]" },
    ],
  ])('%s', async (_title, mock, end) => {
    for (const key of [INVOKE, 'M.X']) {
      expect(await describeEnd(await begin({ [key]: mock }, { Resource: INVOKE }))).toMatchObject(end);
    }
  });

  test('with a sequence, whose last answer stays', async () => {
    const bench = await begin(
      { [INVOKE]: [{ error: 'E' }, { error: 'E' }, (input, { index }) => ({ input, index })] },
      { Resource: INVOKE, Retry: [{ ErrorEquals: ['E'], IntervalSeconds: 1 }] },
    );
    await bench.clock.advance(3_000);
    expect(await describeEnd(bench)).toMatchObject({
      status: 'SUCCEEDED',
      output: '{"input":{"a":1},"index":2}',
    });
    const events = await typesOf(bench);
    expect(events?.filter((type) => type?.startsWith('Task'))).toEqual([
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskFailed',
      'TaskScheduled',
      'TaskStarted',
      'TaskFailed',
      'TaskScheduled',
      'TaskStarted',
      'TaskSucceeded',
      'TaskStateExited',
    ]);
  });

  test.each<[title: string, mock: object, message: string]>([
    ['an error that is too long', { error: 'e'.repeat(257) }, "'error' of the mock of 'M.X'"],
    ['a cause that is too long', { error: 'E', cause: 'c'.repeat(32_769) }, "'cause' of the mock of 'M.X'"],
    ['a cause that is no text', [{ output: 1 }, { error: 'E', cause: {} }], "'cause' of the mock of 'M.X'"],
  ])('but not with %s', async (_title, mock, message) => {
    await expect(begin({ 'M.X': mock as Mocks[string] }, { Resource: INVOKE })).rejects.toThrow(message);
  });

  test('and a function by its own ARN has events of its own', async () => {
    const bench = await begin({ [LAMBDA]: { output: 1 } }, { Resource: LAMBDA });
    expect((await typesOf(bench))?.slice(2, 5)).toEqual([
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionSucceeded',
    ]);
  });

  test('within the limits of the task', async () => {
    const never = () => new Promise(() => {});
    const bench = await begin({ [INVOKE]: never }, { Resource: INVOKE, TimeoutSeconds: 5 });
    await bench.clock.advance(5_000);
    expect(await describeEnd(bench)).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  });

  test('or the task fails for good when it runs, and says what to do', async () => {
    const bench = await begin({}, { Resource: INVOKE, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'X' }] });
    expect(await describeEnd(bench)).toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
      cause:
        "An error occurred while executing the state 'X' (entered at the event id #2). Nothing answers 'arn:aws:states:::lambda:invoke' in the local service: give it a mock, by 'M.X' or by the resource.",
    });
    expect(await typesOf(bench)).toEqual(['ExecutionStarted', 'TaskStateEntered', 'ExecutionFailed']);
  });

  test('and a machine that calls what nothing answers is warned of when it is created', async () => {
    const warned: unknown[] = [];
    const log = { ...silentLog, warn: (...args: unknown[]) => void warned.push(args.at(-1)) };
    const bench = await openBench({ log, mocks: { 'M.X': { output: 1 } } });
    const call = { Type: 'Task', Resource: INVOKE };
    const States = { X: { ...call, Next: 'Y' }, Y: { ...call, End: true } };
    bench.service.seedMachine({ name: 'M', definition: JSON.stringify({ StartAt: 'X', States }) });
    expect(warned).toEqual([
      "nothing answers 'arn:aws:states:::lambda:invoke': the state 'Y' of 'M' will fail, until 'mocks' has 'M.Y' or the resource",
    ]);
  });
});

describe('a task that waits for its token', () => {
  const tokens: string[] = [];
  const mock = (input: unknown): void => void tokens.push((input as { token: string }).token);
  const state = { Resource: CALLBACK, HeartbeatSeconds: 10, Parameters: { 'token.$': '$$.Task.Token' } };

  async function waiting() {
    const bench = await begin({ [CALLBACK]: mock }, state);
    return { bench, taskToken: tokens.pop() ?? '' };
  }

  test('ends with the report of whoever was given it', async () => {
    const { bench, taskToken } = await waiting();
    expect(await describeEnd(bench)).toMatchObject({ status: 'RUNNING' });
    await bench.clock.advance(9_000);
    await bench.client.send(new SendTaskHeartbeatCommand({ taskToken }));
    await bench.clock.advance(9_000);
    await bench.client.send(new SendTaskSuccessCommand({ taskToken, output: '"done"' }));
    expect(await describeEnd(bench)).toMatchObject({ status: 'SUCCEEDED', output: '"done"' });
    expect((await typesOf(bench))?.slice(2, 6)).toEqual([
      'TaskScheduled',
      'TaskStarted',
      'TaskSubmitted',
      'TaskSucceeded',
    ]);
  });

  test('or with its failure, or its silence; a late report is told that the task is gone', async () => {
    const { bench, taskToken } = await waiting();
    await bench.client.send(new SendTaskFailureCommand({ taskToken, error: 'No' }));
    expect(await describeEnd(bench)).toMatchObject({ status: 'FAILED', error: 'No' });
    const silent = await waiting();
    await silent.bench.clock.advance(10_000);
    expect(await describeEnd(silent.bench)).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
    await expect(
      silent.bench.client.send(new SendTaskHeartbeatCommand({ taskToken: silent.taskToken })),
    ).rejects.toMatchObject({
      name: 'TaskTimedOut',
      message: "Task Timed Out: 'Provided task does not exist anymore'",
    });
  });
});
