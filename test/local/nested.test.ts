import { describe, expect, test } from '@jest/globals';
import {
  CreateStateMachineAliasCommand,
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  GetActivityTaskCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  RedriveExecutionCommand,
  SendTaskSuccessCommand,
  StartExecutionCommand,
  StopExecutionCommand,
  type DescribeExecutionOutput,
} from '@aws-sdk/client-sfn';
import type { LocalServiceOptions, MockCall } from 'stepwright/local';
import { systemClock } from '../../src/framework/base/time/clock.js';
import { silentLog } from '../../src/framework/base/log/log.js';
import { openBench, ROLE, type Bench } from './service.js';

const MACHINE = 'arn:aws:states:us-east-1:123456789012:stateMachine:';
const EXECUTION = 'arn:aws:states:us-east-1:123456789012:execution:';
const WORK = 'arn:aws:states:us-east-1:123456789012:activity:Work';
const LANGUAGES = ['JSONPath', 'JSONata'] as const;
type Language = (typeof LANGUAGES)[number];

const one = (state: object, machine: object = {}): object => ({
  StartAt: 'X',
  States: { X: { End: true, ...state } },
  ...machine,
});
const work = { Type: 'Task', Resource: WORK };

/** A Task that calls Step Functions, such as `states:startExecution.sync`. */
const call = (resource: string, given: object, more: object = {}): object => ({
  Type: 'Task',
  Resource: `arn:aws:states:::${resource}`,
  ...('QueryLanguage' in more ? { Arguments: given } : { Parameters: given }),
  ...more,
});
const child = (pattern: string, name: string, given: object = {}, more: object = {}): object =>
  call(`states:startExecution${pattern}`, { StateMachineArn: `${MACHINE}${name}`, ...given }, more);

/** Starts a service with machines, by their names. */
async function open(machines: Record<string, object>, options: LocalServiceOptions = {}): Promise<Bench> {
  const bench = await openBench(options);
  bench.service.seedActivity(WORK);
  for (const [name, machine] of Object.entries(machines))
    await bench.client.send(
      new CreateStateMachineCommand({ name, definition: JSON.stringify(machine), roleArn: ROLE }),
    );
  return bench;
}

/** Starts an execution of a machine, with the name `E`. */
async function start({ client, clock }: Bench, machine: string, input: unknown = {}): Promise<string> {
  const { executionArn = '' } = await client.send(
    new StartExecutionCommand({
      stateMachineArn: `${MACHINE}${machine}`,
      name: 'E',
      input: JSON.stringify(input),
    }),
  );
  await clock.settle();
  return executionArn;
}

const describeOf = ({ client }: Bench, executionArn: string): Promise<DescribeExecutionOutput> =>
  client.send(new DescribeExecutionCommand({ executionArn }));

async function run(bench: Bench, machine: string, input?: unknown): Promise<DescribeExecutionOutput> {
  return describeOf(bench, await start(bench, machine, input));
}

async function events({ client }: Bench, executionArn: string): Promise<string[]> {
  const { events: all = [] } = await client.send(new GetExecutionHistoryCommand({ executionArn }));
  return all.map(({ type, previousEventId }) => `${type}<${previousEventId}`);
}

/** The only execution of a machine. */
async function onlyOf(bench: Bench, machine: string): Promise<DescribeExecutionOutput> {
  const { executions = [] } = await bench.client.send(
    new ListExecutionsCommand({ stateMachineArn: `${MACHINE}${machine}` }),
  );
  expect(executions).toHaveLength(1);
  return describeOf(bench, executions[0]?.executionArn ?? '');
}

async function report({ client, clock }: Bench, output: unknown): Promise<void> {
  const { taskToken } = await client.send(new GetActivityTaskCommand({ activityArn: WORK }));
  await client.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(output) }));
  await clock.settle();
}

const outputOf = ({ output = 'null' }: DescribeExecutionOutput): unknown => JSON.parse(output);

/** A Task that ends with the output of its child. */
const outputOfChild = (language: Language): object =>
  language === 'JSONata'
    ? { QueryLanguage: 'JSONata', Output: '{% $states.result.Output %}' }
    : { ResultSelector: { 'value.$': '$.Output' }, OutputPath: '$.value' };

const NESTED_SYNC = [
  'TaskStateEntered',
  'TaskScheduled',
  'TaskStarted',
  'TaskSubmitted',
  'TaskSucceeded',
  'TaskStateExited',
];
/** Numbers the events of an execution without branches: each points to the one before. */
const inOrder = (...types: string[]): string[] =>
  types.map((type, index) => `${type}<${index < 2 ? 0 : index}`);

