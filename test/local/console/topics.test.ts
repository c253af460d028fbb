import {
  GetActivityTaskCommand,
  GetExecutionHistoryCommand,
  PublishStateMachineVersionCommand,
  RedriveExecutionCommand,
  SendTaskHeartbeatCommand,
  StopExecutionCommand,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { expect, test } from '@jest/globals';
import type {
  ExecutionFacts,
  ExecutionListUpdate,
  ExecutionUpdate,
  TrafficList,
} from '../../../src/framework/local/console/api.js';
import { type ActivityTraffic, Traffic } from '../../../src/framework/local/engine/tasks/traffic.js';
import { bare, type Bench } from '../service.js';
import { act, follow, openConsole, read, send } from './console.js';

const ARN = 'arn:aws:states:us-east-1:123456789012:activity:Greet';

const PASS = JSON.stringify({ StartAt: 'Done', States: { Done: { Type: 'Succeed' } } });
const GREET = JSON.stringify({
  StartAt: 'Ask',
  States: { Ask: { Type: 'Task', Resource: ARN, HeartbeatSeconds: 60, End: true } },
});

async function start(
  { client }: Bench,
  stateMachineArn: string,
  name: string,
  input = '{}',
): Promise<string> {
  const { executionArn = '' } = await client.send(
    new StartExecutionCommand({ stateMachineArn, name, input }),
  );
  return executionArn;
}

async function withGreet(): Promise<Bench & { machineArn: string }> {
  const bench = await openConsole();
  bench.service.seedActivity(ARN);
  return { ...bench, machineArn: bench.service.seedMachine({ name: 'Greet', definition: GREET }) };
}

const brief = ({ rows }: ExecutionListUpdate): string[] =>
  rows.map(([, , name, status]) => `${name} ${status}`);

test('a tab gets what there is, then what changes, at most ten times a second', async () => {
  const bench = await withGreet();
  const first = await start(bench, bench.machineArn, 'first');
  const tab = follow<ExecutionListUpdate>(bench, 'topic=executions');
  expect(brief((await tab.next()).data)).toEqual(['first RUNNING']);
  await bench.clock.advance(1_000);
  expect(tab.waiting).toBe(0);
  for (const name of ['second', 'third']) await start(bench, bench.machineArn, name);
  await bench.client.send(new StopExecutionCommand({ executionArn: first }));
  await bench.clock.advance(99);
  expect(tab.waiting).toBe(0);
  await bench.clock.advance(1);
  const change = await tab.next();
  expect([change.event, ...brief(change.data)]).toEqual([
    'change',
    'third RUNNING',
    'second RUNNING',
    'first ABORTED',
  ]);
});

test('a tab that comes back is told what it missed; one of another service gets everything', async () => {
  const bench = await withGreet();
  await start(bench, bench.machineArn, 'first');
  const tab = follow<ExecutionListUpdate>(bench, 'topic=executions');
  const { id } = await tab.next();
  tab.close();
  await start(bench, bench.machineArn, 'second');
  const back = await follow<ExecutionListUpdate>(bench, 'topic=executions', id).next();
  expect([back.event, ...brief(back.data)]).toEqual(['change', 'second RUNNING']);
  const other = await follow<ExecutionListUpdate>(bench, 'topic=executions', `1${id}`).next();
  expect([other.event, ...brief(other.data)]).toEqual(['snapshot', 'second RUNNING', 'first RUNNING']);
});

test('what the service has forgotten leaves the list', async () => {
  const bench = await openConsole({ keptExecutions: 2 });
  const arn = bench.service.seedMachine({ name: 'Pass', definition: PASS });
  for (const name of ['a', 'b']) await start(bench, arn, name);
  const tab = follow<ExecutionListUpdate>(bench, 'topic=executions');
  const { id, data } = await tab.next();
  expect([data.forgotten, ...brief(data)]).toEqual([0, 'b SUCCEEDED', 'a SUCCEEDED']);
  await start(bench, arn, 'c');
  await bench.clock.advance(100);
  const { event, data: later } = await tab.next();
  expect([event, later.forgotten, ...brief(later)]).toEqual(['change', 1, 'c SUCCEEDED']);
  for (const name of ['d', 'e', 'f']) await start(bench, arn, name);
  const late = await follow<ExecutionListUpdate>(bench, 'topic=executions', id).next();
  expect([late.event, ...brief(late.data)]).toEqual(['snapshot', 'f SUCCEEDED', 'e SUCCEEDED']);
});

test('the list of one machine holds its executions only', async () => {
  const bench = await withGreet();
  const pass = bench.service.seedMachine({ name: 'Pass', definition: PASS });
  await start(bench, bench.machineArn, 'ours');
  await start(bench, pass, 'other');
  const tab = follow<ExecutionListUpdate>(
    bench,
    `topic=executions&arn=${encodeURIComponent(bench.machineArn)}`,
  );
  expect(brief((await tab.next()).data)).toEqual(['ours RUNNING']);
  await start(bench, pass, 'another');
  await start(bench, bench.machineArn, 'next');
  await bench.clock.advance(100);
  expect(brief((await tab.next()).data)).toEqual(['next RUNNING']);
});

test('an execution is followed event by event, with who has its task', async () => {
  const bench = await withGreet();
  const arn = await start(bench, bench.machineArn, 'one', '{"who":"hoge"}');
  const tab = follow<ExecutionUpdate & Partial<ExecutionFacts>>(
    bench,
    `topic=execution&arn=${encodeURIComponent(arn)}`,
  );
  const { event, data } = await tab.next();
  expect([event, data.status, data.input, data.definition, data.leases]).toEqual([
    'snapshot',
    'RUNNING',
    '{"who":"hoge"}',
    GREET,
    [],
  ]);
  expect(data.events.map(({ id, type }) => `${id} ${type}`)).toEqual([
    '1 ExecutionStarted',
    '2 TaskStateEntered',
    '3 ActivityScheduled',
  ]);
  expect(JSON.stringify(data.events)).not.toContain('hoge');
  const leasedAt = bench.clock.now();
  const { taskToken = '' } = await bench.client.send(
    new GetActivityTaskCommand({ activityArn: ARN, workerName: 'w1' }),
  );
  await bench.clock.advance(100);
  const leased = await tab.next();
  expect([leased.event, leased.data.definition, leased.data.events.map(({ id }) => id)]).toEqual([
    'change',
    undefined,
    [4],
  ]);
  const lease = { scheduledId: 3, workerName: 'w1', since: leasedAt };
  expect(leased.data.leases).toEqual([{ ...lease, due: leasedAt + 60_000 }]);
  await bench.clock.advance(3_000);
  const beatAt = bench.clock.now();
  await bench.client.send(new SendTaskHeartbeatCommand({ taskToken }));
  await bench.clock.advance(100);
  expect((await tab.next()).data.leases).toEqual([{ ...lease, beatAt, due: beatAt + 60_000 }]);
  await bench.clock.advance(60_000);
  await bench.clock.advance(200);
  let last = await tab.next();
  while (last.data.status === 'RUNNING') last = await tab.next();
  expect(last).toMatchObject({ data: { status: 'FAILED', error: 'States.Timeout', leases: [] } });
  const whole = await read(bench, `/console/api/event?execution=${encodeURIComponent(arn)}&id=2`);
  expect(whole).toMatchObject({ stateEnteredEventDetails: { input: '{"who":"hoge"}', name: 'Ask' } });
});

test('a person takes the oldest queued task and answers it; the history names them', async () => {
  const bench = await withGreet();
  const older = await start(bench, bench.machineArn, 'older', '{"n":1}');
  await start(bench, bench.machineArn, 'newer');
  const tab = follow(bench, 'topic=activities');
  const { data } = await tab.next();
  expect(data).toMatchObject({
    activities: [
      { name: 'Greet', queued: 2, leased: 0, polls: 0, waiting: [{ execution: older, state: 'Ask' }, {}] },
    ],
  });
  const task = await act<{ taskToken: string }>(bench, 'TakeTask', { activityArn: ARN });
  expect(task).toMatchObject({ input: '{"n":1}', heartbeatSeconds: 60, execution: older, state: 'Ask' });
  await bench.clock.advance(100);
  const after = await tab.next();
  expect(after.data).toMatchObject({
    activities: [{ queued: 1, leased: 1, working: [{ workerName: 'console', execution: older }] }],
  });
  expect(JSON.stringify([data, after])).not.toContain(task.taskToken.slice(0, 40));
  const refused = await act(bench, 'SendTaskSuccess', { taskToken: task.taskToken, output: 'no JSON' });
  expect(refused).toMatchObject({ error: 'InvalidOutput' });
  await act(bench, 'SendTaskSuccess', { taskToken: task.taskToken, output: '{"done":true}' });
  const { events } = await bench.client.send(new GetExecutionHistoryCommand({ executionArn: older }));
  expect(bare(events)).toMatchObject([
    {},
    {},
    {},
    { type: 'ActivityStarted', activityStartedEventDetails: { workerName: 'console' } },
    { type: 'ActivitySucceeded' },
    {},
    { type: 'ExecutionSucceeded', executionSucceededEventDetails: { output: '{"done":true}' } },
  ]);
});

test('nothing is taken where nothing is queued, and no poll is answered by it', async () => {
  const bench = await withGreet();
  expect(await act(bench, 'TakeTask', { activityArn: ARN })).toEqual({});
  const missing = await act(bench, 'TakeTask', { activityArn: `${ARN}x` });
  expect(missing).toMatchObject({ error: 'ActivityDoesNotExist' });
});

test('who polls is shown, and the machines with how their executions stand', async () => {
  const bench = await withGreet();
  const machines = follow(bench, 'topic=machines');
  expect((await machines.next()).data).toMatchObject({
    machines: [{ name: 'Greet', activities: [{ arn: ARN, exists: true }], counts: {} }],
  });
  const poll = bench.client.send(new GetActivityTaskCommand({ activityArn: ARN, workerName: 'w1' }));
  await bench.clock.settle();
  const activities = follow(bench, 'topic=activities');
  expect((await activities.next()).data).toMatchObject({
    activities: [{ polls: 1, pollers: [{ name: 'w1', polls: 1 }], queued: 0 }],
  });
  await start(bench, bench.machineArn, 'one');
  await poll;
  await bench.clock.advance(100);
  expect((await machines.next()).data).toMatchObject({ machines: [{ counts: { RUNNING: 1 } }] });
});

test('the traffic of an activity: its tasks over time, how long they wait and work, and how they fail', async () => {
  const bench = await withGreet();
  const arns = [];
  for (const name of ['one', 'two', 'three']) arns.push(await start(bench, bench.machineArn, name));
  const tab = follow<TrafficList>(bench, 'topic=traffic');
  expect((await tab.next()).data).toMatchObject({ activities: [{ arn: ARN, scheduled: 3 }] });
  await bench.clock.advance(10_000);
  const first = await act<{ taskToken: string }>(bench, 'TakeTask', { activityArn: ARN });
  await bench.clock.advance(4_000);
  await act(bench, 'SendTaskSuccess', { taskToken: first.taskToken, output: '{}' });
  const second = await act<{ taskToken: string }>(bench, 'TakeTask', { activityArn: ARN });
  await bench.clock.advance(500);
  await act(bench, 'SendTaskFailure', { taskToken: second.taskToken, error: 'Odd' });
  await bench.client.send(new StopExecutionCommand({ executionArn: arns[2] ?? '' }));
  await bench.clock.advance(6_000);
  const { data } = await follow<TrafficList>(bench, 'topic=traffic').next();
  const about = (ms: number): unknown => expect.closeTo(ms, -Math.log10(0.2 * ms));
  expect(data.activities).toEqual([
    {
      arn: ARN,
      from: expect.any(Number),
      partMs: 5_000,
      scheduled: 3,
      waited: [3, 3, 0, 0, 0],
      wait: [about(10_000), about(14_000)],
      work: [about(500), about(4_000)],
      failures: [['Odd', 1]],
    },
  ]);
});

test('the traffic of any time, of any number of activities and of failures takes bounded memory', () => {
  const traffic = new Traffic();
  for (let minute = 0; minute < 100_000; minute++) {
    traffic.scheduled(ARN, minute * 60_000, 1);
    traffic.ended(ARN, minute * 60_000, 0, `Odd ${minute}`);
  }
  const [[, { waited, failures, scheduled }]] = [...traffic] as [[string, ActivityTraffic]];
  expect(waited.length).toBeLessThanOrEqual(60);
  expect(waited.length).toBeGreaterThan(29);
  expect(scheduled).toBe(100_000);
  expect(failures.size).toBe(21);
  for (let n = 0; n < 1_000; n++) traffic.scheduled(`${ARN}${n}`, 0, 1);
  expect([...traffic]).toHaveLength(200);
});

test('workers are shown as whoever runs them describes them, without tokens', async () => {
  const worker = {
    name: 'w1',
    state: 'running',
    ready: false,
    reasons: ['no answer yet'],
    handlers: [{ name: 'A.b', activityArn: ARN, concurrency: 2, used: 1, running: 1, undelivered: 0 }],
    tasksInFlight: 1,
    tasks: [
      {
        handler: 'A.b',
        ageMs: 1_999,
        phase: 'running',
        lastHeartbeatAt: undefined,
        progress: 0.6,
        token: 'secret',
      },
    ],
    counts: { succeeded: 3 },
  };
  const bench = await openConsole({
    console: {
      workers: () => [worker],
      exampleFor: (arn) => (arn === ARN ? '{"who":"text"}' : undefined),
      schemaFor: (arn) => (arn === ARN ? { type: 'string' } : undefined),
    },
  });
  const { data } = await follow(bench, 'topic=workers').next();
  expect(data).toMatchObject({
    workers: [
      {
        name: 'w1',
        reasons: ['no answer yet'],
        tasksInFlight: 1,
        details: { tasks: [{ handler: 'A.b', seconds: 1, progress: 0.6 }] },
      },
    ],
  });
  expect(JSON.stringify(data)).not.toContain('secret');
  expect(await read(bench, `/console/api/handlerInput?activity=${ARN}`)).toEqual({
    example: '{"who":"text"}',
    schema: { type: 'string' },
  });
  expect(await read(bench, '/console/api/handlerInput?activity=other')).toEqual({
    example: null,
    schema: null,
  });
});

test("what is created in the page lies where the rest does, and its refusals are the API's", async () => {
  const bench = await openConsole();
  const create = (name: string): Promise<object> => act(bench, 'CreateActivity', { name });
  expect(await create('Any')).toMatchObject({ activityArn: expect.stringMatching(/:us-east-1:.*:Any$/) });
  await act(bench, 'DeleteActivity', { activityArn: ARN.replace('Greet', 'Any') });
  bench.service.seedActivity(ARN.replace('us-east-1', 'eu-west-1'));
  expect(await create('More')).toMatchObject({ activityArn: expect.stringMatching(/:eu-west-1:.*:More$/) });
  const made = await act<{ message: string }>(bench, 'CreateStateMachine', {
    name: 'M',
    definition: '{"StartAt":"A","States":{"A":{"Type":"Nope"}}}',
    roleArn: 'arn:aws:iam::123456789012:role/console',
  });
  expect(made).toMatchObject({ error: 'InvalidDefinition' });
  expect(made.message).toContain('/States/A/Type');
  const definition = '{"StartAt":"A","States":{"A":{"Type":"Nope"}}}';
  expect(await act(bench, 'CheckDefinition', { definition })).toMatchObject({
    problems: [{ path: '/States/A/Type' }],
  });
  expect(await act(bench, 'CheckDefinition', { definition: PASS })).toEqual({ problems: [] });
});

test('a stream without the key of a browser is refused', async () => {
  const bench = await openConsole();
  for (const key of ['', '?key=short', `?key=${'k'.repeat(81)}`])
    expect((await send(bench, `/console/api/stream${key}`)).status).toBe(400);
});

test('the service ends at once, whoever follows it', async () => {
  const bench = await openConsole();
  const tab = follow(bench, 'topic=machines');
  expect((await tab.next()).event).toBe('snapshot');
  await bench.service.close();
  await expect(tab.ended).resolves.toBeUndefined();
});

test('a row has the error, the redrives and the version of its execution, and a machine its last run', async () => {
  const bench = await openConsole();
  const Fail = { Type: 'Fail', Error: 'Odd' };
  const definition = JSON.stringify({ StartAt: 'Fail', States: { Fail } });
  const machine = bench.service.seedMachine({ name: 'F', definition });
  const { stateMachineVersionArn: version } = await bench.client.send(
    new PublishStateMachineVersionCommand({ stateMachineArn: machine }),
  );
  await start(bench, machine, 'plain');
  const executionArn = await start(bench, version ?? '', 'versioned');
  await bench.clock.settle();
  await bench.client.send(new RedriveExecutionCommand({ executionArn }));
  await bench.clock.settle();
  const { data } = await follow<ExecutionListUpdate>(bench, 'topic=executions').next();
  expect(data.rows.map(([, , name, , , , , ...more]) => [name, ...more])).toEqual([
    ['versioned', 'Odd', 1, 1, false],
    ['plain', 'Odd', 0, null, false],
  ]);
  expect((await follow(bench, 'topic=machines').next()).data).toMatchObject({
    machines: [{ counts: { FAILED: 2 }, last: { name: 'versioned', status: 'FAILED' } }],
  });
  expect(await act(bench, 'DeleteStateMachine', { stateMachineArn: machine })).toEqual({});
  expect((await follow(bench, 'topic=machines').next()).data).toMatchObject({ machines: [] });
});

test.each([
  ['status=RUNNING', ['waits']],
  ['status=FAILED', ['fails']],
  ['error=outofstock', ['fails']],
  ['error=none%20left', ['fails']],
  ['input=%22Ada%22', ['fails', 'waits']],
  ['input=%22who%22%20:%20%22Ada%22', ['fails', 'waits']],
  ['input=%22A%20da%22', []],
  ['name=WAIT&input=%22Ada%22', ['waits']],
  ['since=1000000', []],
  ['machine=arn:aws:states:us-east-1:123456789012:stateMachine:Greet', ['other', 'waits']],
])('of all kept executions %s finds %j', async (query, names) => {
  const bench = await withGreet();
  const definition = JSON.stringify({
    StartAt: 'F',
    States: { F: { Type: 'Fail', Error: 'OutOfStock', Cause: 'None left.' } },
  });
  const failing = bench.service.seedMachine({ name: 'Failing', definition });
  await start(bench, bench.machineArn, 'waits', '{"who":"Ada"}');
  const other = await start(bench, bench.machineArn, 'other', '{"who":"Bob"}');
  await bench.client.send(new StopExecutionCommand({ executionArn: other }));
  await start(bench, failing, 'fails', '{"who":"Ada"}');
  // Starts are compared with the service's clock.
  const since = query.startsWith('since') ? `since=${bench.clock.now() + 1}` : query;
  const found = (await read(bench, `/console/api/findExecutions?${since}`)) as Pick<
    ExecutionListUpdate,
    'rows'
  >;
  expect(found).toMatchObject({ total: names.length });
  expect(found.rows.map(([, , name]) => name)).toEqual(names);
});

const KEY = 'a-browser-with-a-key';

test('one stream sends all that the windows of a browser want, and refuses what it can not', async () => {
  const bench = await withGreet();
  const arn = await start(bench, bench.machineArn, 'first');
  const browser = follow<{ message?: string }>(bench, `key=${KEY}`);
  const follows = (...topics: object[]): Promise<object> => act(bench, 'Follow', { stream: KEY, topics });
  const list = { name: '1.1', topic: 'executions' };
  const one = { name: '2.1', topic: 'execution', arn };
  const { instance } = await until(() => follows(list, one), 'instance');
  expect(instance).toEqual(expect.any(Number));
  const found = [await browser.next(), await browser.next()];
  expect(found.map(({ event, id }) => [event, id.split(':')[0]])).toEqual([
    ['snapshot', '1.1'],
    ['snapshot', '2.1'],
  ]);
  // The list is no longer wanted, the execution goes on, and a third window wants what there is not.
  const missing = { name: '3.1', topic: 'execution', arn: `${arn}-not` };
  const unknown = { name: '4.1', topic: 'nothing' };
  expect(await follows(one, missing, unknown)).toMatchObject({
    refused: [
      { name: '3.1', error: 'ExecutionDoesNotExist' },
      { name: '4.1', error: 'ValidationException' },
    ],
  });
  await bench.client.send(new StopExecutionCommand({ executionArn: arn }));
  await bench.clock.advance(1_000);
  const { event, id } = await browser.next();
  expect([event, id.split(':')[0], browser.waiting]).toEqual(['change', '2.1', 0]);
  // A window that comes back goes on where it was.
  await start(bench, bench.machineArn, 'second');
  await follows({ ...list, seen: found[0]?.id.split(':')[1] });
  expect((await browser.next()).event).toBe('change');
  expect(await act(bench, 'Follow', { stream: 'b-browser-with-a-key', topics: [] })).toMatchObject({
    error: 'StreamDoesNotExist',
  });
});

test('windows beyond what the service can serve are told so, and a topic that fails takes no other with it', async () => {
  const bench = await openConsole({ console: { workers: () => unreadable() } });
  const browser = follow<{ message?: string }>(bench, `key=${KEY}`);
  const topics = Array.from({ length: 66 }, (_, n) => ({
    name: String(n),
    topic: n ? 'machines' : 'workers',
  }));
  const { refused } = await until(() => act(bench, 'Follow', { stream: KEY, topics }), 'refused');
  expect(refused).toEqual([
    { name: '65', error: 'Busy', message: expect.stringMatching(/64 windows of a browser/) },
  ]);
  expect((await browser.next()).event).toBe('refused');
  expect((await browser.next()).event).toBe('snapshot');
});

function unreadable(): never {
  throw new Error('no worker can be read');
}

/** Repeats a command until its answer has the field: the stream that it is about may still be opening. */
async function until(ask: () => Promise<object>, field: string): Promise<Record<string, unknown>> {
  for (;;) {
    const answer = await ask();
    if (field in answer) return answer as Record<string, unknown>;
  }
}
