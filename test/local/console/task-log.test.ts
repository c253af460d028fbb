import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetActivityTaskCommand, SendTaskHeartbeatCommand } from '@aws-sdk/client-sfn';
import { expect, test } from '@jest/globals';
import { Activity, Handle, type TaskContext } from 'stepwright';
import { TaskLog } from '../../../src/framework/cli/start/task-log.js';
import { tokenHash } from '../../../src/framework/base/show.js';
import { ARN, createWorld, type World } from '../../support/world.js';
import type { Bench } from '../service.js';
import { type Answer, follow, read, send } from './console.js';

@Activity(ARN)
class Work {
  @Handle({ input: 'any' }) work(_: unknown, task: TaskContext): string {
    task.log.info({ step: 1 }, 'half way');
    task.progress(0.5, 'half');
    return 'done';
  }
}

/** Runs one task, with a log that is followed from before. */
async function runTask(world: World, taskLog: TaskLog): Promise<{ log: object[]; execution: string }> {
  const machine = world.machine(ARN);
  const made = await world.worker({ activities: [Work] });
  await taskLog.follow(made.worker, { kind: 'local', url: world.service.url });
  const execution = await world.execute(machine);
  await world.clock.settle(() => made.of('task:succeeded').length === 1);
  return { log: made.log, execution };
}

const bench = ({ service, client }: World): Bench => ({ service, client }) as Bench;

const linesOf = (world: World, execution: string, from = 0): Promise<object> =>
  read(bench(world), `/console/api/taskLog?execution=${execution}&scheduledId=3&from=${from}`);

test("a task's log lines and progress are at the local service, by its state", async () => {
  const world = await createWorld({ console: true });
  const taskLog = new TaskLog();
  const { log, execution } = await runTask(world, taskLog);
  for (const line of log) taskLog.add(JSON.stringify(line));
  await taskLog.close();
  expect(await linesOf(world, execution)).toMatchObject({
    first: 0,
    lines: [
      { level: 'debug', message: 'task received' },
      { level: 'info', message: 'half way', fields: '{"step":1}' },
      { level: 'info', message: 'task progress' },
      { level: 'info', message: 'task succeeded' },
    ],
  });
  expect(await linesOf(world, execution, 3)).toMatchObject({
    first: 3,
    lines: [{ message: 'task succeeded' }],
  });
  const tab = follow(bench(world), `topic=execution&arn=${execution}`);
  expect((await tab.next()).data).toMatchObject({
    notes: [{ scheduledId: 3, lines: 4, heartbeats: 0, progress: { percent: 50, message: 'half' } }],
  });
  tab.close();
  await world.close();
});

test('only the latest lines of an attempt are kept, and heartbeats are counted', async () => {
  const world = await createWorld({ console: true });
  const put = (body: object): Promise<Answer> =>
    send(bench(world), '/', {
      method: 'POST',
      headers: { 'x-amz-target': 'StepwrightLocal.PutTaskLog' },
      body: JSON.stringify(body),
    });
  const line = (task: string, message: string): object => ({ task, at: 1, level: 'info', message });
  expect((await put({ lines: [line('00000000', 'of no task')] })).status).toBe(200);
  const execution = await world.execute(world.machine(ARN));
  const { taskToken = '' } = await world.client.send(new GetActivityTaskCommand({ activityArn: ARN }));
  const task = tokenHash(taskToken);
  await world.client.send(new SendTaskHeartbeatCommand({ taskToken }));
  for (let from = 0; from < 600; from += 300)
    await put({ lines: Array.from({ length: 300 }, (_, at) => line(task, `line ${from + at}`)) });
  const kept = (await linesOf(world, execution)) as { first: number; lines: { message: string }[] };
  expect([kept.first, kept.lines.length, kept.lines[0]?.message]).toEqual([100, 500, 'line 100']);
  await put({ lines: Array.from({ length: 90 }, () => line(task, 'x'.repeat(8_000))) });
  expect(((await linesOf(world, execution)) as { lines: [] }).lines).toHaveLength(32);
  const tab = follow(bench(world), `topic=execution&arn=${execution}`);
  expect((await tab.next()).data).toMatchObject({ notes: [{ lines: 690, heartbeats: 1 }] });
  tab.close();
  const refused = await put({ lines: [{ task, at: 'now', level: 'info', message: 7 }] });
  expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('to be an integer')]);
  await world.close();
});

test('nothing is sent to AWS, nor again to a service that is not ours', async () => {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => bodies.push(chunk.toString()));
    request.on('end', () => response.writeHead(400).end('{}'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  for (const endpoint of [
    { kind: 'url', url: `http://127.0.0.1:${port}` },
    { kind: 'url', url: `https://127.0.0.1:${port}` },
    { kind: 'aws' },
  ] as const) {
    const taskLog = new TaskLog();
    taskLog.add('{"task":"00000000","msg":"before"}');
    await taskLog.follow({ on: () => () => {} }, endpoint);
    taskLog.add('{"task":"00000000","msg":"after"}');
    await taskLog.close();
  }
  expect(bodies).toEqual(['{"lines":[],"progress":[]}']);
  server.close();
});
