import { describe, expect, test } from '@jest/globals';
import {
  CreateActivityCommand,
  CreateStateMachineCommand,
  DeleteActivityCommand,
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
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
  test('state machines come sorted by name, by plain code units', async () => {
    const bench = await openBench();
    for (const name of ['b_1_', 'a', 'b_10_', 'B', 'b_2_']) await create(bench, name);
    const { stateMachines } = await bench.client.send(new ListStateMachinesCommand({}));
    expect(stateMachines?.map(({ name }) => name)).toEqual(['B', 'a', 'b_10_', 'b_1_', 'b_2_']);
  });

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

describe('a machine that is deleted while it runs', () => {
  const states = { X: { Type: 'Wait', Seconds: 5, Next: 'Y' }, Y: { Type: 'Pass', End: true } };
  const definition = JSON.stringify({ StartAt: 'X', States: states });

  test('is DELETING, starts nothing, and goes with its last execution, which ends at its next state', async () => {
    const bench = await openBench();
    const { client } = bench;
    const stateMachineArn = await create(bench, 'D', definition);
    const { executionArn } = await client.send(new StartExecutionCommand({ stateMachineArn }));
    await client.send(new DeleteStateMachineCommand({ stateMachineArn }));
    const described = await client.send(new DescribeStateMachineCommand({ stateMachineArn }));
    expect(described.status).toBe('DELETING');
    await expect(client.send(new StartExecutionCommand({ stateMachineArn }))).rejects.toMatchObject({
      name: 'StateMachineDeleting',
    });
    await bench.clock.advance(5_000);
    const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
    expect(status).toBe('ABORTED');
    await expect(client.send(new DescribeStateMachineCommand({ stateMachineArn }))).rejects.toMatchObject({
      name: 'StateMachineDoesNotExist',
    });
  });
});

describe('variableReferences', () => {
  test('name the variables that each state reads, sorted; what is only set is none', async () => {
    const bench = await openBench();
    const inner = {
      StartAt: 'I',
      States: { I: { Type: 'Pass', Parameters: { 'x.$': '$deep.v' }, End: true } },
    };
    const stateMachineArn = await create(
      bench,
      'R',
      JSON.stringify({
        StartAt: 'S',
        States: {
          S: { Type: 'Pass', Assign: { z: 1, a: 2, deep: 3, list: [] }, Next: 'C' },
          C: {
            Type: 'Choice',
            Choices: [{ Variable: '$z', NumericEqualsPath: '$a', Next: 'M' }],
            Default: 'F',
          },
          M: {
            Type: 'Map',
            ItemsPath: '$list',
            ItemSelector: { 'v.$': "States.Format('{}', $a)" },
            ItemProcessor: inner,
            Next: 'F',
          },
          F: { Type: 'Fail', ErrorPath: '$z' },
        },
      }),
    );
    const { variableReferences } = await bench.client.send(
      new DescribeStateMachineCommand({ stateMachineArn }),
    );
    expect(variableReferences).toEqual({ C: ['a', 'z'], M: ['a', 'list'], I: ['deep'], F: ['z'] });
  });

  test('are absent where no state reads any', async () => {
    const bench = await openBench();
    const stateMachineArn = await create(bench, 'N');
    const described = await bench.client.send(new DescribeStateMachineCommand({ stateMachineArn }));
    expect(described).not.toHaveProperty('variableReferences');
  });
});
