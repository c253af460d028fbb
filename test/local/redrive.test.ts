import { describe, expect, test } from '@jest/globals';
import {
  CreateStateMachineAliasCommand,
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  GetActivityTaskCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  RedriveExecutionCommand,
  SendTaskSuccessCommand,
  StartExecutionCommand,
  StopExecutionCommand,
  UpdateStateMachineCommand,
} from '@aws-sdk/client-sfn';
import type { LocalServiceOptions, MockCall, Mocks } from 'stepwright/local';
import { openBench, ROLE, type Bench } from './service.js';

const WORK = 'arn:aws:states:us-east-1:123456789012:activity:Work';
const DAY_MS = 24 * 3600 * 1000;

const call = (more: object = {}): object => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::sns:publish',
  End: true,
  ...more,
});
const group = (name: string, state: object): object => ({ StartAt: name, States: { [name]: state } });
const jsonata = (more: object): object => ({ QueryLanguage: 'JSONata', ...more });

/** A service with one machine, `M`, and a log of the calls of its mocks. */
interface Run {
  readonly bench: Bench;
  readonly called: string[];
  readonly executionArn: string;
}

/** Starts an execution of a machine. A mock of a state gives one of its answers after another. */
async function begin(
  machine: object,
  answers: Readonly<Record<string, readonly unknown[]>> = {},
  { input = '{}', ...options }: LocalServiceOptions & { input?: string } = {},
): Promise<Run> {
  const called: string[] = [];
  const mocks: Record<string, Mocks[string]> = {};
  for (const [state, list] of Object.entries(answers))
    mocks[`M.${state}`] = (given, { index }: MockCall) => {
      called.push(`${state} ${JSON.stringify(given)}`);
      const answer = list[Math.min(index, list.length - 1)];
      if (answer instanceof Error) throw answer;
      return answer;
    };
  const bench = await openBench({ mocks, ...options });
  bench.service.seedActivity(WORK);
  const { stateMachineArn, stateMachineVersionArn } = await bench.client.send(
    new CreateStateMachineCommand({
      name: 'M',
      definition: JSON.stringify(machine),
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
  expect(stateMachineArn).toBeDefined();
  const { executionArn = '' } = await bench.client.send(
    new StartExecutionCommand({ stateMachineArn: stateMachineAliasArn, name: 'E', input }),
  );
  await bench.clock.settle();
  return { bench, called, executionArn };
}

const failure = (name: string): Error => Object.assign(new Error(`${name} failed`), { name });

async function look({ bench, executionArn }: Run) {
  await bench.clock.settle();
  return bench.client.send(new DescribeExecutionCommand({ executionArn }));
}

async function redrive({ bench, executionArn }: Run, clientToken?: string): Promise<Date | undefined> {
  const { redriveDate } = await bench.client.send(new RedriveExecutionCommand({ executionArn, clientToken }));
  await bench.clock.settle();
  return redriveDate;
}

async function events({ bench, executionArn }: Run, from = 0): Promise<string[]> {
  const { events: all = [] } = await bench.client.send(
    new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }),
  );
  return all.slice(from).map(({ type, id, previousEventId }) => `${id} ${type}<${previousEventId}`);
}

async function work({ bench }: Run, output: unknown): Promise<void> {
  const { taskToken } = await bench.client.send(new GetActivityTaskCommand({ activityArn: WORK }));
  await bench.client.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(output) }));
  await bench.clock.settle();
}

