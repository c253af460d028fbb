import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  DescribeStateMachineCommand,
  DescribeStateMachineForExecutionCommand,
  GetActivityTaskCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  RedriveExecutionCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  StartExecutionCommand,
  StopExecutionCommand,
  UpdateMapRunCommand,
} from '@aws-sdk/client-sfn';
import type { LocalServiceOptions } from 'stepwright/local';
import { openBench, ROLE, type Bench } from './service.js';

const ARN = 'arn:aws:states:us-east-1:123456789012:';
const WORK = `${ARN}activity:Work`;
const PASS = { Type: 'Pass', End: true };
const TASK = { Type: 'Task', Resource: WORK, End: true };

/** A Distributed Map with the Label `L` whose children are one state. */
const map = (state: object, more: object = {}, ExecutionType = 'STANDARD'): object => ({
  Type: 'Map',
  Label: 'L',
  ItemProcessor: {
    ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType },
    StartAt: 'Each',
    States: { Each: state },
  },
  End: true,
  ...more,
});
const machine = (state: object, more: object = {}): object => ({
  StartAt: 'All',
  States: { All: state },
  ...more,
});

/** One execution of the machine `M`. */
class Run {
  private constructor(
    readonly bench: Bench,
    readonly executionArn: string,
  ) {}

  static async begin(definition: object, input: unknown, options: LocalServiceOptions = {}): Promise<Run> {
    const bench = await openBench(options);
    bench.service.seedActivity(WORK);
    await bench.client.send(
      new CreateStateMachineCommand({ name: 'M', definition: JSON.stringify(definition), roleArn: ROLE }),
    );
    const { executionArn = '' } = await bench.client.send(
      new StartExecutionCommand({
        stateMachineArn: `${ARN}stateMachine:M`,
        name: 'E',
        input: JSON.stringify(input),
      }),
    );
    await bench.clock.settle();
    return new Run(bench, executionArn);
  }

  /** Waits until the execution has ended. Files are read in real time. */
  async end() {
    for (;;) {
      await this.bench.clock.settle();
      const end = await this.bench.client.send(
        new DescribeExecutionCommand({ executionArn: this.executionArn }),
      );
      if (end.status !== 'RUNNING') return end;
      await new Promise((turn) => setImmediate(turn));
    }
  }

  /** Returns the events of the execution, each as `Type<previousEventId`. */
  async events(executionArn = this.executionArn): Promise<string[]> {
    const { events = [] } = await this.bench.client.send(new GetExecutionHistoryCommand({ executionArn }));
    return events.map(({ type, previousEventId }) => `${type}<${previousEventId}`);
  }

  async runs() {
    const { mapRuns = [] } = await this.bench.client.send(
      new ListMapRunsCommand({ executionArn: this.executionArn }),
    );
    return mapRuns;
  }

  async mapRunArn(): Promise<string> {
    const [run] = await this.runs();
    return run?.mapRunArn ?? '';
  }

  /** Describes the latest map run; only the numbers that aren't 0 of the counts. */
  async run() {
    const { $metadata: _, ...run } = await this.bench.client.send(
      new DescribeMapRunCommand({ mapRunArn: await this.mapRunArn() }),
    );
    const some = (counts: object = {}): object =>
      Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
    return { ...run, itemCounts: some(run.itemCounts), executionCounts: some(run.executionCounts) };
  }

  async children(more: object = {}) {
    const mapRunArn = await this.mapRunArn();
    const { executions = [] } = await this.bench.client.send(
      new ListExecutionsCommand({ mapRunArn, ...more }),
    );
    return executions;
  }

  /** Takes a task of a child. Returns its input, and its token. */
  async take(): Promise<{ input: unknown; taskToken: string }> {
    const { input = 'null', taskToken = '' } = await this.bench.client.send(
      new GetActivityTaskCommand({ activityArn: WORK }),
    );
    return { input: JSON.parse(input) as unknown, taskToken };
  }

