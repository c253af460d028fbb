import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import 'reflect-metadata';
import { expect, test } from '@jest/globals';
import { Activity, Handle } from 'stepwright';
import { createTestMachine } from 'stepwright/testing';

const PLACE = 'arn:aws:states:eu-west-1:123456789012';
const startsChild = (pattern: string, more: object = {}): object => ({
  Type: 'Task',
  Resource: `arn:aws:states:::states:startExecution${pattern}`,
  Parameters: { StateMachineArn: 'arn:aws:states:us-west-2:999999999999:stateMachine:Child', 'Input.$': '$' },
  End: true,
  ...more,
});
const PARENT = {
  StartAt: 'Nest',
  States: { Nest: startsChild('.sync:2', { OutputPath: '$.Output' }) },
};
const WORKS = {
  StartAt: 'Work',
  States: { Work: { Type: 'Task', Resource: `${PLACE}:activity:double`, End: true } },
};
const ASKS = {
  StartAt: 'Ask',
  States: {
    Ask: {
      Type: 'Task',
      Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
      Parameters: { 'MessageBody.$': '$$.Task.Token' },
      Next: 'Approve',
    },
    Approve: { Type: 'Task', Resource: `${PLACE}:activity:approve`, End: true },
  },
};

@Activity('double')
class Doubling {
  @Handle({ input: 'any' })
  double(n: number): number {
    return 2 * n;
  }
}

test('a test machine runs the machine that it starts, by its name and with the same handlers', async () => {
  const machine = await createTestMachine(PARENT, { activities: [Doubling], machines: { Child: WORKS } });
  expect(await machine.execute(4)).toMatchObject({
    status: 'succeeded',
    output: 8,
    path: ['Nest'],
    attempts: { Nest: 1 },
  });
});

test('a test answers the tasks of a nested execution by Machine.State', async () => {
  await using machine = await createTestMachine(PARENT, { machines: { Child: ASKS } });
  const execution = await machine.start({ id: 7 });
  const question = await execution.task('Child.Ask');
  expect(question.input).toEqual({ MessageBody: question.token });
  await question.succeed('asked');
  const approval = await execution.task('Child.Approve');
  expect(approval.input).toBe('asked');
  await approval.succeed('yes');
  expect(await execution.result()).toMatchObject({ status: 'succeeded', output: 'yes' });
});

test('a nested execution has the time of the test, and ends with its parent', async () => {
  const waits = { StartAt: 'Wait', States: { Wait: { Type: 'Wait', Seconds: 60, End: true } } };
  await using machine = await createTestMachine(
    { StartAt: 'Nest', States: { Nest: startsChild('.sync', { TimeoutSeconds: 30 }) } },
    { machines: { Child: waits } },
  );
  expect(await machine.execute()).toMatchObject({
    status: 'failed',
    error: 'States.Timeout',
    tookMs: 30_000,
  });
});

test('a mock stands in for a nested machine', async () => {
  const machine = await createTestMachine(PARENT, {
    machines: { Child: WORKS },
    resources: { 'TestMachine.Nest': { output: { Output: 'mocked' } } },
  });
  expect(await machine.execute()).toMatchObject({ status: 'succeeded', output: 'mocked' });
});

test('a resource of a nested machine is mocked by Machine.State', async () => {
  const calls = {
    StartAt: 'Call',
    States: { Call: { Type: 'Task', Resource: 'arn:aws:states:::sns:publish', End: true } },
  };
  const options = { machines: { Child: calls } };
  const machine = await createTestMachine(PARENT, { ...options, resources: { 'Child.Call': { output: 1 } } });
  expect(await machine.execute()).toMatchObject({ status: 'succeeded', output: 1 });
  await expect(
    createTestMachine(PARENT, { ...options, resources: { 'Child.Cal': { output: 1 } } }),
  ).rejects.toThrow("did you mean 'Child.Call'?");
});

test('a machine that is not given is an error that no Catch hides', async () => {
  const caught = startsChild('.sync:2', { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Nest' }] });
  const machine = await createTestMachine({ StartAt: 'Nest', States: { Nest: caught } });
  expect(await machine.execute()).toMatchObject({
    status: 'failed',
    error: 'States.Runtime',
    cause: expect.stringContaining('give the machine that it starts in `machines`'),
  });
});

test('a machine that calls another one of a file is found, and mistakes in it name it', async () => {
  const wrong = { StartAt: 'A', States: { A: { Type: 'Pass' } } };
  await expect(createTestMachine(PARENT, { machines: { Child: wrong } })).rejects.toThrow(/Child|A/);
  await expect(createTestMachine(PARENT, { machines: { Child: 'no/such.asl.json' } })).rejects.toThrow(
    'there is no file no/such.asl.json',
  );
});

test('a machine that starts itself without end is stopped', async () => {
  const loop = { StartAt: 'Nest', States: { Nest: startsChild('.sync:2') } };
  const machine = await createTestMachine(loop, { machines: { Child: loop } });
  expect(await machine.execute()).toMatchObject({
    status: 'failed',
    error: 'States.TaskFailed',
    // The cause of each holds that of its child, and is cut.
    cause: expect.stringMatching(/^.{32768}$/),
  });
});

const DISTRIBUTED = {
  StartAt: 'All',
  States: {
    All: {
      Type: 'Map',
      ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, ...WORKS },
      End: true,
    },
  },
};

test('the children of a Distributed Map have the handlers of the machine', async () => {
  const machine = await createTestMachine(DISTRIBUTED, { activities: [Doubling] });
  expect(await machine.execute([1, 2])).toMatchObject({ status: 'succeeded', output: [2, 4], path: ['All'] });
});

test('a test answers the tasks of the children of a Distributed Map', async () => {
  await using machine = await createTestMachine(DISTRIBUTED);
  const execution = await machine.start([1, 2]);
  for (const answer of ['one', 'two']) await (await execution.task('Work')).succeed(answer);
  expect(await execution.result()).toMatchObject({ status: 'succeeded', output: ['one', 'two'] });
});

test('a Distributed Map reads and writes folders that stand for buckets', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'machine-'));
  try {
    writeFileSync(join(folder, 'numbers.csv'), 'n\n1\n2\n');
    const { All: all } = DISTRIBUTED.States;
    const map = {
      ...all,
      ItemReader: {
        Resource: 'arn:aws:states:::s3:getObject',
        ReaderConfig: { InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' },
        Parameters: { Bucket: 'numbers', Key: 'numbers.csv' },
      },
      ItemSelector: { 'n.$': 'States.StringToJson($$.Map.Item.Value.n)' },
      ItemProcessor: {
        ...all.ItemProcessor,
        States: { Work: { ...all.ItemProcessor.States.Work, InputPath: '$.n' } },
      },
      ResultWriter: {
        Resource: 'arn:aws:states:::s3:putObject',
        Parameters: { Bucket: 'numbers', Prefix: 'out' },
      },
    };
    const definition = { ...DISTRIBUTED, States: { All: map } };
    const machine = await createTestMachine(definition, { activities: [Doubling], s3: { numbers: folder } });
    const { status, output } = await machine.execute();
    expect(status).toBe('succeeded');
    const { Key: key } = (output as { ResultWriterDetails: { Key: string } }).ResultWriterDetails;
    const results = readFileSync(join(folder, key, '..', 'SUCCEEDED_0.json'), 'utf8');
    expect((JSON.parse(results) as { Output: string }[]).map(({ Output }) => Output)).toEqual(['2', '4']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