describe('a redriven execution', () => {
  test('goes on in the state that failed, with its input, its variables and a new count of retries', async () => {
    const run = await begin(
      jsonata({
        StartAt: 'Set',
        States: {
          Set: { Type: 'Pass', Assign: { who: 'hoge' }, Output: { n: 1 }, Next: 'Call' },
          Call: call({
            Arguments:
              '{% {"who": $who, "n": $states.input.n, "redrives": $states.context.Execution.RedriveCount} %}',
            Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 1 }],
            Output: '{% {"got": $states.result, "at": $states.context.Execution.RedriveTime} %}',
          }),
        },
      }),
      { Call: [failure('A'), failure('B'), failure('C'), 'done'] },
    );
    await run.bench.clock.advance(1_000);
    const failed = await look(run);
    expect(failed).toMatchObject({
      status: 'FAILED',
      error: 'B',
      redriveCount: 0,
      redriveStatus: 'REDRIVABLE',
    });
    expect(failed).not.toHaveProperty('redriveDate');
    const before = (await events(run)).length;
    const redriveDate = await redrive(run);
    const running = await look(run);
    expect(running).toMatchObject({
      status: 'RUNNING',
      redriveCount: 1,
      redriveDate,
      redriveStatus: 'NOT_REDRIVABLE',
      startDate: failed.startDate,
      stateMachineVersionArn: failed.stateMachineVersionArn,
      stateMachineAliasArn: failed.stateMachineAliasArn,
    });
    expect(running).not.toHaveProperty('stopDate');
    expect(running).not.toHaveProperty('error');
    await run.bench.clock.advance(1_000);
    const at = redriveDate?.toISOString();
    expect(JSON.parse((await look(run)).output ?? '')).toEqual({ got: 'done', at });
    expect(run.called).toEqual([0, 0, 1, 1].map((n) => `Call {"who":"hoge","n":1,"redrives":${n}}`));
    const [end = ''] = (await events(run, before - 1)).slice(0, 1);
    expect(end).toBe(`${before} ExecutionFailed<${before - 1}`);
    expect((await events(run, before)).slice(0, 2)).toEqual([
      `${before + 1} ExecutionRedriven<${before}`,
      `${before + 2} TaskScheduled<${before - 1}`,
    ]);
    const { events: all = [] } = await run.bench.client.send(
      new GetExecutionHistoryCommand({ executionArn: run.executionArn }),
    );
    expect(all[before]?.executionRedrivenEventDetails).toEqual({ redriveCount: 1 });
  });

  test('runs only the branches that had not succeeded', async () => {
    const run = await begin(
      group('P', {
        Type: 'Parallel',
        End: true,
        Branches: [
          group('Good', call()),
          { StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 1, Next: 'Bad' }, Bad: call() } },
          group('Slow', { Type: 'Task', Resource: WORK, End: true }),
        ],
      }),
      { Good: ['a'], Bad: [failure('Boom'), 'b'] },
    );
    await run.bench.clock.advance(1_000);
    expect(await look(run)).toMatchObject({ status: 'FAILED', error: 'Boom' });
    await redrive(run);
    expect(await look(run)).toMatchObject({ status: 'RUNNING' });
    await work(run, 'c');
    expect(await look(run)).toMatchObject({ status: 'SUCCEEDED', output: '["a","b","c"]' });
    expect(run.called).toEqual(['Good {}', 'Bad {}', 'Bad {}']);
    const types = (await events(run)).map((event) => event.replace(/^\d+ |<\d+$/g, ''));
    expect(types.slice(types.indexOf('ExecutionRedriven') + 1)).toEqual([
      'TaskScheduled',
      'TaskStarted',
      'ActivityScheduled',
      'TaskSucceeded',
      'TaskStateExited',
      'ActivityStarted',
      'ActivitySucceeded',
      'TaskStateExited',
      'ParallelStateSucceeded',
      'ParallelStateExited',
      'ExecutionSucceeded',
    ]);
  });

  test('runs only the iterations that had not succeeded, those that had not begun included', async () => {
    const run = await begin(
      group('Each', {
        Type: 'Map',
        End: true,
        MaxConcurrency: 1,
        ItemSelector: { 'v.$': '$$.Map.Item.Value', 'i.$': '$$.Map.Item.Index' },
        ItemProcessor: {
          StartAt: 'First',
          States: { First: { Type: 'Pass', Next: 'Call' }, Call: call() },
        },
      }),
      { Call: ['a', failure('Boom'), failure('Boom'), 'b', 'c'] },
      { input: '["x","y","z"]' },
    );
    expect(await look(run)).toMatchObject({ status: 'FAILED', error: 'Boom' });
    await redrive(run);
    expect(await look(run)).toMatchObject({ status: 'FAILED', error: 'Boom', redriveCount: 1 });
    await redrive(run);
    expect(await look(run)).toMatchObject({ status: 'SUCCEEDED', output: '["a","b","c"]', redriveCount: 2 });
    expect(run.called.map((each) => each.slice(5))).toEqual(
      [0, 1, 1, 1, 2].map((i) => JSON.stringify({ v: 'xyz'.charAt(i), i })),
    );
  });

  test('runs all branches again if the results together were too large', async () => {
    const run = await begin(
      group('P', { Type: 'Parallel', End: true, Branches: [group('A', call()), group('B', call())] }),
      { A: ['x'.repeat(200_000), 'a'], B: ['x'.repeat(200_000), 'b'] },
    );
    expect(await look(run)).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
    await redrive(run);
    expect(await look(run)).toMatchObject({ status: 'SUCCEEDED', output: '["a","b"]' });
  });

  test('computes the output of a Parallel again without running its branches', async () => {
    const output = '{% $states.context.Execution.RedriveCount = 0 ? $number("x") : $states.result %}';
    const run = await begin(
      jsonata(group('P', { Type: 'Parallel', Output: output, End: true, Branches: [group('A', call())] })),
      { A: ['a'] },
    );
    expect(await look(run)).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
    await redrive(run);
    expect(await look(run)).toMatchObject({ status: 'SUCCEEDED', output: '["a"]' });
    expect(run.called).toHaveLength(1);
  });

  test('has the whole time of TimeoutSeconds again, and takes no result of the time before', async () => {
    const machine = { TimeoutSeconds: 100, ...group('X', { Type: 'Task', Resource: WORK, End: true }) };
    const run = await begin(machine);
    const { bench, executionArn } = run;
    const { taskToken } = await bench.client.send(new GetActivityTaskCommand({ activityArn: WORK }));
    await bench.clock.advance(100_000);
    expect(await look(run)).toMatchObject({ status: 'TIMED_OUT' });
    await redrive(run);
    const late = new SendTaskSuccessCommand({ taskToken, output: '"late"' });
    await expect(bench.client.send(late)).rejects.toMatchObject({ name: 'TaskTimedOut' });
    await bench.clock.advance(99_000);
    expect(await look(run)).toMatchObject({ status: 'RUNNING' });
    await bench.client.send(new StopExecutionCommand({ executionArn }));
    await redrive(run);
    await bench.clock.advance(99_000);
    await work(run, 'done');
    expect(await look(run)).toMatchObject({ status: 'SUCCEEDED', output: '"done"', redriveCount: 2 });
  });

  test('is listed as it is, and is forgotten in the order of its last end', async () => {
    const run = await begin(group('F', call()), { F: [failure('A'), failure('B')] }, { keptExecutions: 2 });
    const { bench } = run;
    const { stateMachineArn } = await look(run);
    const next = (name: string) => bench.client.send(new StartExecutionCommand({ stateMachineArn, name }));
    const listed = async () => {
      await bench.clock.settle();
      const { executions = [] } = await bench.client.send(new ListExecutionsCommand({ stateMachineArn }));
      return executions.map(({ name, status, redriveCount }) => `${name} ${status} ${redriveCount}`);
    };
    await next('second');
    expect(await listed()).toEqual(['second FAILED 0', 'E FAILED 0']);
    await redrive(run);
    expect(await listed()).toEqual(['second FAILED 0', 'E FAILED 1']);
    await next('third');
    expect(await listed()).toEqual(['third FAILED 0', 'E FAILED 1']);
  });
});