describe.each(LANGUAGES)('in %s', (language) => {
  const top = language === 'JSONata' ? { QueryLanguage: language } : {};
  const given = language === 'JSONata' ? { Input: '{% $states.input %}' } : { 'Input.$': '$' };
  const more = language === 'JSONata' ? top : {};

  test('a saga of nested machines undoes what has succeeded', async () => {
    const step = (name: string, next: object): object => child('.sync:2', name, given, { ...more, ...next });
    const failed = { Catch: [{ ErrorEquals: ['States.TaskFailed'], Next: 'Undo' }] };
    const kept = language === 'JSONata' ? { Output: '{% $states.input %}' } : { ResultPath: null };
    const bench = await open({
      Hotel: one({ Type: 'Pass', Result: { room: 12 } }),
      Flight: { StartAt: 'X', States: { X: { Type: 'Fail', Error: 'NoSeat', Cause: 'full' } } },
      Undo: one({ Type: 'Pass' }),
      Trip: {
        StartAt: 'Hotel',
        ...top,
        States: {
          Hotel: step('Hotel', { ...kept, Next: 'Flight' }),
          Flight: step('Flight', { ...failed, End: true }),
          Undo: step('Undo', { ...kept, Next: 'Failed' }),
          Failed: { Type: 'Fail', Error: 'TripFailed' },
        },
      },
    });
    const ended = await run(bench, 'Trip', { trip: 7 });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'TripFailed' });
    expect(await events(bench, `${EXECUTION}Trip:E`)).toEqual(
      inOrder(
        'ExecutionStarted',
        ...NESTED_SYNC,
        ...NESTED_SYNC.with(4, 'TaskFailed'),
        ...NESTED_SYNC,
        'FailStateEntered',
        'ExecutionFailed',
      ),
    );
    expect(await onlyOf(bench, 'Hotel')).toMatchObject({ status: 'SUCCEEDED', input: '{"trip":7}' });
    expect(await onlyOf(bench, 'Flight')).toMatchObject({ status: 'FAILED', error: 'NoSeat' });
    const undone = JSON.parse((await onlyOf(bench, 'Undo')).input ?? '') as { Error: string; Cause: string };
    expect(undone.Error).toBe('States.TaskFailed');
    const cause = JSON.parse(undone.Cause) as Record<string, unknown>;
    expect(Object.keys(cause)).toEqual([
      'Cause',
      'Error',
      'ExecutionArn',
      'Input',
      'InputDetails',
      'Name',
      'RedriveCount',
      'RedriveStatus',
      'StartDate',
      'StateMachineArn',
      'Status',
      'StopDate',
    ]);
    expect(cause).toMatchObject({ Error: 'NoSeat', Cause: 'full', Status: 'FAILED', Input: '{"trip":7}' });
    expect(cause['StopDate']).toBe(bench.clock.now());
  });

  test('a child waits for an approval, and its parent for the child', async () => {
    const tokens: string[] = [];
    const message =
      language === 'JSONata' ? '{% $states.context.Task.Token %}' : { 'token.$': '$$.Task.Token' };
    const ask = 'sqs:sendMessage.waitForTaskToken';
    const bench = await open(
      {
        Approval: one(call(ask, { MessageBody: message }, more), top),
        Order: one(child('.sync:2', 'Approval', given, { ...more, ...outputOfChild(language) }), top),
      },
      {
        mocks: { 'Approval.X': (_input, { taskToken = '' }: MockCall) => void tokens.push(taskToken) },
      },
    );
    const order = await start(bench, 'Order', { amount: 500 });
    expect(await describeOf(bench, order)).toMatchObject({ status: 'RUNNING' });
    const output = '{"approved":true}';
    await bench.client.send(new SendTaskSuccessCommand({ taskToken: tokens[0], output }));
    await bench.clock.settle();
    expect(await describeOf(bench, order)).toMatchObject({ status: 'SUCCEEDED', output });
    const history = inOrder('ExecutionStarted', ...NESTED_SYNC, 'ExecutionSucceeded');
    expect(await events(bench, order)).toEqual(history);
    const { executionArn = '' } = await onlyOf(bench, 'Approval');
    expect(await events(bench, executionArn)).toEqual(history);
  });
});

