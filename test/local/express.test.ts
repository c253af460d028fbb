import { expect, test } from '@jest/globals';
import {
  CreateStateMachineCommand,
  type LoggingConfiguration,
  SFNClient,
  StartExecutionCommand,
  StartSyncExecutionCommand,
  type StartSyncExecutionCommandOutput,
} from '@aws-sdk/client-sfn';
import type { Logger } from '../../src/framework/base/log/log.js';
import { type Bench, openBench, ROLE } from './service.js';

const FAILING = 'arn:aws:lambda:us-east-1:123456789012:function:failing';
const GROUP = 'arn:aws:logs:us-east-1:123456789012:log-group:/aws/vendedlogs/states/m:*';
const at = (level: LoggingConfiguration['level'], includeExecutionData = false): LoggingConfiguration => ({
  level,
  includeExecutionData,
  destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: GROUP } }],
});

/** Returns a log that keeps its lines. */
function keptLog(): { readonly log: Logger; readonly lines: [level: string, fields: object][] } {
  const lines: [string, object][] = [];
  const line =
    (level: string) =>
    (...[fields]: [string] | [object, string]): void =>
      void lines.push([level, typeof fields === 'object' ? fields : {}]);
  const log: Logger = {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: () => log,
  };
  return { log, lines };
}

async function create(
  { client }: Bench,
  states: Record<string, object>,
  more: { loggingConfiguration?: LoggingConfiguration; language?: string; seconds?: number } = {},
): Promise<string> {
  const { language, seconds, ...rest } = more;
  const definition = JSON.stringify({
    ...(language !== undefined && { QueryLanguage: language }),
    ...(seconds !== undefined && { TimeoutSeconds: seconds }),
    StartAt: Object.keys(states)[0],
    States: states,
  });
  const command = new CreateStateMachineCommand({
    name: 'M',
    definition,
    roleArn: ROLE,
    type: 'EXPRESS',
    ...rest,
  });
  return (await client.send(command)).stateMachineArn ?? '';
}

/** Runs an execution by an unmodified client. `sync-127.0.0.1` is no address, so the client adds no prefix to the host. */
async function run(
  bench: Bench,
  stateMachineArn: string,
  input: unknown,
): Promise<StartSyncExecutionCommandOutput> {
  const { url: endpoint } = bench.service;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SFNClient({ endpoint, region: 'us-east-1', credentials, disableHostPrefix: true });
  const running = client.send(
    new StartSyncExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
  );
  for (let isDone = false; !isDone; await bench.clock.advance(1_000)) {
    await new Promise((resolve) => setImmediate(resolve));
    isDone = await Promise.race([
      running.then(() => true),
      new Promise<false>((turn) => setImmediate(() => turn(false))),
    ]);
  }
  client.destroy();
  return running;
}

test.each([
  [
    'JSONPath',
    { Type: 'Pass', Parameters: { 'greeting.$': "States.Format('Hello {}', $.who)" }, Next: 'Rest' },
  ],
  ['JSONata', { Type: 'Pass', Output: { greeting: "{% 'Hello ' & $states.input.who %}" }, Next: 'Rest' }],
])('an EXPRESS machine in %s runs to its end, and is billed for its time', async (language, first) => {
  const bench = await openBench();
  const arn = await create(
    bench,
    { First: first, Rest: { Type: 'Wait', Seconds: 7, End: true } },
    { language },
  );
  const ended = await run(bench, arn, { who: 'hoge' });
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: '{"greeting":"Hello hoge"}' });
  expect(ended.executionArn).toMatch(/:express:M:[\w-]{36}:[\w-]{36}$/);
  expect(ended.billingDetails).toEqual({ billedDurationInMilliseconds: 7_000, billedMemoryUsedInMB: 64 });
});

test('retries wait, and each of them is billed', async () => {
  const bench = await openBench({ mocks: { [FAILING]: { error: 'Down' } } });
  const Retry = [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 1, MaxAttempts: 3, BackoffRate: 2 }];
  const ended = await run(
    bench,
    await create(bench, { X: { Type: 'Task', Resource: FAILING, Retry, End: true } }),
    {},
  );
  expect(ended).toMatchObject({ status: 'FAILED', error: 'Down' });
  expect(ended.billingDetails?.billedDurationInMilliseconds).toBe(7_000);
});

test.each([
  ['after five minutes', undefined, 300],
  ['after its own TimeoutSeconds', 20, 20],
  ['after five minutes although it may take longer', 900, 300],
])('an execution is ended %s', async (_title, seconds, expected) => {
  const bench = await openBench();
  const wait = { X: { Type: 'Wait', Seconds: 600, End: true } };
  const ended = await run(bench, await create(bench, wait, seconds === undefined ? {} : { seconds }), {});
  expect(ended.status).toBe('TIMED_OUT');
  expect((Number(ended.stopDate) - Number(ended.startDate)) / 1_000).toBe(expected);
});