type Refused = readonly [what: string, machine: object, laterMs: number, reason: string];

describe('a redrive', () => {
  const FAIL = group('F', { Type: 'Fail', Error: 'No' });
  const refused = (reason: string): object => ({
    name: 'ExecutionNotRedrivable',
    message: `Execution Not Redrivable: '${reason}'`,
  });

  const FULL: Refused = [
    'has too many events',
    {
      StartAt: 'Loop',
      States: {
        Loop: {
          Type: 'Choice',
          Choices: [{ Variable: '$.a', IsPresent: true, Next: 'End' }],
          Default: 'Loop',
        },
        End: { Type: 'Succeed' },
      },
    },
    0,
    'Execution history event limit exceeded',
  ];

  test('is made once for a client token, which is valid for 15 minutes', async () => {
    const run = await begin(FAIL);
    const first = await redrive(run, 'token');
    await run.bench.clock.advance(60_000);
    expect(await redrive(run, 'token')).toEqual(first);
    expect(await look(run)).toMatchObject({ redriveCount: 1, redriveDate: first });
    await run.bench.clock.advance(15 * 60_000);
    expect(await redrive(run, 'token')).not.toEqual(first);
    expect(await look(run)).toMatchObject({ redriveCount: 2 });
  });

  test.each<Refused>([
    ['has succeeded', group('S', { Type: 'Succeed' }), 0, 'Execution is SUCCEEDED and cannot be redriven'],
    [
      'runs',
      group('W', { Type: 'Wait', Seconds: 9, End: true }),
      0,
      'Execution is RUNNING and cannot be redriven',
    ],
    ['ended 14 days ago', FAIL, 14 * DAY_MS + 1, 'Execution redrivable period exceeded'],
    ['began a year ago', FAIL, 366 * DAY_MS, 'Execution has exceeded the max execution time'],
    FULL,
  ])(
    'of an execution that %s is refused, and its description says so',
    async (_, machine, laterMs, reason) => {
      const run = await begin(machine);
      await run.bench.clock.advance(laterMs);
      if (reason.includes('event limit'))
        while ((await look(run)).status === 'RUNNING') await run.bench.clock.settle();
      await expect(redrive(run)).rejects.toMatchObject(refused(reason));
      expect(await look(run)).toMatchObject({ redriveStatus: 'NOT_REDRIVABLE', redriveStatusReason: reason });
    },
  );

  test('of an execution that is not there is refused', async () => {
    const run = await begin(FAIL);
    const other = { ...run, executionArn: `${run.executionArn}x` };
    await expect(redrive(other)).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
  });
});

