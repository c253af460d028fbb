import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { type MockCall, type MockConfig, type Mocks, startLocalService } from 'stepwright/local';
import { silentLog } from '../../src/framework/base/log/log.js';
import { openBench, type Bench } from './service.js';

const LAMBDA = 'arn:aws:lambda:us-east-1:123456789012:function:f';
const INVOKE = 'arn:aws:states:::sns:publish';
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
    ['a value that is no answer', 5 as never, "mocks['M.X']: expected { output }"],
    ['an error that is too long', { error: 'e'.repeat(257) }, "mocks['M.X']: expected 'error'"],
    ['a cause that is too long', { error: 'E', cause: 'c'.repeat(32_769) }, "mocks['M.X']: expected 'cause'"],
    ['a cause that is no text', [{ output: 1 }, { error: 'E', cause: {} }], "mocks['M.X']: expected 'cause'"],
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
        "An error occurred while executing the state 'X' (entered at the event id #2). Nothing answers 'arn:aws:states:::sns:publish' in the local service: give it a mock, by 'M.X' or by the resource.",
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
      "the state 'Y' of 'M' will fail. Nothing answers 'arn:aws:states:::sns:publish' in the local service: give it a mock, by 'M.Y' or by the resource.",
    ]);
  });
});

describe('a mock hears by its signal that its task is cut', () => {
  type Begun = Awaited<ReturnType<typeof begin>>;
  const task = (fields: object = {}): object => ({ Type: 'Task', Resource: INVOKE, End: true, ...fields });
  const beside = (other: object): object => ({
    Type: 'Parallel',
    Branches: [
      { StartAt: 'A', States: { A: task() } },
      { StartAt: 'B', States: { B: { Type: 'Wait', Seconds: 5, Next: 'C' }, C: other } },
    ],
  });
  const begun = async (state: object, resource = INVOKE): Promise<Begun & { signal: () => boolean }> => {
    let heard: AbortSignal | undefined;
    const mock: Mocks[string] = (_, { signal }) => {
      heard = signal;
      return resource === CALLBACK ? null : new Promise(() => {});
    };
    const bench = await begin({ [resource]: mock }, state);
    expect(heard?.aborted).toBe(false);
    return { ...bench, signal: () => heard?.aborted === true };
  };

  test('when the execution is stopped', async () => {
    const { client, executionArn, signal } = await begun(task());
    await client.send(new StopExecutionCommand({ executionArn }));
    expect(signal()).toBe(true);
  });

  test('when the execution is stopped while a callback waits for its token', async () => {
    const { client, executionArn, signal } = await begun(task({ Resource: CALLBACK }), CALLBACK);
    await client.send(new StopExecutionCommand({ executionArn }));
    expect(signal()).toBe(true);
  });

  test('when the state times out', async () => {
    const { clock, signal } = await begun(task({ TimeoutSeconds: 5 }));
    await clock.advance(4_999);
    expect(signal()).toBe(false);
    await clock.advance(1);
    expect(signal()).toBe(true);
  });

  test('when another branch fails', async () => {
    const { clock, signal } = await begun(beside({ Type: 'Fail', Error: 'E' }));
    await clock.advance(5_000);
    expect(signal()).toBe(true);
  });

  test('but not when another branch succeeds, nor when it has answered itself', async () => {
    const { clock, signal } = await begun(beside({ Type: 'Succeed' }));
    await clock.advance(60_000);
    expect(signal()).toBe(false);
    let own: AbortSignal | undefined;
    const answers: Mocks[string] = (_, { signal: heard }) => {
      own = heard;
      return 1;
    };
    expect(await describeEnd(await begin({ [INVOKE]: answers }, task()))).toMatchObject({ output: '1' });
    expect(own?.aborted).toBe(false);
  });
});