describe('a child', () => {
  const waits = one({ Type: 'Wait', Seconds: 1000 });
  const aborted = (parent: string): object => ({
    status: 'ABORTED',
    cause: `The Task state in AWS Step Functions execution [${parent}] which was managing this resource was aborted`,
  });

  test.each([
    ['the Task of its parent times out', one(child('.sync', 'Child', {}, { TimeoutSeconds: 5 }))],
    ['its parent times out', one(child('.sync:2', 'Child'), { TimeoutSeconds: 5 })],
    [
      'a branch beside that of its Task fails',
      one({
        Type: 'Parallel',
        Branches: [
          { StartAt: 'Call', States: { Call: { ...child('.sync:2', 'Child'), End: true } } },
          {
            StartAt: 'Wait',
            States: { Wait: { Type: 'Wait', Seconds: 5, Next: 'Fail' }, Fail: { Type: 'Fail', Error: 'E' } },
          },
        ],
      }),
    ],
  ])('is stopped when %s', async (_when, parent) => {
    const bench = await open({ Child: waits, Parent: parent });
    const arn = await start(bench, 'Parent');
    expect(await onlyOf(bench, 'Child')).toMatchObject({ status: 'RUNNING' });
    await bench.clock.advance(5_000);
    expect((await describeOf(bench, arn)).status).toMatch(/FAILED|TIMED_OUT/);
    const ended = await onlyOf(bench, 'Child');
    expect(ended).toMatchObject(aborted(arn));
    expect(await events(bench, ended.executionArn ?? '')).toEqual([
      'ExecutionStarted<0',
      'WaitStateEntered<0',
      'ExecutionAborted<0',
    ]);
  });

  test('and its own children are stopped when its parent is', async () => {
    const bench = await open({
      Grandchild: waits,
      Child: one(child('.sync:2', 'Grandchild')),
      Parent: one(child('.sync', 'Child')),
    });
    const executionArn = await start(bench, 'Parent');
    await bench.client.send(new StopExecutionCommand({ executionArn }));
    await bench.clock.settle();
    const { executionArn: childArn = '', ...ended } = await onlyOf(bench, 'Child');
    expect(ended).toMatchObject(aborted(executionArn));
    expect(await onlyOf(bench, 'Grandchild')).toMatchObject(aborted(childArn));
  });

  test('goes on when its parent does not wait for it', async () => {
    const bench = await open({ Child: waits, Parent: one(child('', 'Child', { Name: 'C' })) });
    const parent = await run(bench, 'Parent');
    expect(parent).toMatchObject({ status: 'SUCCEEDED' });
    const output = outputOf(parent) as Record<string, object>;
    expect(Object.keys(output)).toEqual([
      'ExecutionArn',
      'SdkHttpMetadata',
      'SdkResponseMetadata',
      'StartDate',
    ]);
    expect(output['ExecutionArn']).toBe(`${EXECUTION}Child:C`);
    expect(output['StartDate']).toBe(bench.clock.now());
    await bench.clock.advance(1_000_000);
    expect(await onlyOf(bench, 'Child')).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('goes on when the token of its Task is used, and its end is no outcome any more', async () => {
    const parent = child(
      '.sync',
      'Child',
      { Input: { 'token.$': '$$.Task.Token' } },
      { Next: 'Y', End: undefined },
    );
    const bench = await open({
      Child: one(work),
      Parent: { StartAt: 'X', States: { X: parent, Y: { ...work, End: true } } },
    });
    const arn = await start(bench, 'Parent');
    const { token } = JSON.parse((await onlyOf(bench, 'Child')).input ?? '') as { token: string };
    await bench.client.send(new SendTaskSuccessCommand({ taskToken: token, output: '1' }));
    await bench.clock.settle();
    expect(await onlyOf(bench, 'Child')).toMatchObject({ status: 'RUNNING' });
    await report(bench, 'child');
    expect(await onlyOf(bench, 'Child')).toMatchObject({ status: 'SUCCEEDED' });
    expect(await describeOf(bench, arn)).toMatchObject({ status: 'RUNNING' });
    await report(bench, 'parent');
    expect(await describeOf(bench, arn)).toMatchObject({ status: 'SUCCEEDED', output: '"parent"' });
  });

  test('answers its parent with its token', async () => {
    const given = { Input: { 'token.$': '$$.Task.Token' } };
    const answer = call('aws-sdk:sfn:sendTaskSuccess', {
      'TaskToken.$': '$.token',
      Output: { approved: true },
    });
    const bench = await open({
      Child: one(answer),
      Parent: one(child('.waitForTaskToken', 'Child', given)),
    });
    const parent = await run(bench, 'Parent');
    expect(parent).toMatchObject({ status: 'SUCCEEDED', output: '{"approved":true}' });
    expect(await events(bench, parent.executionArn ?? '')).toEqual(
      inOrder('ExecutionStarted', ...NESTED_SYNC, 'ExecutionSucceeded'),
    );
    expect(await onlyOf(bench, 'Child')).toMatchObject({ status: 'SUCCEEDED', output: '{}' });
  });

  test('may be a version or an alias', async () => {
    const bench = await open({ Parent: one(child('.sync:2', 'Child:live', {}, { OutputPath: '$.Output' })) });
    const { stateMachineVersionArn } = await bench.client.send(
      new CreateStateMachineCommand({
        name: 'Child',
        definition: JSON.stringify(one({ Type: 'Pass', Result: 'first' })),
        roleArn: ROLE,
        publish: true,
      }),
    );
    const { stateMachineAliasArn } = await bench.client.send(
      new CreateStateMachineAliasCommand({
        name: 'live',
        routingConfiguration: [{ stateMachineVersionArn, weight: 100 }],
      }),
    );
    expect(await run(bench, 'Parent')).toMatchObject({ status: 'SUCCEEDED', output: '"first"' });
    expect(await onlyOf(bench, 'Child')).toMatchObject({ stateMachineAliasArn, stateMachineVersionArn });
  });

  test('whose name is used is an error of the API', async () => {
    const bench = await open({ Child: waits, Parent: one(child('', 'Child', { Name: 'E', Input: 1 })) });
    await start(bench, 'Child');
    expect(await run(bench, 'Parent')).toMatchObject({
      status: 'FAILED',
      error: 'StepFunctions.ExecutionAlreadyExistsException',
      cause: expect.stringMatching(
        /^Execution Already Exists: '[^']*:Child:E' \(Service: AWSStepFunctions; Status Code: 400; Error Code: ExecutionAlreadyExists; Request ID: [-\w]{36}; Proxy: null\)$/,
      ),
    });
  });

  test('that is not in the service is an error as at AWS, and the log says what helps', async () => {
    const warned: unknown[] = [];
    const log = { ...silentLog, warn: (...args: unknown[]) => void warned.push(args.at(-1)) };
    const bench = await open({ Parent: one(child('.sync', 'Child')) }, { log });
    expect(await run(bench, 'Parent')).toMatchObject({
      status: 'FAILED',
      error: 'StepFunctions.StateMachineDoesNotExistException',
      cause: expect.stringContaining(`State Machine Does Not Exist: '${MACHINE}Child' (Service: AWSStep`),
    });
    expect(warned).toEqual([
      expect.stringContaining(
        "the state 'X' of 'Parent' calls a state machine that isn't in the local service",
      ),
    ]);
  });

  test('is not started where a mock takes the call', async () => {
    const bench = await open(
      { Child: waits, Parent: one(child('.sync', 'Child')) },
      { mocks: { 'Parent.X': { output: 'mocked' } } },
    );
    expect(await run(bench, 'Parent')).toMatchObject({ status: 'SUCCEEDED', output: '"mocked"' });
    const { executions } = await bench.client.send(
      new ListExecutionsCommand({ stateMachineArn: `${MACHINE}Child` }),
    );
    expect(executions).toEqual([]);
  });
});

test('a redrive of the parent starts its child again', async () => {
  const answers = [{ error: 'E' }, { output: 'done' }];
  const bench = await open(
    {
      Child: one({ Type: 'Task', Resource: 'arn:aws:states:::sns:publish', Parameters: {} }),
      Parent: one(child('.sync:2', 'Child', { 'Input.$': '$' }, { OutputPath: '$.Output' })),
    },
    { mocks: { 'Child.X': answers } },
  );
  const executionArn = await start(bench, 'Parent', { n: 1 });
  expect(await describeOf(bench, executionArn)).toMatchObject({ error: 'States.TaskFailed' });
  await bench.client.send(new RedriveExecutionCommand({ executionArn }));
  await bench.clock.settle();
  expect(await describeOf(bench, executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '"done"' });
  const { executions = [] } = await bench.client.send(
    new ListExecutionsCommand({ stateMachineArn: `${MACHINE}Child` }),
  );
  expect(executions.map(({ status, redriveCount }) => [status, redriveCount])).toEqual([
    ['SUCCEEDED', 0],
    ['FAILED', 0],
  ]);
});

test('the operations of the API answer a Task in the spelling of the SDK', async () => {
  const bench = await open({
    Child: one({ Type: 'Pass', Result: 'x'.repeat(3) }),
    Describe: one(call('aws-sdk:sfn:describeExecution', { 'ExecutionArn.$': '$' })),
    List: one(call('aws-sdk:sfn:listExecutions', { StateMachineArn: `${MACHINE}Child`, MaxResults: 1 })),
    Fails: one(call('aws-sdk:sfn:describeExecution', { ExecutionArn: `${EXECUTION}Child:No` })),
  });
  const executionArn = await start(bench, 'Child');
  const date = new Date(bench.clock.now()).toISOString();
  expect(outputOf(await run(bench, 'Describe', executionArn))).toEqual({
    ExecutionArn: executionArn,
    StateMachineArn: `${MACHINE}Child`,
    Name: 'E',
    Status: 'SUCCEEDED',
    StartDate: date,
    StopDate: date,
    RedriveCount: 0,
    Input: '{}',
    InputDetails: { Included: true },
    Output: '"xxx"',
    OutputDetails: { Included: true },
    RedriveStatus: 'NOT_REDRIVABLE',
    RedriveStatusReason: 'Execution is SUCCEEDED and cannot be redriven',
  });
  expect(outputOf(await run(bench, 'List'))).toMatchObject({
    Executions: [{ ExecutionArn: executionArn, StopDate: date }],
  });
  expect(await run(bench, 'Fails')).toMatchObject({
    error: 'Sfn.ExecutionDoesNotExistException',
    cause: expect.stringMatching(
      /^Execution Does Not Exist: '[^']*' \(Service: Sfn, Status Code: 400, Request ID: [-\w]{36}\) \(SDK Attempt Count: 1\)$/,
    ),
  });
});

