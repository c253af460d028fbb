import {
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { beforeEach, expect, test } from '@jest/globals';
import { type Bench, openBench } from './service.js';

const MACHINE = 'arn:aws:states:eu-west-1:111122223333:stateMachine:M';
const EXECUTION = 'arn:aws:states:eu-west-1:111122223333:execution:M:x';
const DEFINITION = JSON.stringify({ StartAt: 'A', States: { A: { Type: 'Pass', End: true } } });
const HEAD = {
  executionArn: EXECUTION,
  input: '{}',
  startedAt: 1_000,
  stateMachineArn: MACHINE,
  definition: DEFINITION,
  roleArn: 'arn:aws:iam::111122223333:role/any',
};
const STARTED = { id: 1, previous: 0, type: 'ExecutionStarted', at: 1_000, details: { input: '{}' } };

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});

async function put(body: object, { service }: Bench = bench): Promise<Record<string, string>> {
  const response = await fetch(service.url, {
    method: 'POST',
    headers: { 'x-amz-target': 'StepwrightLocal.PutExecution' },
    body: JSON.stringify({ ...HEAD, events: JSON.stringify([STARTED]), ...body }),
  });
  return (await response.json()) as Record<string, string>;
}

const look = new DescribeExecutionCommand({ executionArn: EXECUTION });

test.each<[what: string, body: object, says: RegExp]>([
  ['no events', { events: '7' }, /list of history events/],
  ['an event that follows itself', { events: JSON.stringify([{ ...STARTED, previous: 1 }]) }, /list of hist/],
  ['an event without a type', { events: '[{"id":1,"previous":0,"at":1}]' }, /list of history events/],
  ['a status that is none', { status: 'RUNNING', stoppedAt: 1 }, /'status' failed.*enum value set/],
  ['an end without a time', { status: 'FAILED' }, /'stoppedAt' failed/],
  ['an input that is not JSON', { input: '{' }, /not JSON/],
  ['a definition that is none', { definition: '{}' }, /Invalid State Machine Definition/],
  ['the ARN of a machine', { executionArn: MACHINE }, /Invalid Arn/],
])('%s is refused, and leaves nothing', async (_, body, says) => {
  expect((await put(body))['message']).toMatch(says);
  await expect(bench.client.send(look)).rejects.toThrow('Execution Does Not Exist');
  expect(await bench.client.send(new ListStateMachinesCommand({}))).toMatchObject({ stateMachines: [] });
});

test('an execution of this service is not overwritten', async () => {
  const stateMachineArn = bench.service.seedMachine({ name: 'M', definition: DEFINITION });
  await bench.client.send(new StartExecutionCommand({ stateMachineArn, name: 'x' }));
  expect((await put({}))['message']).toMatch(/Already Exists/);
});

test('it is below the machine of its name, and does not keep that from being deleted', async () => {
  const stateMachineArn = bench.service.seedMachine({ name: 'M', definition: DEFINITION });
  expect(await put({})).toEqual({
    executionArn: stateMachineArn.replace('stateMachine', 'execution') + ':x',
    stateMachineArn,
    machineIs: 'same',
  });
  const { executions } = await bench.client.send(new ListExecutionsCommand({ stateMachineArn }));
  expect(executions).toMatchObject([{ name: 'x', status: 'RUNNING', startDate: new Date(1_000) }]);
  await bench.client.send(new DeleteStateMachineCommand({ stateMachineArn }));
  const { stateMachines } = await bench.client.send(new ListStateMachinesCommand({}));
  expect(stateMachines).toEqual([]);
});

test('what there is no memory for is refused, and nothing of it stays', async () => {
  const small = await openBench({ keptBytes: 100_000 });
  const more = { ...STARTED, id: 2, previous: 1, details: { output: 'x'.repeat(60_000) } };
  expect(await put({}, small)).toMatchObject({ machineIs: 'created' });
  const { message } = await put({ events: JSON.stringify([more]) }, small);
  expect(message).toMatch(/no room for its history.*'keptBytes'/);
  await expect(small.client.send(look)).rejects.toThrow('Execution Does Not Exist');
});

const task = (fields: object): object => ({ Type: 'Task', End: true, ...fields });
const REFUSED: readonly [what: string, state: object, says: string][] = [
  ['an unknown service', task({ Resource: 'arn:aws:states:::aws-sdk:nosuch:go' }), 'nosuch'],
  ['a state that is missing', { Type: 'Pass', Next: 'B' }, 'B'],
  ['an unknown integration', task({ Resource: 'arn:aws:states:::nosuch:go' }), 'nosuch'],
  ['an unknown way to wait', task({ Resource: 'arn:aws:states:::lambda:invoke.later' }), 'later'],
  ['an unknown field', { Type: 'Pass', End: true, Colour: 'red' }, 'Colour'],
  ['an unknown type of state', { Type: 'Group', End: true }, 'Type'],
  ["an operator of Jayway's filters", { Type: 'Pass', InputPath: "$.l[?(@.n all ['x'])]", End: true }, 'all'],
  ["a flag of Jayway's filters", { Type: 'Pass', InputPath: '$.l[?(@.n =~ /a/x)]', End: true }, "'x'"],
  ['an unknown intrinsic function', { Type: 'Pass', Parameters: { 'a.$': 'States.No()' }, End: true }, 'a.$'],
  ['an unknown query language', { Type: 'Pass', QueryLanguage: 'jq', End: true }, 'QueryLanguage'],
];

test.each(REFUSED)(
  'an execution is shown though its definition is refused here: %s',
  async (_, state, says) => {
    const definition = JSON.stringify({ StartAt: 'A', States: { A: state } });
    const answer = await put({ definition });
    expect(answer).toMatchObject({ machineIs: 'created', refused: expect.stringContaining(says) });
    expect(await put({ definition })).toEqual({ ...answer, machineIs: 'same' });
    expect(await bench.client.send(look)).toMatchObject({ name: 'x', status: 'RUNNING' });
    for (const start of [
      new StartExecutionCommand({ stateMachineArn: MACHINE }),
      { state: 'A', executionArn: EXECUTION, input: '{}' },
    ]) {
      const { executionArn } = 'state' in start ? await startFrom(start) : await bench.client.send(start);
      await bench.clock.settle();
      expect(await bench.client.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
        status: 'FAILED',
        error: 'Stepwright.DefinitionRefused',
        cause: answer['refused'],
      });
    }
  },
);

async function startFrom(body: object): Promise<{ executionArn?: string }> {
  const response = await fetch(bench.service.url, {
    method: 'POST',
    headers: { 'x-amz-target': 'StepwrightLocal.StartExecutionFrom' },
    body: JSON.stringify(body),
  });
  return (await response.json()) as { executionArn?: string };
}