  async succeed(taskToken: string, output: unknown = 'done'): Promise<void> {
    await this.bench.client.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(output) }));
    await this.bench.clock.settle();
  }

  async fail(taskToken: string): Promise<void> {
    await this.bench.client.send(new SendTaskFailureCommand({ taskToken, error: 'E', cause: 'c' }));
    await this.bench.clock.settle();
  }
}

describe('the operations of map runs', () => {
  test('recorded: test_list_map_runs_and_describe_map_run, with the members that were measured since', async () => {
    const run = await Run.begin(machine(map(PASS, { MaxConcurrency: 1 })), [1, 2]);
    await run.end();
    const mapRunArn = expect.stringMatching(
      /^arn:aws:states:us-east-1:123456789012:mapRun:M\/L:[0-9a-f-]{36}$/,
    );
    const dates = { startDate: expect.any(Date), stopDate: expect.any(Date) };
    expect(await run.runs()).toEqual([
      { executionArn: run.executionArn, mapRunArn, stateMachineArn: `${ARN}stateMachine:M/L`, ...dates },
    ]);
    const { $metadata: _, ...described } = await run.bench.client.send(
      new DescribeMapRunCommand({ mapRunArn: await run.mapRunArn() }),
    );
    const counts = {
      pending: 0,
      running: 0,
      succeeded: 2,
      failed: 0,
      timedOut: 0,
      aborted: 0,
      total: 2,
      resultsWritten: 2,
      failuresNotRedrivable: 0,
      pendingRedrive: 0,
    };
    expect(described).toEqual({
      mapRunArn,
      executionArn: run.executionArn,
      status: 'SUCCEEDED',
      ...dates,
      maxConcurrency: 1,
      toleratedFailurePercentage: 0,
      toleratedFailureCount: 0,
      itemCounts: counts,
      executionCounts: counts,
      redriveCount: 0,
    });
  });

  test('each child is an execution with a history, an input and a description of its own', async () => {
    const batches = { ItemBatcher: { MaxItemsPerBatch: 2 } };
    const run = await Run.begin(machine(map(PASS, batches)), [1, 2, 3]);
    await run.end();
    const children = await run.children();
    const mapRunArn = await run.mapRunArn();
    expect(children).toMatchObject([
      { itemCount: 1, mapRunArn, status: 'SUCCEEDED', stateMachineArn: `${ARN}stateMachine:M/L` },
      { itemCount: 2, mapRunArn, status: 'SUCCEEDED' },
    ]);
    const [, { executionArn = '' } = {}] = children;
    expect(executionArn).toMatch(/:execution:M\/L:[0-9a-f-]{36}$/);
    const child = await run.bench.client.send(new DescribeExecutionCommand({ executionArn }));
    expect(child).toMatchObject({ input: '{"Items":[1,2]}', output: '{"Items":[1,2]}', mapRunArn });
    expect(await run.events(executionArn)).toEqual([
      'ExecutionStarted<0',
      'PassStateEntered<0',
      'PassStateExited<2',
      'ExecutionSucceeded<3',
    ]);
    const states = await run.bench.client.send(new DescribeStateMachineForExecutionCommand({ executionArn }));
    expect(states).toMatchObject({ mapRunArn, label: 'L' });
    const { itemCounts, executionCounts, maxConcurrency } = await run.run();
    expect([itemCounts, executionCounts]).toMatchObject([{ total: 3 }, { total: 2 }]);
    // Measured at the live service.
    expect(maxConcurrency).toBe(2_147_483_647);
  });

  test('children are no executions of the machine, and its ARN with the label is refused', async () => {
    const run = await Run.begin(machine(map(PASS)), [1, 2]);
    await run.end();
    const stateMachineArn = `${ARN}stateMachine:M`;
    const { executions } = await run.bench.client.send(new ListExecutionsCommand({ stateMachineArn }));
    expect(executions).toMatchObject([{ name: 'E' }]);
    const labelled = new DescribeStateMachineCommand({ stateMachineArn: `${stateMachineArn}/L` });
    await expect(run.bench.client.send(labelled)).rejects.toMatchObject({
      name: 'ValidationException',
      reason: 'API_DOES_NOT_SUPPORT_LABELED_ARNS',
    });
  });

  test('UpdateMapRun changes a map run that runs, and none that has ended', async () => {
    const run = await Run.begin(machine(map(TASK, { MaxConcurrency: 1 })), [1, 2, 3]);
    expect((await run.run()).itemCounts).toEqual({ running: 1, pending: 2, total: 3 });
    const mapRunArn = await run.mapRunArn();
    await run.bench.client.send(new UpdateMapRunCommand({ mapRunArn, maxConcurrency: 3 }));
    await run.bench.clock.settle();
    expect(await run.run()).toMatchObject({ itemCounts: { running: 3, total: 3 }, maxConcurrency: 3 });
    await run.bench.client.send(new UpdateMapRunCommand({ mapRunArn, toleratedFailurePercentage: 50 }));
    for (const _ of [1, 2]) await run.succeed((await run.take()).taskToken);
    await run.fail((await run.take()).taskToken);
    expect(await run.end()).toMatchObject({ status: 'SUCCEEDED' });
    const late = run.bench.client.send(new UpdateMapRunCommand({ mapRunArn, maxConcurrency: 1 }));
    await expect(late).rejects.toMatchObject({
      name: 'ValidationException',
      reason: 'CANNOT_UPDATE_COMPLETED_MAP_RUN',
    });
  });

  test('a lower MaxConcurrency lets children end, and a lower tolerance that is exceeded ends the run', async () => {
    const fields = { MaxConcurrency: 2, ToleratedFailureCount: 2 };
    const run = await Run.begin(machine(map(TASK, fields)), [1, 2, 3, 4]);
    const mapRunArn = await run.mapRunArn();
    await run.bench.client.send(new UpdateMapRunCommand({ mapRunArn, maxConcurrency: 1 }));
    await run.fail((await run.take()).taskToken);
    expect((await run.run()).itemCounts).toEqual({ running: 1, pending: 2, failed: 1, total: 4 });
    await run.succeed((await run.take()).taskToken);
    expect((await run.run()).itemCounts).toMatchObject({ running: 1, pending: 1, succeeded: 1 });
    await run.bench.client.send(new UpdateMapRunCommand({ mapRunArn, toleratedFailureCount: 0 }));
    expect(await run.end()).toMatchObject({ error: 'States.ExceedToleratedFailureThreshold' });
    expect((await run.run()).itemCounts).toMatchObject({ failed: 1, succeeded: 1, aborted: 1, pending: 1 });
  });

  test('a map run that does not exist is named', async () => {
    const run = await Run.begin(machine(PASS), {});
    const mapRunArn = `${ARN}mapRun:M/L:00000000-0000-0000-0000-000000000000`;
    for (const command of [
      new DescribeMapRunCommand({ mapRunArn }),
      new UpdateMapRunCommand({ mapRunArn, maxConcurrency: 1 }),
      new ListExecutionsCommand({ mapRunArn }),
    ])
      await expect(run.bench.client.send(command as DescribeMapRunCommand)).rejects.toMatchObject({
        name: 'ResourceNotFound',
        message: `Resource not found: '${mapRunArn}'`,
      });
  });
});

