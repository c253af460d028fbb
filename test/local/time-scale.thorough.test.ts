import { describe, expect, test } from '@jest/globals';
import {
  DescribeExecutionCommand,
  GetActivityTaskCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { createLog } from 'stepwright';
import { startLocalService } from 'stepwright/local';
import { type Bench, openBench } from './service.js';

const ARN = 'arn:aws:states:us-east-1:123456789012:activity:A';
const TASK = { Type: 'Task', Resource: ARN, TimeoutSeconds: 100, HeartbeatSeconds: 40, End: true };
const WAIT = { Type: 'Wait', Seconds: 3_600, End: true };

async function begin(bench: Bench, state: object): Promise<() => Promise<string | undefined>> {
  bench.service.seedActivity(ARN);
  const definition = JSON.stringify({ StartAt: 'X', States: { X: state } });
  const stateMachineArn = bench.service.seedMachine({ name: 'M', definition });
  const { executionArn } = await bench.client.send(new StartExecutionCommand({ stateMachineArn }));
  return async () => (await bench.client.send(new DescribeExecutionCommand({ executionArn }))).status;
}

const change = (bench: Bench, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${bench.service.url}/clock`, { method: 'POST', headers, body: JSON.stringify(body) });

describe('with a time scale', () => {
  test('a Wait of an hour takes a minute', async () => {
    const bench = await openBench({ timeScale: 60 });
    const status = await begin(bench, WAIT);
    await bench.clock.advance(59_000);
    expect(await status()).toBe('RUNNING');
    await bench.clock.advance(1_000);
    expect(await status()).toBe('SUCCEEDED');
  });

  test.each([3, 7, 0.3, 1.1])('a Wait ends at its time, at whatever scale: %d', async (timeScale) => {
    const bench = await openBench({ timeScale });
    const status = await begin(bench, { Type: 'Wait', Seconds: 1, End: true });
    await bench.clock.advance(990 / timeScale);
    expect(await status()).toBe('RUNNING');
    await bench.clock.advance(10 / timeScale + 1);
    expect(await status()).toBe('SUCCEEDED');
  });

  test('a Wait that ends before a timeout wins, however late both are noticed', async () => {
    const bench = await openBench({ timeScale: 60 });
    const definition = JSON.stringify({ StartAt: 'X', TimeoutSeconds: 3_700, States: { X: WAIT } });
    const stateMachineArn = bench.service.seedMachine({ name: 'M', definition });
    const { executionArn } = await bench.client.send(new StartExecutionCommand({ stateMachineArn }));
    bench.clock.stall(120_000);
    await bench.clock.settle();
    const { status } = await bench.client.send(new DescribeExecutionCommand({ executionArn }));
    expect(status).toBe('SUCCEEDED');
  });

  test('the deadlines of a task that a worker holds are not scaled', async () => {
    const bench = await openBench({ timeScale: 60 });
    const { client, clock } = bench;
    const status = await begin(bench, TASK);
    const { taskToken } = await client.send(new GetActivityTaskCommand({ activityArn: ARN }));
    for (let passed = 0; passed < 90; passed += 30) {
      await clock.advance(30_000);
      await client.send(new SendTaskHeartbeatCommand({ taskToken }));
    }
    expect(await status()).toBe('RUNNING');
    await clock.advance(10_000);
    expect(await status()).toBe('FAILED');
  });

  test('a poll waits for a minute of real time', async () => {
    const bench = await openBench({ timeScale: 60 });
    bench.service.seedActivity(ARN);
    const poll = bench.client.send(new GetActivityTaskCommand({ activityArn: ARN }));
    while (bench.service.parkedPolls === 0) await new Promise((turn) => setImmediate(turn));
    await bench.clock.advance(59_000);
    expect(bench.service.parkedPolls).toBe(1);
    await bench.clock.advance(1_000);
    expect((await poll).taskToken).toBeUndefined();
  });

  test.each([0, -1, Number.NaN, 2_000_000])('of %s the service does not start', async (timeScale) => {
    await expect(startLocalService({ port: 0, timeScale })).rejects.toThrow(/timeScale .* 0.001 to 1000000/);
  });
});

describe('POST /clock', () => {
  test('puts the time forward: a Wait ends, and a task that a worker holds goes on', async () => {
    const bench = await openBench();
    const waiting = await begin(bench, WAIT);
    const answer = await change(bench, { advance: '1h' });
    expect(await answer.json()).toMatchObject({ scale: 1 });
    await bench.clock.advance(0);
    expect(await waiting()).toBe('SUCCEEDED');
    bench.service.forgetMachine('arn:aws:states:us-east-1:123456789012:stateMachine:M');
    const working = await begin(bench, TASK);
    const { taskToken } = await bench.client.send(new GetActivityTaskCommand({ activityArn: ARN }));
    await change(bench, { advance: '1h' });
    await bench.client.send(new SendTaskSuccessCommand({ taskToken, output: '1' }));
    expect(await working()).toBe('SUCCEEDED');
  });

  test('sets the scale, also of a Wait that has begun', async () => {
    const bench = await openBench();
    const status = await begin(bench, WAIT);
    await bench.clock.advance(1_800_000);
    await change(bench, { scale: 60 });
    await bench.clock.advance(30_000);
    expect(await status()).toBe('SUCCEEDED');
    const shown = await fetch(`${bench.service.url}/clock`);
    expect(await shown.json()).toMatchObject({ scale: 60, time: expect.stringMatching(/^\d{4}-.*Z$/) });
  });

  test.each([
    {},
    { scale: 0 },
    { scale: '60' },
    { advance: '-1h' },
    { advance: 60 },
    { advance: '2y' },
    { speed: 1 },
    [],
  ])('%j is refused, with what is expected', async (body) => {
    const answer = await change(await openBench(), body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ message: expect.stringContaining('{"advance": "1h"}') });
  });

  test('a foreign web page can not set it', async () => {
    const answer = await change(await openBench(), { scale: 60 }, { origin: 'http://evil.test' });
    expect(answer.status).toBe(403);
  });
});

test('GET /health is answered with the version', async () => {
  const { service } = await openBench();
  const answer = await fetch(`${service.url}/health`);
  expect([answer.status, await answer.json()]).toEqual([200, { status: 'ok', version: expect.any(String) }]);
});

test('verbose logs a line for each transition', async () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const bench = await openBench({ verbose: true, log: createLog({ destination }) });
  const status = await begin(bench, { Type: 'Fail', Error: 'Bad' });
  expect(await status()).toBe('FAILED');
  const said = lines.map((line) => (JSON.parse(line) as { msg: string }).msg.replace(/ [\w-]{36}:/, ':'));
  expect(said).toEqual(['M: started', 'M: X', 'M: failed with Bad']);
});
