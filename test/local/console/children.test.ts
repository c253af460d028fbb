import { SendTaskSuccessCommand, GetActivityTaskCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { expect, test } from '@jest/globals';
import { HandClock } from 'stepwright/testing';
import type { ExecutionFacts, ExecutionUpdate, Queries } from '../../../src/framework/local/console/api.js';
import { answerQuery } from '../../../src/framework/local/console/queries.js';
import { ChildGroup } from '../../../src/framework/local/engine/execution-lists.js';
import type { Execution } from '../../../src/framework/local/engine/execution.js';
import { StepFunctions } from '../../../src/framework/local/engine/step-functions.js';
import { follow, openConsole, read } from './console.js';

type Children = Queries['children']['answer'];
type Snapshot = ExecutionFacts & ExecutionUpdate;

const MACHINE = 'arn:aws:states:us-east-1:123456789012:stateMachine:';
const WORK = 'arn:aws:states:us-east-1:123456789012:activity:Work';
const one = (state: object): string =>
  JSON.stringify({ StartAt: 'X', States: { X: { ...state, End: true } } });

test('a parent knows its children, by state and task, and a child its parent', async () => {
  const bench = await openConsole();
  bench.service.seedActivity(WORK);
  const child = { Type: 'Task', Resource: WORK };
  const nest = {
    Type: 'Task',
    Resource: 'arn:aws:states:::states:startExecution.sync',
    Parameters: { StateMachineArn: `${MACHINE}Child` },
  };
  bench.service.seedMachine({ name: 'Child', definition: one(child), region: 'us-east-1' });
  const stateMachineArn = bench.service.seedMachine({
    name: 'Parent',
    definition: one(nest),
    region: 'us-east-1',
  });
  const { executionArn: parent = '' } = await bench.client.send(
    new StartExecutionCommand({ stateMachineArn }),
  );
  await bench.clock.settle();
  const children = async (): Promise<Children> =>
    (await read(bench, `/console/api/children?parent=${encodeURIComponent(parent)}`)) as Children;
  const found = await children();
  expect(found).toMatchObject({ counts: { RUNNING: 1 }, hasMore: false });
  const [, machine, name] = found.rows[0] ?? [];
  expect(machine).toBe(`${MACHINE}Child`);

  const arn = `${MACHINE.replace('stateMachine', 'execution')}Child:${name}`;
  const inner = follow<Snapshot>(bench, `topic=execution&arn=${arn}`);
  expect((await inner.next()).data).toMatchObject({ parent: { arn: parent, state: 'X' }, children: {} });
  inner.close();
  const outer = follow<Snapshot>(bench, `topic=execution&arn=${parent}`);
  const { data } = await outer.next();
  expect(data).toMatchObject({ children: { RUNNING: 1 } });
  expect(data).not.toHaveProperty('parent');

  const { taskToken } = await bench.client.send(new GetActivityTaskCommand({ activityArn: WORK }));
  await bench.client.send(new SendTaskSuccessCommand({ taskToken, output: '1' }));
  await bench.clock.settle();
  expect(await children()).toMatchObject({ counts: { SUCCEEDED: 1 } });
  for (;;) {
    await bench.clock.advance(100);
    const { data: change } = await outer.next();
    if (change.status === 'RUNNING') continue;
    expect(change).toMatchObject({ status: 'SUCCEEDED', children: { SUCCEEDED: 1 } });
    break;
  }
  outer.close();
});

test('a parent knows its map runs, and the children of each', async () => {
  const bench = await openConsole();
  const fails = { StartAt: 'F', States: { F: { Type: 'Fail', Error: 'E' } } };
  const map = {
    Type: 'Map',
    ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, ...fails },
    ToleratedFailurePercentage: 100,
    Label: 'All',
  };
  const stateMachineArn = bench.service.seedMachine({ name: 'M', definition: one(map) });
  const { executionArn: parent = '' } = await bench.client.send(
    new StartExecutionCommand({ stateMachineArn, input: '[1,2,3]' }),
  );
  await bench.clock.settle();
  const tab = follow<Snapshot>(bench, `topic=execution&arn=${parent}`);
  const { data } = await tab.next();
  tab.close();
  expect(data).toMatchObject({ status: 'SUCCEEDED', children: {} });
  expect(data.mapRuns).toMatchObject([{ status: 'SUCCEEDED', total: 3, failed: 3, pending: 0 }]);
  const arn = data.mapRuns[0]?.arn ?? '';
  const children = (await read(bench, `/console/api/children?parent=${encodeURIComponent(arn)}`)) as Children;
  expect(children).toMatchObject({ counts: { FAILED: 3 } });
  expect(children.rows[0]?.slice(1, 2)).toEqual([`${stateMachineArn}/All`]);
});