describe('how a map run ends', () => {
  test('too many failed children stop those that run, and no further one starts', async () => {
    const fields = { MaxConcurrency: 3, ToleratedFailureCount: 1 };
    const run = await Run.begin(machine(map(TASK, fields)), [1, 2, 3, 4, 5, 6]);
    await run.fail((await run.take()).taskToken);
    await run.succeed((await run.take()).taskToken);
    await run.fail((await run.take()).taskToken);
    expect(await run.end()).toMatchObject({
      status: 'FAILED',
      error: 'States.ExceedToleratedFailureThreshold',
      cause: 'The specified tolerated failure threshold was exceeded',
    });
    expect(await run.run()).toMatchObject({
      status: 'FAILED',
      itemCounts: { failed: 2, succeeded: 1, aborted: 2, pending: 1, total: 6 },
    });
    expect(await run.children({ statusFilter: 'ABORTED' })).toHaveLength(2);
  });

  test('children that have failed within the tolerance are described in the result', async () => {
    const state = { Type: 'Task', Resource: 'arn:aws:states:::sns:publish', End: true };
    const mocks = { 'M.Each': [{ output: 'sent' }, { error: 'E', cause: 'c' }] };
    const fields = { ToleratedFailurePercentage: 50 };
    const run = await Run.begin(machine(map(state, fields)), [1, 2], { mocks });
    const { output = '' } = await run.end();
    expect(JSON.parse(output)).toMatchObject([
      'sent',
      { Error: 'E', Cause: 'c', Input: '2', Status: 'FAILED', StateMachineArn: `${ARN}stateMachine:M/L` },
    ]);
  });

  test('StopExecution of the parent stops all children at once', async () => {
    const run = await Run.begin(machine(map(TASK)), [1, 2]);
    await run.bench.client.send(new StopExecutionCommand({ executionArn: run.executionArn }));
    expect(await run.run()).toMatchObject({ status: 'ABORTED', itemCounts: { aborted: 2, total: 2 } });
    expect(await run.events()).toEqual([
      'ExecutionStarted<0',
      'MapStateEntered<0',
      'MapStateStarted<2',
      'MapRunStarted<3',
      'ExecutionAborted<0',
    ]);
    expect(await run.children({ statusFilter: 'RUNNING' })).toEqual([]);
  });

  test('DeleteStateMachine ends the execution before its next child starts', async () => {
    const run = await Run.begin(machine(map(TASK, { MaxConcurrency: 1 })), [1, 2, 3]);
    const { taskToken } = await run.take();
    await run.bench.client.send(new DeleteStateMachineCommand({ stateMachineArn: `${ARN}stateMachine:M` }));
    await run.succeed(taskToken);
    expect(await run.end()).toMatchObject({ status: 'ABORTED' });
    expect((await run.events()).at(-1)).toMatch(/^ExecutionAborted/);
    expect(await run.run()).toMatchObject({
      status: 'ABORTED',
      itemCounts: { pending: 2, succeeded: 1, total: 3 },
    });
  });

  test('TimeoutSeconds of the machine ends the map run', async () => {
    const run = await Run.begin(machine(map(TASK), { TimeoutSeconds: 5 }), [1]);
    await run.bench.clock.advance(5_000);
    expect(await run.end()).toMatchObject({ status: 'TIMED_OUT' });
    expect(await run.run()).toMatchObject({ status: 'ABORTED', itemCounts: { aborted: 1 } });
  });

  test('the failure of another branch aborts it', async () => {
    const branch = (name: string, state: object): object => ({ StartAt: name, States: { [name]: state } });
    const wait = { Type: 'Wait', Seconds: 1, Next: 'F' };
    const failing = { StartAt: 'W', States: { W: wait, F: { Type: 'Fail', Error: 'E' } } };
    const both = { Type: 'Parallel', Branches: [branch('D', map(TASK)), failing], End: true };
    const run = await Run.begin(machine(both), [1]);
    await run.bench.clock.advance(1_000);
    expect(await run.end()).toMatchObject({ status: 'FAILED', error: 'E' });
    expect(await run.run()).toMatchObject({ status: 'ABORTED' });
    expect((await run.events()).map((each) => each.split('<')[0])).toEqual(
      expect.arrayContaining(['MapRunAborted', 'MapStateAborted']),
    );
  });

  test('each attempt of a Retry is a map run of its own', async () => {
    const Retry = [
      { ErrorEquals: ['States.ExceedToleratedFailureThreshold'], IntervalSeconds: 1, MaxAttempts: 1 },
    ];
    const run = await Run.begin(machine(map(TASK, { Retry })), [1]);
    await run.fail((await run.take()).taskToken);
    await run.bench.clock.advance(1_000);
    await run.succeed((await run.take()).taskToken);
    expect(await run.end()).toMatchObject({ status: 'SUCCEEDED', output: '["done"]' });
    expect(await run.runs()).toHaveLength(2);
    expect((await run.events()).slice(2, 7)).toEqual([
      'MapStateStarted<2',
      'MapRunStarted<3',
      'MapRunFailed<4',
      'MapStateStarted<5',
      'MapRunStarted<6',
    ]);
  });

  test('EXPRESS children run, and leave no execution behind', async () => {
    const run = await Run.begin(machine(map(PASS, {}, 'EXPRESS')), [1, 2]);
    expect(await run.end()).toMatchObject({ output: '[1,2]' });
    expect(await run.run()).toMatchObject({ itemCounts: { succeeded: 2 } });
    expect(await run.children()).toEqual([]);
  });

  test('children beyond the number that is kept are forgotten', async () => {
    const run = await Run.begin(machine(map(PASS)), [1, 2, 3, 4], { keptExecutions: 2 });
    await run.end();
    const inputs = await Promise.all(
      (await run.children()).map(({ executionArn }) =>
        run.bench.client.send(new DescribeExecutionCommand({ executionArn })),
      ),
    );
    expect(inputs.map(({ input }) => input)).not.toContain('1');
    expect(inputs.length).toBeLessThanOrEqual(2);
  });
});