test('its events are lines of the log, as the logging configuration says', async () => {
  const { log, lines } = keptLog();
  const bench = await openBench({ log });
  const loggingConfiguration = at('ALL', true);
  const arn = await create(bench, { X: { Type: 'Pass', Result: 1, End: true } }, { loggingConfiguration });
  const { executionArn } = await bench.client.send(new StartExecutionCommand({ stateMachineArn: arn }));
  const records = lines.map(([, fields]) => fields as { type?: string });
  expect(records.map(({ type }) => type)).toEqual([
    'ExecutionStarted',
    'PassStateEntered',
    'PassStateExited',
    'ExecutionSucceeded',
  ]);
  expect(records.at(-1)).toEqual({
    id: '4',
    type: 'ExecutionSucceeded',
    details: { output: '1', outputDetails: { truncated: false } },
    previous_event_id: '3',
    event_timestamp: String(bench.clock.now()),
    execution_arn: executionArn,
    redrive_count: '0',
  });
});

test.each([
  ['ERROR', ['FailStateEntered', 'ExecutionFailed']],
  ['FATAL', ['ExecutionFailed']],
  ['OFF', ['ExecutionFailed']],
] as const)('at the level %s a failure is logged, and without its data', async (level, types) => {
  const { log, lines } = keptLog();
  const bench = await openBench({ log });
  const loggingConfiguration = at(level);
  const arn = await create(bench, { X: { Type: 'Fail', Error: 'E', Cause: 'C' } }, { loggingConfiguration });
  await bench.client.send(new StartExecutionCommand({ stateMachineArn: arn, input: '{"secret":1}' }));
  expect(lines.map(([, fields]) => Reflect.get(fields, 'type'))).toEqual(types);
  expect(JSON.stringify(lines)).not.toContain('secret');
  expect(lines.at(-1)).toMatchObject(['warn', { details: { error: 'E', cause: 'C' } }]);
  lines.length = 0;
  await run(bench, arn, {});
  expect(lines).toHaveLength(level === 'OFF' ? 0 : types.length);
});

test('nothing of an execution is kept: thousands of events leave no history, and a loop has no limit of events', async () => {
  const bench = await openBench({ keptBytes: 200_000 });
  const arn = await create(bench, {
    Up: {
      Type: 'Pass',
      QueryLanguage: 'JSONPath',
      Parameters: { 'n.$': 'States.MathAdd($.n, 1)' },
      Next: 'Enough',
    },
    Enough: {
      Type: 'Choice',
      Choices: [{ Variable: '$.n', NumericLessThan: 7_000, Next: 'Up' }],
      Default: 'End',
    },
    End: { Type: 'Succeed' },
  });
  const ended = await run(bench, arn, { n: 0 });
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: '{"n":7000}' });
});

test('the end of the service ends what runs', async () => {
  const { log, lines } = keptLog();
  const bench = await openBench({ log });
  const states = { X: { Type: 'Wait', Seconds: 60, Next: 'Y' }, Y: { Type: 'Fail', Error: 'E' } };
  const arn = await create(bench, states);
  await bench.client.send(new StartExecutionCommand({ stateMachineArn: arn }));
  await bench.service.close();
  await bench.clock.advance(61_000);
  expect(lines).toEqual([]);
});

test('a distributed Map, and what an EXPRESS execution may not do inside of one, are refused', async () => {
  const bench = await openBench();
  const map = (ExecutionType: string, Resource: string): Record<string, object> => ({
    All: {
      Type: 'Map',
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType },
        StartAt: 'Each',
        States: { Each: { Type: 'Task', Resource, End: true } },
      },
      End: true,
    },
  });
  await expect(create(bench, map('EXPRESS', FAILING))).rejects.toThrow(
    'Express state machine does not support a Map in the mode DISTRIBUTED at /States/All/ItemProcessor',
  );
  const activity = 'arn:aws:states:us-east-1:123456789012:activity:Work';
  const standard = (type: string, resource: string): Promise<unknown> => {
    const definition = JSON.stringify({ StartAt: 'All', States: map(type, resource) });
    return bench.client.send(
      new CreateStateMachineCommand({ name: `${type}-map`, definition, roleArn: ROLE }),
    );
  };
  await expect(standard('EXPRESS', activity)).rejects.toThrow(
    'Express state machine does not support Activity ARN at /States/All/ItemProcessor/States/Each/Resource',
  );
  await standard('EXPRESS', FAILING);
  await standard('STANDARD', activity);
});