test('an execution that names its parent in its input is its child', async () => {
  const bench = await openConsole();
  const stateMachineArn = bench.service.seedMachine({ name: 'M', definition: one({ Type: 'Pass' }) });
  const start = async (input: object): Promise<string> => {
    const { executionArn = '' } = await bench.client.send(
      new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
    );
    return executionArn;
  };
  const parent = await start({});
  const child = await start({ AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: parent });
  const found = (await read(bench, `/console/api/children?parent=${encodeURIComponent(parent)}`)) as Children;
  expect(found.rows.map(([, , name]) => name)).toEqual([child.split(':').at(-1)]);
});

/** Starts children of a machine that waits, or ends at once. */
function withChildren(count: number, state: (index: number) => object, mapRun?: ChildGroup<Execution>) {
  const engine = new StepFunctions({ clock: new HandClock() }, { isAlone: true });
  const machines = [0, 1].map((index) =>
    engine.createMachine({ name: `M${index}`, definition: one(state(index)) }),
  );
  const parent = { executionArn: 'parent', ...(mapRun && { mapRun }) };
  const children: Execution[] = [];
  for (let index = 0; index < count; index++) {
    const machine = machines[index % 2];
    if (machine) children.push(engine.executions.start(machine, undefined, '{}', {}, { parent }));
  }
  const query = (status: string, most = 100): Children =>
    answerQuery(
      'children',
      new URLSearchParams({ parent: mapRun?.arn ?? 'parent', status, most: String(most), state: '' }),
      engine,
      {},
    ) as Children;
  return { engine, children, query };
}

test('of 10,000 children the latest come quickly, and all of one status', async () => {
  const { engine, children, query } = withChildren(10_000, (index) =>
    index === 0 ? { Type: 'Pass' } : { Type: 'Wait', Seconds: 60 },
  );
  await Promise.resolve();
  const running = children.filter(({ status }) => status === 'RUNNING').map(({ order }) => order);
  const began = process.cpuUsage();
  const sizes = [100, 1_000, 10_000];
  for (const most of sizes) {
    const { rows, hasMore, counts } = query('RUNNING', most);
    expect(counts).toEqual({ RUNNING: 5_000, SUCCEEDED: 5_000 });
    expect(hasMore).toBe(most < 5_000);
    expect(rows.map(([order]) => order)).toEqual(running.toReversed().slice(0, most));
  }
  expect(process.cpuUsage(began).user / 1_000 / sizes.length).toBeLessThan(50);
  engine.close();
});

test('of the children of a Map Run that have ended only the latest are kept, and they displace no others', async () => {
  const group = new ChildGroup<Execution>('map-run', 24_000);
  const { engine, children, query } = withChildren(
    20,
    (index) => (index === 0 ? { Type: 'Pass' } : { Type: 'Wait', Seconds: 60 }),
    group,
  );
  await Promise.resolve();
  const ended: string[] = [];
  for (const child of children) child.whenEnded(({ status }) => ended.push(status));
  expect(ended).toEqual([]);
  await Promise.resolve();
  expect(ended).toEqual(Array(10).fill('SUCCEEDED'));
  expect(query('').counts).toEqual({ RUNNING: 10, SUCCEEDED: 3 });
  for (const child of children.slice(0, 10)) child.stop(undefined, undefined);
  expect(query('').counts).toEqual({ RUNNING: 5, SUCCEEDED: 3, ABORTED: 3 });
  expect(query('ABORTED').rows.map(([order]) => order)).toEqual([9, 7, 5]);
  // The lists of all machines are without them.
  expect([...engine.executions.startedAfter(0)]).toEqual([]);
  engine.close();
});
