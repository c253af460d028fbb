import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import {
  CreateActivityCommand,
  DescribeExecutionCommand,
  GetActivityTaskCommand,
  GetExecutionHistoryCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { activityTasks, DefinitionError } from 'stepwright/local';
import { openBench, type Bench } from './service.js';

const MOCKED = 'arn:aws:lambda:us-east-1:123456789012:function:F';
const ARN = 'arn:aws:states:ap-northeast-1:123456789012:activity:A';
const TASK = JSON.stringify({
  StartAt: 'X',
  States: { X: { Type: 'Task', Resource: ARN, HeartbeatSeconds: 5, TimeoutSeconds: 50, End: true } },
});

function seed({ service }: Bench): string {
  service.seedActivity(ARN);
  return service.seedMachine({ name: 'M', definition: TASK });
}

const start = ({ client }: Bench, stateMachineArn: string, input = '{}') =>
  client.send(new StartExecutionCommand({ stateMachineArn, input }));
const poll = ({ client }: Bench, abortSignal?: AbortSignal) =>
  client.send(new GetActivityTaskCommand({ activityArn: ARN }), abortSignal ? { abortSignal } : {});

describe('a poll', () => {
  test('whose task ends its execution at once has a task that is gone', async () => {
    const bench = await openBench({ mocks: { [MOCKED]: { output: { n: 0 } } } });
    bench.service.seedActivity(ARN);
    // ActivityStarted is event 24,999, and the next one is the last that a history has room for.
    const definition = JSON.stringify({
      StartAt: 'Begin',
      States: {
        Begin: { Type: 'Task', Resource: MOCKED, Next: 'One' },
        One: { Type: 'Pass', Next: 'Count' },
        Count: { Type: 'Pass', Parameters: { 'n.$': 'States.MathAdd($.n, 1)' }, Next: 'Again' },
        Again: {
          Type: 'Choice',
          Choices: [{ Variable: '$.n', NumericLessThan: 6247, Next: 'Count' }],
          Default: 'X',
        },
        X: { Type: 'Task', Resource: ARN, End: true },
      },
    });
    const machine = bench.service.seedMachine({ name: 'Long', definition });
    const polled = poll(bench);
    await bench.clock.settle(() => bench.service.parkedPolls === 1);
    const { executionArn } = await start(bench, machine);
    const { taskToken } = await polled;
    const { events } = await bench.client.send(
      new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: 2 }),
    );
    expect(events?.map(({ id, type }) => [id, type])).toEqual([
      [25_000, 'ExecutionFailed'],
      [24_999, 'ActivityStarted'],
    ]);
    const beat = bench.client.send(new SendTaskHeartbeatCommand({ taskToken }));
    await expect(beat).rejects.toMatchObject({ name: 'TaskTimedOut' });
  });

  test('is held for its time, and then answered without a task', async () => {
    const bench = await openBench();
    seed(bench);
    const answer = poll(bench);
    await bench.clock.settle(() => bench.service.parkedPolls === 1);
    await bench.clock.advance(59_999);
    expect(bench.service.parkedPolls).toBe(1);
    await bench.clock.advance(1);
    const { $metadata, ...body } = await answer;
    expect($metadata.httpStatusCode).toBe(200);
    expect(body).toEqual({});
  });

  test('is answered the moment a task is there, and the one that waited longest first', async () => {
    const bench = await openBench();
    const machine = seed(bench);
    const polls: ReturnType<typeof poll>[] = [];
    for (let i = 1; i <= 3; i++) {
      polls.push(poll(bench));
      await bench.clock.settle(() => bench.service.parkedPolls === i);
    }
    for (const n of [1, 2, 3]) await start(bench, machine, `{"n":${n}}`);
    const inputs = (await Promise.all(polls)).map(({ input }) => input);
    expect(inputs).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
  });

  test('takes the task that waited longest, under a token of its own', async () => {
    const bench = await openBench();
    const machine = seed(bench);
    for (const n of [1, 2, 3]) await start(bench, machine, `{"n":${n}}`);
    const tasks = [await poll(bench), await poll(bench), await poll(bench)];
    expect(tasks.map(({ input }) => input)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
    const tokens = tasks.map(({ taskToken = '' }) => taskToken);
    expect(new Set(tokens).size).toBe(3);
    for (const token of tokens) expect(token).toMatch(/^[\w-]{200,1000}$/);
  });

  test('is withdrawn with its connection, and costs no task', async () => {
    const bench = await openBench();
    const machine = seed(bench);
    const abort = new AbortController();
    const gone = poll(bench, abort.signal).catch(() => 'gone');
    await bench.clock.settle(() => bench.service.parkedPolls === 1);
    abort.abort();
    expect(await gone).toBe('gone');
    await bench.clock.settle(() => bench.service.parkedPolls === 0);
    await start(bench, machine, '{"n":1}');
    expect((await poll(bench)).input).toBe('{"n":1}');
  });

  test('is withdrawn with its connection, also behind an earlier request of that connection', async () => {
    const bench = await openBench();
    const machine = seed(bench);
    const body = JSON.stringify({ activityArn: ARN });
    const head = 'x-amz-target: AWSStepFunctions.GetActivityTask';
    const request = `POST / HTTP/1.1\r\nhost: localhost\r\n${head}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    const socket = connect(Number(new URL(bench.service.url).port), '127.0.0.1');
    socket.write(request + request);
    await bench.clock.settle(() => bench.service.parkedPolls === 2);
    socket.destroy();
    await bench.clock.settle(() => bench.service.parkedPolls === 0);
    await start(bench, machine, '{"n":1}');
    expect((await poll(bench)).input).toBe('{"n":1}');
  });

  test('stays in place after its connection, for as long as it is told to', async () => {
    const bench = await openBench({ closedPollWindowMs: 2_000 });
    const machine = seed(bench);
    for (const [n, wait] of [
      [1, 1_000],
      [2, 2_000],
    ] as const) {
      const abort = new AbortController();
      const gone = poll(bench, abort.signal).catch(() => 'gone');
      await bench.clock.settle(() => bench.service.parkedPolls === 1);
      abort.abort();
      await gone;
      await bench.clock.advance(wait);
      await start(bench, machine, `{"n":${n}}`);
    }
    // The first was leased to a closed connection; the second waited for an open poll.
    expect((await poll(bench)).input).toBe('{"n":2}');
  });

  test('is answered at once when polls are to end, and so is every later one', async () => {
    const bench = await openBench();
    const machine = seed(bench);
    const parked = [poll(bench), poll(bench)];
    await bench.clock.settle(() => bench.service.parkedPolls === 2);
    bench.service.endPolls();
    for (const answer of await Promise.all(parked)) expect(answer.taskToken).toBeUndefined();
    await start(bench, machine);
    expect((await poll(bench)).taskToken).toBeUndefined();
  });

  test('beyond the thousandth on one activity is refused', async () => {
    const bench = await openBench();
    seed(bench);
    const body = JSON.stringify({ activityArn: ARN });
    const headers = { 'x-amz-target': 'AWSStepFunctions.GetActivityTask' };
    const abort = new AbortController();
    const request = () => fetch(bench.service.url, { method: 'POST', headers, body, signal: abort.signal });
    const parked = Array.from({ length: 1_000 }, () => request().catch(() => 'gone'));
    await bench.clock.settle(() => bench.service.parkedPolls === 1_000);
    await expect(poll(bench)).rejects.toMatchObject({ name: 'ActivityWorkerLimitExceeded' });
    abort.abort();
    await Promise.all(parked);
  });
});

describe('seeding', () => {
  test('keeps the ARN of an activity, and puts a machine where its first activity is', async () => {
    const bench = await openBench();
    expect(seed(bench)).toBe('arn:aws:states:ap-northeast-1:123456789012:stateMachine:M');
    expect(bench.service.heartbeatSecondsOf(ARN)).toBe(5);
    expect(bench.service.heartbeatSecondsOf(`${ARN}2`)).toBeUndefined();
  });

  test('refuses what is no activity or cannot be run', async () => {
    const { service } = await openBench();
    expect(() => service.seedActivity('arn:aws:lambda:x')).toThrow(/Invalid ARN prefix/);
    expect(() => service.seedMachine({ name: 'M', definition: '{}' })).toThrow(DefinitionError);
  });

  test('the tasks of a definition can be listed without a service', () => {
    expect(activityTasks(TASK)).toEqual([
      { state: 'X', activityArn: ARN, heartbeatSeconds: 5, timeoutSeconds: 50 },
    ]);
  });
});

describe('the service', () => {
  test('rejects with the code where its port is taken', async () => {
    const { service } = await openBench();
    await expect(openBench({ port: service.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  test('closes once, with polls and executions open', async () => {
    const bench = await openBench();
    await start(bench, seed(bench));
    const parked = poll({ ...bench }).then(() => poll(bench));
    const ended = parked.catch(() => 'dropped');
    await bench.clock.settle(() => bench.service.parkedPolls === 1);
    const closing = bench.service.close();
    expect(bench.service.close()).toBe(closing);
    await closing;
    await ended;
    expect(bench.clock.pending).toBe(0);
  });

  test('forgets the oldest finished executions, but not their tokens', async () => {
    const bench = await openBench({ keptExecutions: 2 });
    const machine = seed(bench);
    const done: { arn: string; token: string }[] = [];
    for (let n = 0; n < 4; n++) {
      const { executionArn: arn = '' } = await start(bench, machine);
      const { taskToken: token = '' } = await poll(bench);
      await bench.client.send(new SendTaskSuccessCommand({ taskToken: token, output: '1' }));
      done.push({ arn, token });
    }
    const raw = async (operation: string, body: object) => {
      const headers = { 'x-amz-target': `AWSStepFunctions.${operation}` };
      const answer = await fetch(bench.service.url, { method: 'POST', headers, body: JSON.stringify(body) });
      return JSON.stringify(await answer.json());
    };
    const found = [];
    for (const { arn } of done) found.push(await raw('DescribeExecution', { executionArn: arn }));
    expect(found.map((text) => text.includes('ExecutionDoesNotExist'))).toEqual([true, true, false, false]);
    expect(await raw('SendTaskHeartbeat', { taskToken: done[0]?.token })).toContain('TaskTimedOut');
  });

  test('forgets the oldest where finished executions take too much memory', async () => {
    const bench = await openBench({ keptBytes: 150_000 });
    const machine = seed(bench);
    const arns: string[] = [];
    for (let n = 0; n < 3; n++) {
      const { executionArn = '' } = await start(bench, machine, JSON.stringify('x'.repeat(20_000)));
      await bench.client.send(new StopExecutionCommand({ executionArn }));
      arns.push(executionArn);
    }
    const found = await Promise.all(
      arns.map(async (executionArn) =>
        bench.client.send(new DescribeExecutionCommand({ executionArn })).then(
          () => 'kept',
          ({ name }: Error) => name,
        ),
      ),
    );
    // A history has the input three times.
    expect(found).toEqual(['ExecutionDoesNotExist', 'kept', 'kept']);
  });

  test('creates over the wire what it was not seeded with', async () => {
    const bench = await openBench();
    const { activityArn } = await bench.client.send(new CreateActivityCommand({ name: 'B' }));
    expect(activityArn).toBe('arn:aws:states:us-east-1:123456789012:activity:B');
  });
});
