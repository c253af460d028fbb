import { once } from 'node:events';
import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import {
  CreateActivityCommand,
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  ListActivitiesCommand,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { turn } from '../../src/framework/base/time/turn.js';
import { openBench, ROLE } from './service.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const pass = (next: object): object => ({ Type: 'Pass', ...next });
/** One branch fails while the other runs. */
const definition = JSON.stringify({
  StartAt: 'X',
  States: {
    X: {
      Type: 'Parallel',
      Branches: [
        { StartAt: 'A', States: { A: { Type: 'Fail', Error: 'E' } } },
        { StartAt: 'B', States: { B: pass({ Next: 'C' }), C: pass({ Next: 'D' }), D: pass({ End: true }) } },
      ],
      End: true,
    },
  },
});

test('an execution that is forgotten holds nothing, nor does what was under way in it', async () => {
  const { client, service } = await openBench({ keptExecutions: 1 });
  const stateMachineArn = service.seedMachine({ name: 'M', definition });
  const run = async (times: number): Promise<number> => {
    for (let n = 0; n < times; n++) {
      const input = JSON.stringify({ n, items: Array.from({ length: 2_000 }, (_, i) => `item ${n}.${i}`) });
      await client.send(new StartExecutionCommand({ stateMachineArn, input }));
    }
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = await run(20);
  const after = await run(200);
  expect((after - before) / 1024 ** 2).toBeLessThan(8);
});

test('an execution that has succeeded keeps neither its program nor its input as a value', async () => {
  const { client, service } = await openBench();
  const keys = Array.from({ length: 8_000 }, (_, i) => [`k${i}.$`, '$.a']);
  const run = async (name: string): Promise<void> => {
    const never = [{ Variable: '$[0].never', IsPresent: true, Next: 'X' }];
    const States = {
      C: { Type: 'Choice', Choices: never, Default: 'Z' },
      X: pass({ Parameters: Object.fromEntries(keys), Next: 'Z' }),
      Z: { Type: 'Succeed' },
    };
    const stateMachineArn = service.seedMachine({
      name,
      definition: JSON.stringify({ StartAt: 'C', States }),
    });
    const input = JSON.stringify(Array.from({ length: 80_000 }, () => []));
    const { executionArn } = await client.send(new StartExecutionCommand({ stateMachineArn, input }));
    const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
    expect(status).toBe('SUCCEEDED');
    service.forgetMachine(stateMachineArn);
    collect();
  };
  await run('M');
  const heap = process.memoryUsage().heapUsed;
  for (const name of ['N', 'O', 'P']) await run(name);
  // The texts take less than one megabyte each; a program takes 7, and the value of an input 3.
  expect((process.memoryUsage().heapUsed - heap) / 1024 ** 2).toBeLessThan(6);
});

const WAIT = { Type: 'Wait', Seconds: 99, End: true };
test('a megabyte of small expressions is a machine that takes little memory', async () => {
  const { client } = await openBench();
  collect();
  const heap = process.memoryUsage().heapUsed;
  const Output = Array.from({ length: 25_000 }, (_, i) => `{% $states.input.value${i} + 1 %}`);
  const definition = JSON.stringify({
    QueryLanguage: 'JSONata',
    StartAt: 'X',
    States: { X: { Type: 'Pass', Output, End: true } },
  });
  expect(definition.length).toBeGreaterThan(900_000);
  await client.send(new CreateStateMachineCommand({ name: 'M', definition, roleArn: ROLE }));
  collect();
  expect((process.memoryUsage().heapUsed - heap) / 1024 ** 2).toBeLessThan(60);
});

test('expressions that were evaluated once are let go of', async () => {
  const { client, service } = await openBench();
  const run = async (from: number): Promise<void> => {
    const Output = Array.from({ length: 2_000 }, (_, i) => `{% $states.input + ${from + i} %}`);
    const machine = {
      QueryLanguage: 'JSONata',
      StartAt: 'X',
      States: { X: { Type: 'Pass', Output, End: true } },
    };
    const definition = JSON.stringify(machine);
    const stateMachineArn = service.seedMachine({ name: `M${from}`, definition });
    const { executionArn } = await client.send(new StartExecutionCommand({ stateMachineArn, input: '1' }));
    for (let status: string | undefined = 'RUNNING'; status === 'RUNNING';) {
      status = (await client.send(new DescribeExecutionCommand({ executionArn }))).status;
    }
    collect();
  };
  await run(0);
  const heap = process.memoryUsage().heapUsed;
  await run(10_000);
  expect((process.memoryUsage().heapUsed - heap) / 1024 ** 2).toBeLessThan(12);
});

test('bodies that never end are refused once they take too much, and others are served', async () => {
  const { client, service } = await openBench({ bodyLimitBytes: 100_000 });
  const head = `POST / HTTP/1.1\r\nHost: ${new URL(service.url).host}\r\nContent-Length: 100000\r\n\r\n`;
  const sockets = Array.from({ length: 20 }, () => connect(service.port));
  try {
    const refused = Promise.race(
      sockets.map(async (socket) => {
        socket.write(head + 'x'.repeat(90_000));
        const [answer] = (await once(socket, 'data')) as [Buffer];
        return answer.toString().split('\r\n')[0];
      }),
    );
    expect(await refused).toBe('HTTP/1.1 503 Service Unavailable');
    await expect(client.send(new ListActivitiesCommand({}))).resolves.toMatchObject({ activities: [] });
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});

test('a large body is read in several turns of the event loop, and others are served in between', async () => {
  const { client, service } = await openBench();
  // Each turn has lasted too long as soon as it begins.
  let now = 0;
  turn.countBy({ now: () => (now += 100), next: (fn) => void setImmediate(fn) });
  let isAnswered = false;
  const large = fetch(service.url, {
    method: 'POST',
    headers: { 'x-amz-target': 'AWSStepFunctions.CreateActivity' },
    body: JSON.stringify({ name: 'x'.repeat(3_000_000) }),
  }).finally(() => (isAnswered = true));
  try {
    for (let n = 0; n < 20; n++) await client.send(new ListActivitiesCommand({}));
    expect(isAnswered).toBe(false);
  } finally {
    turn.countBy();
  }
  expect((await large).status).toBe(400);
});

test('a body in very many pieces of one byte is refused', async () => {
  const { service } = await openBench();
  const socket = connect(service.port);
  try {
    const head = `POST / HTTP/1.1\r\nHost: ${new URL(service.url).host}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    socket.write(head + '1\r\nx\r\n'.repeat(2_000));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 503 /);
  } finally {
    socket.destroy();
  }
});

test('a connection with very many requests at once is closed', async () => {
  const { client, service } = await openBench();
  const { activityArn } = await client.send(new CreateActivityCommand({ name: 'A' }));
  const body = JSON.stringify({ activityArn });
  const { host } = new URL(service.url);
  const request = `POST / HTTP/1.1\r\nHost: ${host}\r\nX-Amz-Target: AWSStepFunctions.GetActivityTask\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const socket = connect(service.port);
  socket.on('error', () => {});
  socket.resume();
  socket.write(request.repeat(100));
  await once(socket, 'close');
  expect(service.parkedPolls).toBeLessThanOrEqual(32);
});

test('one execution takes at most half of the memory, so that others can start', async () => {
  const { client, service } = await openBench({ keptBytes: 2_600_000 });
  const run = async (passes: number): Promise<{ status?: string; cause?: string }> => {
    const names = Array.from({ length: passes }, (_, i) => `P${i}`);
    const states = names.map((name, i) => [name, pass({ Next: names[i + 1] ?? 'W' })]);
    const definition = JSON.stringify({ StartAt: 'P0', States: { ...Object.fromEntries(states), W: WAIT } });
    const stateMachineArn = service.seedMachine({ name: `M${passes}`, definition });
    const input = JSON.stringify('x'.repeat(100_000));
    const { executionArn } = await client.send(new StartExecutionCommand({ stateMachineArn, input }));
    const { status = '', cause = '' } = await client.send(new DescribeExecutionCommand({ executionArn }));
    return { status, cause };
  };
  expect(await run(2)).toMatchObject({ status: 'RUNNING' });
  const { status, cause } = await run(6);
  expect(status).toBe('FAILED');
  expect(cause).toContain('bytes of all executions that run');
});

test('executions that only wait are counted too, and none is started while they take too much', async () => {
  const { client, service } = await openBench({ keptBytes: 100_000 });
  const definition = JSON.stringify({ StartAt: 'W', States: { W: WAIT } });
  const stateMachineArn = service.seedMachine({ name: 'M', definition });
  const running: (string | undefined)[] = [];
  const startAll = async (): Promise<void> => {
    for (let n = 0; n < 50; n++)
      running.push((await client.send(new StartExecutionCommand({ stateMachineArn }))).executionArn);
  };
  await expect(startAll()).rejects.toMatchObject({ name: 'ExecutionLimitExceeded' });
  expect(running.length).toBeGreaterThan(5);
  expect(running.length).toBeLessThan(20);
  for (const executionArn of running.slice(0, 2))
    await client.send(new StopExecutionCommand({ executionArn }));
  await client.send(new StartExecutionCommand({ stateMachineArn }));
});