test('a mock is not called for a branch that was ended, whenever that was', async () => {
  const inputs: unknown[] = [];
  const { clock, client, service } = await openBench({
    mocks: { [LAMBDA]: (input) => inputs.push(input) },
  });
  const chain = (count: number, last: object) => {
    const passes = Array.from({ length: count }, (_, i) => [`P${i}`, { Type: 'Pass', Next: `P${i + 1}` }]);
    return { StartAt: 'P0', States: Object.fromEntries([...passes, [`P${count}`, last]]) as object };
  };
  const renamed = (branch: object) => JSON.parse(JSON.stringify(branch).replace(/"P(?=\d)/g, '"Q')) as object;
  for (const [a, b] of [
    [0, 0],
    [0, 1],
    [1, 1],
    [1, 2],
  ] as const) {
    const definition = JSON.stringify({
      StartAt: 'Both',
      States: {
        Both: {
          Type: 'Parallel',
          End: true,
          Branches: [
            chain(a, { Type: 'Task', Resource: LAMBDA, End: true }),
            renamed(chain(b, { Type: 'Pass', InputPath: '$.missing', End: true })),
          ],
        },
      },
    });
    const stateMachineArn = service.seedMachine({ name: `Ends${a}${b}`, definition });
    const input = JSON.stringify({ a, b });
    const { executionArn } = await client.send(new StartExecutionCommand({ stateMachineArn, input }));
    await clock.settle();
    const { events = [] } = await client.send(new GetExecutionHistoryCommand({ executionArn }));
    const scheduled = events.filter(({ type }) => type === 'LambdaFunctionScheduled');
    expect({ a, b, calls: inputs.splice(0) }).toEqual({ a, b, calls: scheduled.map(() => ({ a, b })) });
  }
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

/** The machine and the mock file of the AWS page "Using mocked service integrations for testing". */
const PAGE = {
  Comment: 'This state machine is called: LambdaSQSIntegration',
  StartAt: 'LambdaState',
  States: {
    LambdaState: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: { 'Payload.$': '$', FunctionName: 'HelloWorldFunction' },
      Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 2, MaxAttempts: 3, BackoffRate: 2 }],
      Next: 'SQSState',
    },
    SQSState: {
      Type: 'Task',
      Resource: 'arn:aws:states:::sqs:sendMessage',
      Parameters: {
        QueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/myQueue',
        'MessageBody.$': '$',
      },
      End: true,
    },
  },
};
const HELLO = { Return: { StatusCode: 200, Payload: { StatusCode: 200, body: 'Hello from Lambda!' } } };
const NOT_READY = {
  Throw: { Error: 'Lambda.ResourceNotReadyException', Cause: 'Lambda resource is not ready.' },
};
const LATE = { Throw: { Error: 'Lambda.TimeoutException', Cause: 'Lambda timed out.' } };
const SENT = {
  MD5OfMessageBody: '3bcb6e8e-7h85-4375-b0bc-1a59812c6e51',
  MessageId: '3bcb6e8e-8b51-4375-b0bc-1a59812c6e51',
};
const PAGE_FILE: MockConfig = {
  StateMachines: {
    LambdaSQSIntegration: {
      TestCases: {
        HappyPath: { LambdaState: 'MockedLambdaSuccess', SQSState: 'MockedSQSSuccess' },
        RetryPath: { LambdaState: 'MockedLambdaRetry', SQSState: 'MockedSQSSuccess' },
        HybridPath: { LambdaState: 'MockedLambdaSuccess' },
      },
    },
  },
  MockedResponses: {
    MockedLambdaSuccess: { '0': HELLO },
    LambdaMockedResourceNotReady: { '0': NOT_READY },
    MockedSQSSuccess: { '0': { Return: SENT } },
    MockedLambdaRetry: { '0': NOT_READY, '1-2': LATE, '3': HELLO },
  },
};

/** Runs a machine with a mock file to its end. Resolves with its end, and the types and details of its history. */
async function runCase(name: string, mockConfig: MockConfig, definition: object, mocks: Mocks = {}) {
  const [machine = '', testCase = ''] = name.split('#');
  const bench = await openBench({ mockConfig, mocks });
  const { service, client, clock } = bench;
  const stateMachineArn = service.seedMachine({ name: machine, definition: JSON.stringify(definition) });
  const start = new StartExecutionCommand({ stateMachineArn: `${stateMachineArn}#${testCase}`, name: 'e' });
  const { executionArn = '' } = await client.send(start);
  await clock.advance(60_000);
  const { events = [] } = await client.send(new GetExecutionHistoryCommand({ executionArn }));
  return { executionArn, events, end: await client.send(new DescribeExecutionCommand({ executionArn })) };
}

describe('a test case of a mock file, as the page of Step Functions Local describes it', () => {
  test('HappyPath: both states have their responses', async () => {
    const { end, events, executionArn } = await runCase('LambdaSQSIntegration#HappyPath', PAGE_FILE, PAGE);
    expect(executionArn).toBe('arn:aws:states:us-east-1:123456789012:execution:LambdaSQSIntegration:e');
    expect(end).toMatchObject({ status: 'SUCCEEDED', output: JSON.stringify(SENT) });
    expect(events[6]).toMatchObject({
      stateEnteredEventDetails: { name: 'SQSState', input: JSON.stringify(HELLO.Return) },
    });
    expect(events[9]).toMatchObject({
      taskSucceededEventDetails: {
        resourceType: 'sqs',
        resource: 'sendMessage',
        output: JSON.stringify(SENT),
      },
    });
  });

  test('RetryPath: each attempt has the response of its number', async () => {
    const { end, events } = await runCase('LambdaSQSIntegration#RetryPath', PAGE_FILE, PAGE);
    expect(end).toMatchObject({ status: 'SUCCEEDED', output: JSON.stringify(SENT) });
    const failures = events.flatMap(({ taskFailedEventDetails }) => taskFailedEventDetails?.error ?? []);
    expect(failures).toEqual([NOT_READY.Throw.Error, LATE.Throw.Error, LATE.Throw.Error]);
  });

  test('HybridPath: a function of the config calls the service of the state that is not mocked', async () => {
    const sent: unknown[] = [];
    const queue = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => sent.push(JSON.parse(text)));
      request.on('end', () => response.end(JSON.stringify(SENT)));
    });
    await new Promise<void>((resolve) => void queue.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(queue.address() as AddressInfo).port}`;
    const send = async (input: unknown): Promise<unknown> =>
      (await fetch(url, { method: 'POST', body: JSON.stringify(input) })).json();
    const bench = await openBench({
      mockConfig: PAGE_FILE,
      mocks: { 'LambdaSQSIntegration.SQSState': send },
    });
    const definition = JSON.stringify(PAGE);
    const machine = bench.service.seedMachine({ name: 'LambdaSQSIntegration', definition });
    const start = new StartExecutionCommand({ stateMachineArn: `${machine}#HybridPath` });
    const { executionArn = '' } = await bench.client.send(start);
    let end = await describeEnd({ ...bench, executionArn });
    while (end.status === 'RUNNING') end = await describeEnd({ ...bench, executionArn });
    expect(end).toMatchObject({ status: 'SUCCEEDED', output: JSON.stringify(SENT) });
    expect(sent).toEqual([{ QueueUrl: PAGE.States.SQSState.Parameters.QueueUrl, MessageBody: HELLO.Return }]);
    queue.closeAllConnections();
    queue.close();
  });

  test('HybridPath without such a function: the execution fails, and says what to add for which state', async () => {
    const { end } = await runCase('LambdaSQSIntegration#HybridPath', PAGE_FILE, PAGE);
    expect(end).toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
      cause: expect.stringMatching(
        /the state 'SQSState' .*Nothing answers 'arn:aws:states:::sqs:sendMessage'.*give it a mock, by 'LambdaSQSIntegration.SQSState'/,
      ),
    });
  });

  const fileFor = (response: MockConfig['MockedResponses'][string]): MockConfig => ({
    StateMachines: { M: { TestCases: { C: { X: 'R' } } } },
    MockedResponses: { R: response },
  });
  const one = (state: object) => ({ StartAt: 'X', States: { X: { Type: 'Task', End: true, ...state } } });

  test('an attempt without a response fails the execution, whatever Retry and Catch say', async () => {
    const Retry = [{ ErrorEquals: ['States.ALL'], MaxAttempts: 5 }];
    const { end } = await runCase(
      'M#C',
      fileFor({ '0-1': LATE }),
      one({ Resource: INVOKE, Parameters: { FunctionName: 'f' }, Retry }),
    );
    expect(end).toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
      cause: expect.stringContaining("no response for the invocation 2 of the state 'X'"),
    });
  });

  test.each([
    [
      'a task that waits for its token',
      { Resource: CALLBACK, Parameters: { QueueUrl: 'q', MessageBody: 'b' } },
    ],
    ['the task of an activity', { Resource: 'arn:aws:states:us-east-1:123456789012:activity:A' }],
  ])('%s ends with its response', async (_, state) => {
    const { end } = await runCase('M#C', fileFor({ '0': { Return: 7 } }), one(state));
    expect(end).toMatchObject({ status: 'SUCCEEDED', output: '7' });
  });

  test.each([
    ['that is not in the file', 'D', /no test case 'D' of 'M': it has C$/],
    ['whose state the machine lacks', 'C', /mocks X, and the Tasks of 'M' are Y$/],
  ])('one %s is refused', async (_, testCase, message) => {
    const definition = { StartAt: 'Y', States: { Y: { Type: 'Task', Resource: LAMBDA, End: true } } };
    await expect(runCase(`M#${testCase}`, fileFor({}), definition)).rejects.toThrow(message);
  });

  test('one without a mock file is refused', async () => {
    const { service, client } = await openBench();
    const arn = service.seedMachine({ name: 'M', definition: JSON.stringify(PAGE) });
    const start = new StartExecutionCommand({ stateMachineArn: `${arn}#C` });
    await expect(client.send(start)).rejects.toThrow(/needs a mock file: .*--mock-config/);
  });

  test('a file with mistakes is refused, with all of them', async () => {
    const wrong = {
      StateMachines: { M: { TestCases: { C: { X: 'Nobody', Y: 7 } } } },
      MockedResponse: {},
      MockedResponses: {
        R: { '0': { Return: 1, Throw: {} }, '2-1': { Retrun: 1 }, '2': { Throw: { Error: 'E' } }, '3': 1 },
      },
    };
    const options = { port: 0, mockConfig: wrong as unknown as MockConfig };
    const message = await startLocalService(options).then(String, (error: Error) => error.message);
    expect(
      message
        .split('\n')
        .slice(1)
        .map((line) => line.trim().replace(/;.*$/, '')),
    ).toEqual([
      "/MockedResponse: 'MockedResponse' is not known here",
      '/MockedResponses/R/0: exactly one of Return and Throw is expected here',
      '/MockedResponses/R/0/Throw: Error is expected to be text of at most 256 characters',
      '/MockedResponses/R/0/Throw: Cause is expected to be text of at most 32768 characters',
      '/MockedResponses/R/2/Throw: Cause is expected to be text of at most 32768 characters',
      '/MockedResponses/R/3: an object is expected here, not 1',
      "/MockedResponses/R/2-1: '2-1' is no invocation",
      "/MockedResponses/R/2-1/Retrun: 'Retrun' is not known here",
      '/MockedResponses/R/2-1: exactly one of Return and Throw is expected here',
      '/MockedResponses/R/2: the invocations must follow each other: 1 is expected here, not 2',
      "/StateMachines/M/TestCases/C/X: MockedResponses has no 'Nobody'",
      "/StateMachines/M/TestCases/C/Y: MockedResponses has no '7'",
    ]);
  });
});