describe('an execution that begins in a state', () => {
  const MACHINE = jsonata({
    StartAt: 'A',
    States: {
      A: { Type: 'Pass', Assign: { a: 1, b: 1 }, Output: { n: 1 }, Next: 'P' },
      P: {
        Type: 'Parallel',
        Branches: [group('Inside', { Type: 'Pass', Assign: { inside: 1 }, End: true })],
        Assign: { b: 2 },
        Output: '{% $states.input %}',
        Next: 'X',
      },
      X: {
        Type: 'Pass',
        Assign: { a: 3 },
        Output: '{% {"a": $a, "b": $b, "in": $states.input, "first": $states.context.Execution.Input} %}',
        Next: 'Y',
      },
      Y: { Type: 'Pass', Output: '{% {"a": $a, "was": $states.input} %}', End: true },
    },
  });

  async function from({ bench, executionArn }: Run, body: object): Promise<Record<string, string>> {
    const response = await fetch(bench.service.url, {
      method: 'POST',
      headers: { 'x-amz-target': 'StepwrightLocal.StartExecutionFrom' },
      body: JSON.stringify({ executionArn, ...body }),
    });
    await bench.clock.settle();
    return (await response.json()) as Record<string, string>;
  }

  async function outputOf(run: Run, { executionArn = '' }: Record<string, string>): Promise<unknown> {
    const { output = 'null' } = await look({ ...run, executionArn });
    return JSON.parse(output) as unknown;
  }

  test('has the variables and the input that the state had, or an input of its own', async () => {
    const run = await begin(MACHINE, {}, { input: '{"first":1}' });
    const first = { first: 1 };
    const seen = { a: 1, b: 2, in: { n: 1 }, first };
    expect(await outputOf(run, await from(run, { state: 'X' }))).toEqual({ a: 3, was: seen });
    expect(await outputOf(run, await from(run, { state: 'X', input: '[7]' }))).toEqual({
      a: 3,
      was: { ...seen, in: [7] },
    });
    const last = await from(run, { state: 'Y', input: '"mine"', name: 'last' });
    expect(last['executionArn']).toMatch(/:execution:M:last$/);
    expect(await outputOf(run, last)).toEqual({ a: 3, was: 'mine' });
  });

  test('says in its history, and in its name, where it began', async () => {
    const run = await begin(MACHINE);
    const { executionArn = '' } = await from(run, { state: 'Y' });
    expect(executionArn).toMatch(/:execution:M:from-Y-[-0-9a-f]{36}$/);
    expect(await events({ ...run, executionArn })).toEqual([
      '1 ExecutionStarted<0',
      '2 PassStateEntered<0',
      '3 PassStateExited<2',
      '4 ExecutionSucceeded<3',
    ]);
    const response = await fetch(run.bench.service.url, {
      method: 'POST',
      headers: { 'x-amz-target': 'AWSStepFunctions.GetExecutionHistory' },
      body: JSON.stringify({ executionArn, maxResults: 1 }),
    });
    const { events: raw } = (await response.json()) as { events: object[] };
    expect(raw[0]).toMatchObject({
      executionStartedEventDetails: { startedFrom: { state: 'Y', executionArn: run.executionArn } },
    });
  });

  test('uses the definition of now', async () => {
    const run = await begin(group('X', { Type: 'Fail' }));
    const { stateMachineArn } = await look(run);
    const definition = JSON.stringify(group('X', { Type: 'Pass', Result: 'mended', End: true }));
    const { executionArn } = await run.bench.client.send(new StartExecutionCommand({ stateMachineArn }));
    await run.bench.client.send(new UpdateStateMachineCommand({ stateMachineArn, definition }));
    const again = { ...run, executionArn: executionArn ?? '' };
    expect(await outputOf(run, await from(again, { state: 'X' }))).toBe('mended');
  });

  test.each([
    ['inside a Parallel', { state: 'Inside' }, "The state 'Inside' is inside a Parallel or a Map"],
    ['that is not there', { state: 'Z' }, "The machine has no state 'Z'."],
    ['of an unknown execution', { state: 'X', executionArn: `${WORK}x` }, 'Invalid Arn'],
    ['with an input that is no JSON', { state: 'X', input: '{' }, "the input of the state 'X' is not JSON"],
  ])('can not begin in one %s', async (_, body, part) => {
    const run = await begin(MACHINE);
    expect((await from(run, body))['message']).toContain(part);
  });

  test('needs an input if the state was not entered', async () => {
    const run = await begin({
      StartAt: 'F',
      States: { F: call({ Next: 'X', End: undefined }), X: { Type: 'Pass', End: true } },
    });
    expect((await from(run, { state: 'X' }))['message']).toContain(
      "did not enter the state 'X', so there is no input for it",
    );
    expect(await outputOf(run, await from(run, { state: 'X', input: '1' }))).toBe(1);
  });
});