test('a Task that waits for an EXPRESS machine fails before it starts one', async () => {
  const calls: MockCall[] = [];
  const resource = 'arn:aws:lambda:us-east-1:123456789012:function:f';
  const mocks = { [resource]: (_: unknown, mock: MockCall) => calls.push(mock) };
  const bench = await open({ Parent: one(child('.sync:2', 'Express')) }, { mocks });
  const definition = JSON.stringify(one({ Type: 'Task', Resource: resource }));
  const machine = { name: 'Express', definition, roleArn: ROLE, type: 'EXPRESS' } as const;
  await bench.client.send(new CreateStateMachineCommand(machine));
  expect(await run(bench, 'Parent')).toMatchObject({
    status: 'FAILED',
    error: 'States.TaskFailed',
    cause: `${MACHINE}Express is an EXPRESS machine: a Task can't wait for its execution by .sync:2`,
  });
  expect(calls).toEqual([]);
});

test('a mistake of the service fails the Task, and is logged', async () => {
  const errors: object[] = [];
  const mistake = new TypeError('a mistake');
  const warn = (): never => {
    throw mistake;
  };
  const log = { ...silentLog, warn, error: (fields: object | string) => void errors.push(Object(fields)) };
  const bench = await open({ Parent: one(child('', 'Gone')) }, { log });
  expect(await run(bench, 'Parent')).toMatchObject({ error: 'States.Runtime', cause: String(mistake) });
  expect(errors).toEqual([{ err: mistake, execution: `${EXECUTION}Parent:E` }]);
});

test('a Task that polls an activity lets go of its poll when it is cut', async () => {
  const poll = call(
    'aws-sdk:sfn:getActivityTask',
    { ActivityArn: WORK, WorkerName: 'machine' },
    { TimeoutSeconds: 5 },
  );
  const bench = await open({ Polls: one(poll), Works: one(work) });
  await start(bench, 'Polls');
  expect(bench.service.parkedPolls).toBe(1);
  await bench.clock.advance(5_000);
  expect(bench.service.parkedPolls).toBe(0);
});

test('a machine that starts itself again and again leaves the service time for others', async () => {
  const bench = await open(
    { Loop: one(child('', 'Loop')), Other: one(work) },
    { clock: systemClock, keptExecutions: 100 },
  );
  await bench.client.send(new StartExecutionCommand({ stateMachineArn: `${MACHINE}Loop` }));
  const began = systemClock.now();
  expect(await run(bench, 'Other')).toMatchObject({ status: 'RUNNING' });
  await bench.client.send(new DeleteStateMachineCommand({ stateMachineArn: `${MACHINE}Loop` }));
  expect(systemClock.now() - began).toBeLessThan(5_000);
});