describe('a token that is reported before the call has answered', () => {
  const state = { Resource: CALLBACK, Parameters: { 'token.$': '$$.Task.Token' } };

  async function reported(): Promise<Bench & { executionArn: string; answer: (value: unknown) => void }> {
    let answer: (value: unknown) => void = () => {};
    let told = '';
    const mock = (_: unknown, { taskToken = '' }: MockCall): Promise<unknown> => {
      told = taskToken;
      return new Promise((resolve) => {
        answer = resolve;
      });
    };
    const bench = await begin({ [CALLBACK]: mock }, state);
    await bench.clock.settle();
    await bench.client.send(new SendTaskSuccessCommand({ taskToken: told, output: '1' }));
    expect(await describeEnd(bench)).toMatchObject({ status: 'RUNNING' });
    return { ...bench, answer: (value) => answer(value) };
  }

  test('ends the task after the answer, which has an event', async () => {
    const { answer, ...bench } = await reported();
    answer({ MessageId: 'm' });
    await bench.clock.settle();
    expect(await describeEnd(bench)).toMatchObject({ status: 'SUCCEEDED', output: '1' });
    expect(await typesOf(bench)).toEqual(expect.arrayContaining(['TaskSubmitted', 'TaskSucceeded']));
  });

  test('ends it after five seconds, if there is none', async () => {
    const { answer: _, ...bench } = await reported();
    await bench.clock.advance(5_000);
    expect(await describeEnd(bench)).toMatchObject({ status: 'SUCCEEDED', output: '1' });
    expect(await typesOf(bench)).not.toContain('TaskSubmitted');
  });
});
