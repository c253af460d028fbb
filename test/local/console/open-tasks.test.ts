import { GetActivityTaskCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { expect, test } from '@jest/globals';
import type { Queries } from '../../../src/framework/local/console/api.js';
import { act, openConsole, read } from './console.js';

const ARN = 'arn:aws:states:us-east-1:123456789012:activity:Approve';

test('the open tasks of an execution are listed, those of callbacks too, and completed by their tokens', async () => {
  const bench = await openConsole({ mocks: { 'Ask.Call': () => ({}) } });
  bench.service.seedActivity(ARN);
  const task = { Type: 'Task', Resource: ARN, HeartbeatSeconds: 60, End: true };
  const callback = {
    Type: 'Task',
    Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
    Parameters: { MessageBody: { 'token.$': '$$.Task.Token' } },
    End: true,
  };
  const branches = [
    { StartAt: 'Approve', States: { Approve: task } },
    { StartAt: 'Call', States: { Call: callback } },
  ];
  const definition = JSON.stringify({
    StartAt: 'Both',
    States: { Both: { Type: 'Parallel', Branches: branches, End: true } },
  });
  const stateMachineArn = bench.service.seedMachine({ name: 'Ask', definition });
  const start = async (): Promise<string> =>
    (await bench.client.send(new StartExecutionCommand({ stateMachineArn, input: '{"who":"ann"}' })))
      .executionArn ?? '';
  const executionArn = await start();
  await start();
  await bench.client.send(new GetActivityTaskCommand({ activityArn: ARN, workerName: 'w-1' }));
  const open = async (): Promise<Queries['openTasks']['answer']['tasks']> => {
    const path = `/console/api/openTasks?execution=${encodeURIComponent(executionArn)}`;
    return ((await read(bench, path)) as Queries['openTasks']['answer']).tasks;
  };
  const tasks = await open();
  expect(tasks.map(({ state, activityArn, workerName }) => [state, activityArn, workerName])).toEqual([
    ['Call', undefined, undefined],
    ['Approve', ARN, 'w-1'],
  ]);
  expect(tasks[1]).toMatchObject({ input: '{"who":"ann"}', due: (tasks[1]?.since ?? 0) + 60_000 });
  for (const { taskToken, state } of tasks)
    await act(bench, 'SendTaskSuccess', { taskToken, output: JSON.stringify(state) });
  expect(await open()).toEqual([]);
});