describe('a redrive', () => {
  test('runs the children again that have failed or did not start, and none that has succeeded', async () => {
    const run = await Run.begin(machine(map(TASK, { MaxConcurrency: 2 })), ['a', 'b', 'c', 'd']);
    const [first, second] = [await run.take(), await run.take()];
    await run.succeed(first.taskToken, 1);
    await run.fail(second.taskToken);
    expect(await run.end()).toMatchObject({ status: 'FAILED' });
    const [failed] = await run.children({ statusFilter: 'FAILED' });
    const { executionArn } = run;
    const child = { executionArn: failed?.executionArn };
    expect(await run.bench.client.send(new DescribeExecutionCommand(child))).toMatchObject({
      redriveStatus: 'REDRIVABLE_BY_MAP_RUN',
    });
    await expect(run.bench.client.send(new RedriveExecutionCommand(child))).rejects.toMatchObject({
      name: 'ExecutionNotRedrivable',
    });

    await run.bench.client.send(new RedriveExecutionCommand({ executionArn }));
    await run.bench.clock.settle();
    const again = [await run.take(), await run.take()];
    expect(again.map(({ input }) => input)).toEqual(['b', 'c']);
    expect(await run.run()).toMatchObject({
      status: 'RUNNING',
      redriveCount: 1,
      redriveDate: expect.any(Date),
    });
    for (const { taskToken, input } of again) await run.succeed(taskToken, input);
    await run.succeed((await run.take()).taskToken, 4);
    expect(await run.end()).toMatchObject({ status: 'SUCCEEDED', output: '[1,"b","c",4]' });
    expect((await run.events()).slice(4)).toEqual([
      'MapRunFailed<4',
      'MapStateFailed<5',
      'ExecutionFailed<6',
      'ExecutionRedriven<7',
      'MapRunRedriven<6',
      'MapRunSucceeded<9',
      'MapStateSucceeded<10',
      'MapStateExited<9',
      'ExecutionSucceeded<12',
    ]);
    expect(await run.run()).toMatchObject({ itemCounts: { succeeded: 4, total: 4 } });
    const redriven = await run.children({ redriveFilter: 'REDRIVEN' });
    expect(redriven.map(({ redriveCount }) => redriveCount)).toEqual([1, 1]);
    expect(redriven).toContainEqual(expect.objectContaining(child));
  });

  test('goes on in a Parallel, in JSONata', async () => {
    const branches = [map(TASK, { Items: '{% $states.input.items %}' }), PASS];
    const both = {
      Type: 'Parallel',
      Branches: branches.map((state, i) => ({ StartAt: `B${i}`, States: { [`B${i}`]: state } })),
      Output: '{% $states.result[0] %}',
      End: true,
    };
    const run = await Run.begin({ QueryLanguage: 'JSONata', ...machine(both) }, { items: [1, 2] });
    await run.succeed((await run.take()).taskToken, 'one');
    await run.fail((await run.take()).taskToken);
    expect(await run.end()).toMatchObject({ status: 'FAILED' });
    await run.bench.client.send(new RedriveExecutionCommand({ executionArn: run.executionArn }));
    await run.bench.clock.settle();
    const { taskToken, input } = await run.take();
    expect(input).toBe(2);
    await run.succeed(taskToken, 'two');
    expect(await run.end()).toMatchObject({ status: 'SUCCEEDED', output: '["one","two"]' });
  });

  test('goes on after StopExecution', async () => {
    const run = await Run.begin(machine(map(TASK)), ['a']);
    const { executionArn } = run;
    await run.bench.client.send(new StopExecutionCommand({ executionArn }));
    await run.bench.client.send(new RedriveExecutionCommand({ executionArn }));
    await run.bench.clock.settle();
    await run.succeed((await run.take()).taskToken, 1);
    expect(await run.end()).toMatchObject({ status: 'SUCCEEDED', output: '[1]' });
  });

  test('runs no child twice that has succeeded, even if the redrive before was stopped', async () => {
    const fields = { MaxConcurrency: 1, ToleratedFailureCount: 1 };
    const run = await Run.begin(machine(map(TASK, fields)), ['a', 'b', 'c']);
    const { executionArn } = run;
    await run.fail((await run.take()).taskToken);
    await run.succeed((await run.take()).taskToken, 2);
    await run.fail((await run.take()).taskToken);
    expect(await run.end()).toMatchObject({ status: 'FAILED' });
    await run.bench.client.send(new RedriveExecutionCommand({ executionArn }));
    await run.bench.clock.settle();
    expect((await run.run()).itemCounts).toEqual({ running: 1, succeeded: 1, pendingRedrive: 1, total: 3 });
    await run.bench.client.send(new StopExecutionCommand({ executionArn }));
    await run.bench.client.send(new RedriveExecutionCommand({ executionArn }));
    await run.bench.clock.settle();
    for (const item of ['a', 'c']) {
      const { input, taskToken } = await run.take();
      expect(input).toBe(item);
      await run.succeed(taskToken, item);
    }
    expect(await run.end()).toMatchObject({ status: 'SUCCEEDED', output: '["a",2,"c"]' });
    expect((await run.run()).itemCounts).toEqual({ succeeded: 3, total: 3, resultsWritten: 3 });
  });

  test('starts children anew that are no longer kept', async () => {
    const fields = { MaxConcurrency: 1, ToleratedFailureCount: 1 };
    const run = await Run.begin(machine(map(TASK, fields)), ['a', 'b'], { keptExecutions: 1 });
    for (const _ of [1, 2]) await run.fail((await run.take()).taskToken);
    expect(await run.end()).toMatchObject({ status: 'FAILED' });
    await run.bench.client.send(new RedriveExecutionCommand({ executionArn: run.executionArn }));
    await run.bench.clock.settle();
    for (const _ of [1, 2]) await run.succeed((await run.take()).taskToken, 1);
    expect(await run.end()).toMatchObject({ status: 'SUCCEEDED', output: '[1,1]' });
  });
});

