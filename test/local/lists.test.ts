import { describe, expect, test } from '@jest/globals';
import {
  CreateActivityCommand,
  CreateStateMachineCommand,
  DeleteActivityCommand,
  DeleteStateMachineCommand,
  GetExecutionHistoryCommand,
  ListActivitiesCommand,
  ListStateMachinesCommand,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { openBench, ROLE, type Bench } from './service.js';

const PASS = JSON.stringify({ StartAt: 'X', States: { X: { Type: 'Pass', End: true } } });

async function create({ client }: Bench, name: string, definition = PASS): Promise<string> {
  const made = await client.send(new CreateStateMachineCommand({ name, definition, roleArn: ROLE }));
  return made.stateMachineArn ?? '';
}

describe('lists', () => {
  test('a page goes on where the last one ended, whatever was deleted meanwhile', async () => {
    const bench = await openBench();
    const [a = ''] = await Promise.all(['a', 'b', 'c', 'd'].map((name) => create(bench, name)));
    const first = await bench.client.send(new ListStateMachinesCommand({ maxResults: 2 }));
    await bench.client.send(new DeleteStateMachineCommand({ stateMachineArn: a }));
    const { nextToken } = first;
    const second = await bench.client.send(new ListStateMachinesCommand({ maxResults: 2, nextToken }));
    expect(second.stateMachines?.map(({ name }) => name)).toEqual(['c', 'd']);
    expect(second.nextToken).toBeUndefined();
  });

  test('so does one of activities', async () => {
    const { client } = await openBench();
    const arns: string[] = [];
    for (const name of ['z', 'y', 'x'])
      arns.push((await client.send(new CreateActivityCommand({ name }))).activityArn ?? '');
    const { nextToken } = await client.send(new ListActivitiesCommand({ maxResults: 1 }));
    await client.send(new DeleteActivityCommand({ activityArn: arns[0] }));
    const rest = await client.send(new ListActivitiesCommand({ nextToken }));
    expect(rest.activities?.map(({ name }) => name)).toEqual(['y', 'x']);
  });

  test('and a history from its end, while it grows', async () => {
    const bench = await openBench();
    const wait = { Type: 'Wait', Seconds: 5, Next: 'Y' };
    const definition = JSON.stringify({ StartAt: 'X', States: { X: wait, Y: { Type: 'Succeed' } } });
    const stateMachineArn = await create(bench, 'W', definition);
    const { executionArn } = await bench.client.send(new StartExecutionCommand({ stateMachineArn }));
    const page = { executionArn, reverseOrder: true, maxResults: 1 };
    const first = await bench.client.send(new GetExecutionHistoryCommand(page));
    await bench.clock.advance(5_000);
    const { nextToken } = first;
    const second = await bench.client.send(new GetExecutionHistoryCommand({ ...page, nextToken }));
    expect([first.events?.[0]?.id, second.events?.[0]?.id]).toEqual([2, 1]);
  });
});