describe('a ResultWriter', () => {
  let bucket = '';
  beforeAll(() => {
    bucket = mkdtempSync(join(tmpdir(), 'results-'));
  });
  afterAll(() => rmSync(bucket, { recursive: true }));
  const read = (key: string): unknown => JSON.parse(readFileSync(join(bucket, key), 'utf8')) as unknown;
  const writer = {
    Resource: 'arn:aws:states:::s3:putObject',
    Parameters: { Bucket: 'results', Prefix: 'mapJobs' },
  };

  test('recorded: test_map_state_result_writer; the results are in files by their status', async () => {
    const state = { Type: 'Task', Resource: 'arn:aws:states:::sns:publish', End: true };
    const mocks = { 'M.Each': [{ output: 'sent' }, { error: 'E', cause: 'c' }] };
    const fields = { ToleratedFailureCount: 1, ResultWriter: writer };
    const run = await Run.begin(machine(map(state, fields)), [1, 2], { mocks, s3: { results: bucket } });
    const { output = '' } = await run.end();
    const mapRunArn = await run.mapRunArn();
    const folder = `mapJobs/${mapRunArn.split(':').at(-1)}`;
    expect(JSON.parse(output)).toEqual({
      MapRunArn: mapRunArn,
      ResultWriterDetails: { Bucket: 'results', Key: `${folder}/manifest.json` },
    });
    const file = (name: string): object => ({ Key: `${folder}/${name}`, Size: expect.any(Number) });
    expect(read(`${folder}/manifest.json`)).toEqual({
      DestinationBucket: 'results',
      MapRunArn: mapRunArn,
      ResultFiles: { SUCCEEDED: [file('SUCCEEDED_0.json')], FAILED: [file('FAILED_0.json')], PENDING: [] },
    });
    expect(read(`${folder}/SUCCEEDED_0.json`)).toMatchObject([
      { Input: '1', Output: '"sent"', Status: 'SUCCEEDED', ExecutionArn: expect.stringMatching(/:M\/L:/) },
    ]);
    expect(read(`${folder}/FAILED_0.json`)).toMatchObject([{ Input: '2', Error: 'E', Status: 'FAILED' }]);
  });

  test('JSONL and COMPACT write the outputs alone, a line each', async () => {
    const config = { WriterConfig: { Transformation: 'COMPACT', OutputType: 'JSONL' } };
    const run = await Run.begin(
      machine(map(PASS, { ResultWriter: { ...writer, ...config } })),
      ['a', { b: 1 }],
      {
        s3: { results: bucket },
      },
    );
    await run.end();
    const folder = `mapJobs/${(await run.mapRunArn()).split(':').at(-1)}`;
    expect(readFileSync(join(bucket, folder, 'SUCCEEDED_0.jsonl'), 'utf8')).toBe('"a"\n{"b":1}\n');
  });

  test('a redrive adds the results of the children that have run again', async () => {
    const options = { s3: { results: bucket } };
    const run = await Run.begin(machine(map(TASK, { ResultWriter: writer })), ['a', 'b'], options);
    await run.succeed((await run.take()).taskToken);
    await run.fail((await run.take()).taskToken);
    await run.end();
    await run.bench.client.send(new RedriveExecutionCommand({ executionArn: run.executionArn }));
    await run.bench.clock.settle();
    await run.succeed((await run.take()).taskToken);
    const { output = '' } = await run.end();
    const { ResultWriterDetails } = JSON.parse(output) as { ResultWriterDetails: { Key: string } };
    const { ResultFiles } = read(ResultWriterDetails.Key) as {
      ResultFiles: Record<string, { Key: string }[]>;
    };
    expect(ResultFiles).toMatchObject({ FAILED: [], PENDING: [] });
    const inputs = (ResultFiles['SUCCEEDED'] ?? []).map(({ Key }) => read(Key));
    expect(inputs).toMatchObject([[{ Input: '"a"' }], [{ Input: '"b"', RedriveCount: 1 }]]);
  });

  test('a redrive fails again if the results of children that have succeeded are lost', async () => {
    const blocked = join(bucket, 'blocked');
    writeFileSync(blocked, '');
    const run = await Run.begin(machine(map(PASS, { ResultWriter: writer })), [1], {
      s3: { results: blocked },
    });
    const { cause } = await run.end();
    expect(cause).toContain(blocked);
    rmSync(blocked);
    await run.bench.client.send(new RedriveExecutionCommand({ executionArn: run.executionArn }));
    expect(await run.end()).toMatchObject({ error: 'States.ResultWriterFailed', cause });
  });

  test('a bucket without a folder fails the state, and says what to write into the config', async () => {
    const run = await Run.begin(machine(map(PASS, { ResultWriter: writer })), [1]);
    expect(await run.end()).toMatchObject({
      status: 'FAILED',
      error: 'States.ResultWriterFailed',
      cause: expect.stringContaining("s3: { 'results': './folder' }"),
    });
  });
});
