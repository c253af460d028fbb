import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, jest, test } from '@jest/globals';
import * as sdk from '@aws-sdk/client-sfn';
import { type LocalService, startLocalService } from 'stepwright/local';
import { silentLog } from '../../src/framework/base/log/log.js';
import { Reader } from '../../src/framework/asl/definition/reader.js';
import { isOperator } from '../../src/framework/asl/jsonpath/choice-rule.js';
import { problemsIn } from '../../src/framework/asl/machine.js';

/**
 * The tables of docs/local.md. Accept a change with UPDATE_DOCS=1 STEPWRIGHT_THOROUGH=1 npm run -s jest --
 * test/docs/local-support. What is not as at AWS stands in local-support.json.
 */
const PAGE = 'docs/local.md';
const notes = JSON.parse(readFileSync('test/docs/local-support.json', 'utf8')) as Record<
  'operations' | 'states' | 'fields',
  Readonly<Record<string, string>>
>;
/** Returns a table as the formatter writes it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |\n`;
  return line(head) + line(widths.map((width) => '-'.repeat(width))) + rows.map(line).join('');
}

/** Returns where the sentence and the table under a heading of the page begin and end. */
function placeIn(text: string, heading: string): [begin: number, end: number] {
  const begin = text.indexOf('\nAs AWS: ', text.indexOf(`\n${heading}\n`)) + 1;
  const end = text.indexOf('\n\n', text.indexOf('\n| ', begin)) + 1;
  if (begin < 1 || end < begin) throw new Error(`${PAGE} has no table under ${heading}`);
  return [begin, end];
}

/** Compares the table under a heading of the page with what is not as at AWS, or writes it. All else is as at AWS. */
function holds(heading: string, kind: keyof typeof notes, all: string): void {
  const rows = Object.entries(notes[kind]).map(([name, told]) => [`\`${name}\``, told]);
  const head = [heading.slice('### '.length, -1), 'Here'];
  const wanted = `As AWS: all ${all}, except these:\n\n${table(head, rows)}`;
  const text = readFileSync(PAGE, 'utf8');
  const [begin, end] = placeIn(text, heading);
  if (process.env['UPDATE_DOCS']) writeFileSync(PAGE, text.slice(0, begin) + wanted + text.slice(end));
  const now = readFileSync(PAGE, 'utf8');
  expect(now.slice(...placeIn(now, heading))).toBe(wanted);
}

const OPERATIONS = Object.keys(sdk)
  .flatMap((name) => /^([A-Z]\w+)Command$/.exec(name)?.[1] ?? [])
  .toSorted();

test('every operation of the SDK is answered, and local.md has those that are not as at AWS', async () => {
  expect(OPERATIONS.length).toBe(37);
  expect(Object.keys(notes.operations).filter((name) => !OPERATIONS.includes(name))).toEqual([]);
  const service = await startLocalService({ port: 0 });
  const refused: string[] = [];
  for (const operation of OPERATIONS) {
    const headers = { 'x-amz-target': `AWSStepFunctions.${operation}` };
    const answer = await fetch(service.url, { method: 'POST', headers, body: '{}' });
    if (/UnsupportedOperation/.test(await answer.text())) refused.push(operation);
  }
  await service.close();
  expect(refused).toEqual([]);
  holds('### Operations', 'operations', 'operations');
});

const INNER = { StartAt: 'Inner', States: { Inner: { Type: 'Succeed' } } };
const RULE = { Next: 'Succeed' };
const RETRY = [{ ErrorEquals: ['States.ALL'] }];
const CATCH = [{ ErrorEquals: ['States.ALL'], Next: 'Succeed' }];
const STATES: Readonly<Record<string, object>> = {
  Task: { Resource: 'arn:aws:states:::sqs:sendMessage', Retry: RETRY, Catch: CATCH, Next: 'Pass' },
  Pass: { Next: 'Choice' },
  Choice: { Choices: [RULE], Default: 'Wait' },
  Wait: { Next: 'Parallel' },
  Succeed: {},
  Fail: {},
  Parallel: { Branches: [INNER], Next: 'Map' },
  Map: {
    ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED' }, ...INNER },
    ItemReader: { ReaderConfig: {} },
    ItemBatcher: {},
    ResultWriter: { WriterConfig: {} },
    Next: 'Fail',
  },
};
/** The rules of a Choice that have other fields than one with a Condition. */
const RULES = [{ Variable: '$.a', IsNull: true }, { And: [] }, { Or: [] }, { Not: {} }];

/** The fields of the Amazon States Language that are as at AWS. */
const FIELDS = `
  And Arguments Assign BackoffRate BatchInput Branches CSVDelimiter CSVHeaderLocation CSVHeaders Catch Cause
  CausePath Choices Comment Condition Default End Error ErrorEquals ErrorPath ExecutionType HeartbeatSeconds
  HeartbeatSecondsPath InputPath InputType IntervalSeconds ItemBatcher ItemProcessor ItemSelector Items
  ItemsPath ItemsPointer Iterator JitterStrategy Label ManifestType MaxAttempts MaxConcurrency
  MaxConcurrencyPath MaxDelaySeconds MaxInputBytesPerBatch MaxInputBytesPerBatchPath MaxItems MaxItemsPath
  MaxItemsPerBatch MaxItemsPerBatchPath Mode Next Not Or Output OutputPath OutputType Parameters
  ProcessorConfig QueryLanguage ReaderConfig Result ResultPath ResultSelector Retry Seconds SecondsPath StartAt
  States TimeoutSeconds TimeoutSecondsPath Timestamp TimestampPath ToleratedFailureCount
  ToleratedFailureCountPath ToleratedFailurePercentage ToleratedFailurePercentagePath Transformation Type
  Variable Version WriterConfig`
  .trim()
  .split(/\s+/);

/** The fields that the reader of definitions asks for. */
const asked = new Set<string>();

function ask(machine: object): void {
  // oxlint-disable-next-line typescript/unbound-method -- each is called with its reader
  const { json, has } = Reader.prototype;
  const spies = [
    jest.spyOn(Reader.prototype, 'json').mockImplementation(function (this: Reader, field) {
      asked.add(field);
      return json.call(this, field);
    }),
    jest.spyOn(Reader.prototype, 'has').mockImplementation(function (this: Reader, field) {
      asked.add(field);
      return has.call(this, field);
    }),
  ];
  problemsIn(JSON.stringify(machine));
  for (const spy of spies) spy.mockRestore();
}

for (const QueryLanguage of ['JSONPath', 'JSONata']) {
  const states = Object.entries(STATES).map(([Type, fields]) => [Type, { Type, ...fields }]);
  ask({ QueryLanguage, StartAt: 'Task', States: Object.fromEntries(states) as object });
}
for (const rule of RULES) {
  const Choice = { Type: 'Choice', Choices: [{ ...rule, Next: 'Choice' }] };
  ask({ StartAt: 'Choice', States: { Choice } });
}

test('every field of the language is read, and local.md has those that are not as at AWS', () => {
  const names = [...Object.keys(STATES), INNER.StartAt];
  const fields = [...asked].filter((field) => !isOperator(field) && !names.includes(field));
  expect(fields.toSorted()).toEqual([...FIELDS, ...Object.keys(notes.fields)].toSorted());
  holds('### Fields', 'fields', 'fields of the Amazon States Language');
});

test('every type of state is known, and local.md has those that are not as at AWS', () => {
  const [problem] = problemsIn(JSON.stringify({ StartAt: 'X', States: { X: { Type: 'No', End: true } } }));
  const [, types = ''] = /one of these values: \[(.+)\]/.exec(problem?.text ?? '') ?? [];
  expect(types.split(', ').toSorted()).toEqual(Object.keys(STATES).toSorted());
  holds('### States', 'states', 'types');
});

test('every comparison of a Choice is here', () => {
  const sized = ['String', 'Numeric', 'Timestamp'].flatMap((type) =>
    ['Equals', 'LessThan', 'GreaterThan', 'LessThanEquals', 'GreaterThanEquals'].map((order) => type + order),
  );
  const plain = [...sized, 'BooleanEquals'].flatMap((name) => [name, `${name}Path`]);
  const checks = ['Null', 'Present', 'Numeric', 'String', 'Boolean', 'Timestamp'].map((type) => `Is${type}`);
  const all = [...plain, ...checks, 'StringMatches'];
  expect(all.length).toBe(39);
  expect(all.filter((name) => !isOperator(name))).toEqual([]);
  expect(isOperator('StringLike')).toBe(false);
});

type Body = Readonly<Record<string, unknown>>;
const QUEUE = 'arn:aws:states:::sqs:sendMessage';
const SEND = { Type: 'Task', Resource: QUEUE, Parameters: { QueueUrl: 'q', MessageBody: 'b' }, End: true };
const machineOf = (state: object): string => JSON.stringify({ StartAt: 'S', States: { S: state } });
const mapOf = (ProcessorConfig: object): string =>
  machineOf({ Type: 'Map', ItemProcessor: { ProcessorConfig, ...INNER }, End: true });
const pass = (Result: string): string => machineOf({ Type: 'Pass', Result, End: true });
const roleArn = 'arn:aws:iam::123456789012:role/any';
const KEY = { type: 'CUSTOMER_MANAGED_KMS_KEY', kmsKeyId: 'alias/mine' };

/** A service that remembers one execution that has ended, and answers for one machine's queue. */
class Shown {
  constructor(readonly service: LocalService) {}

  async call(operation: string, body: object): Promise<Body> {
    const headers = { 'x-amz-target': `AWSStepFunctions.${operation}` };
    const answer = await fetch(this.service.url, { method: 'POST', headers, body: JSON.stringify(body) });
    return (await answer.json()) as Body;
  }

  create = (name: string, definition: string, more: object = {}): Promise<Body> =>
    this.call('CreateStateMachine', { name, definition, roleArn, ...more });

  /** Runs a machine to its end. */
  async run(name: string, definition: string, execution = 'e'): Promise<Body> {
    const { stateMachineArn } = await this.create(name, definition);
    const { executionArn } = await this.call('StartExecution', { stateMachineArn, name: execution });
    let end = await this.call('DescribeExecution', { executionArn });
    while (end['status'] === 'RUNNING') end = await this.call('DescribeExecution', { executionArn });
    return end;
  }

  /** Runs two executions, and asks for the first. */
  async forgotten(operation: string): Promise<Body> {
    const { executionArn } = await this.run('Forgotten', pass('a'), 'first');
    await this.run('Forgotten', pass('a'), 'second');
    return this.call(operation, { executionArn });
  }
}

const GONE = { message: expect.stringMatching(/^Execution Does Not Exist/) };
const NOTHING = { status: 'FAILED', cause: expect.stringContaining(`Nothing answers '${QUEUE}'`) };
/** A Map whose items come from a bucket that is none. */
const reads = (fields: object = {}): string =>
  machineOf({
    Type: 'Map',
    ItemReader: {
      Resource: 'arn:aws:states:::s3:getObject',
      Parameters: { Bucket: 'b', Key: 'k' },
      ReaderConfig: { InputType: 'CSV' },
    },
    ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED' }, ...INNER },
    ...fields,
    End: true,
  });
const FOLDER = { status: 'FAILED', cause: expect.stringContaining("s3: { 'b': './folder' }") };
const RESULTS = { Resource: 'arn:aws:states:::s3:putObject', Parameters: { Bucket: 'b' } };

/** The proof of each difference: a call, and its answer. */
const DIFFERENCES: Readonly<Record<string, [show: (shown: Shown) => Promise<unknown>, answer: unknown]>> = {
  'operations CreateActivity': [
    async (shown) => {
      const made = await shown.call('CreateActivity', { name: 'Kept', encryptionConfiguration: KEY });
      return shown.call('DescribeActivity', { activityArn: made['activityArn'] });
    },
    { encryptionConfiguration: KEY },
  ],
  'operations CreateStateMachine': [
    (shown) => {
      const cloudWatchLogsLogGroup = { logGroupArn: 'arn:aws:logs:us-east-1:123456789012:log-group:none:*' };
      const loggingConfiguration = { level: 'ALL', destinations: [{ cloudWatchLogsLogGroup }] };
      return shown.create('Logged', pass('a'), { type: 'EXPRESS', loggingConfiguration });
    },
    { stateMachineArn: expect.any(String) },
  ],
  'operations DescribeExecution': [(shown) => shown.forgotten('DescribeExecution'), GONE],
  'operations GetActivityTask': [
    async ({ service }) => {
      const activityArn = 'arn:aws:states:us-east-1:123456789012:activity:Polled';
      service.seedActivity(activityArn);
      const poll = new AbortController();
      const headers = { 'x-amz-target': 'AWSStepFunctions.GetActivityTask' };
      const body = JSON.stringify({ activityArn });
      const open = fetch(service.url, { method: 'POST', headers, body, signal: poll.signal });
      open.catch(() => undefined);
      while (service.parkedPolls === 0) await new Promise((turn) => setImmediate(turn));
      poll.abort();
      while (service.parkedPolls > 0) await new Promise((turn) => setImmediate(turn));
      return service.parkedPolls;
    },
    0,
  ],
  'operations GetExecutionHistory': [(shown) => shown.forgotten('GetExecutionHistory'), GONE],
  'operations DescribeMapRun': [
    async (shown) => {
      const { executionArn } = await shown.run('Read', reads());
      const { mapRuns } = (await shown.call('ListMapRuns', { executionArn })) as { mapRuns: Body[] };
      return shown.call('DescribeMapRun', { mapRunArn: mapRuns[0]?.['mapRunArn'] });
    },
    { itemCounts: { total: 0 } },
  ],
  'operations ListExecutions': [
    async (shown) => {
      const definition = mapOf({ Mode: 'DISTRIBUTED' });
      const { stateMachineArn } = await shown.create('Mapped', definition);
      const { executionArn } = await shown.call('StartExecution', { stateMachineArn, input: '[1,2]' });
      let end = await shown.call('DescribeExecution', { executionArn });
      while (end['status'] === 'RUNNING') end = await shown.call('DescribeExecution', { executionArn });
      const { mapRuns } = (await shown.call('ListMapRuns', { executionArn })) as { mapRuns: Body[] };
      return shown.call('ListExecutions', { mapRunArn: mapRuns[0]?.['mapRunArn'] });
    },
    // One execution is kept: that of the parent.
    { executions: [] },
  ],
  'operations StartSyncExecution': [
    async (shown) => {
      const { stateMachineArn } = await shown.create('M', pass('a'.repeat(200_000)), { type: 'EXPRESS' });
      return shown.call('StartSyncExecution', { stateMachineArn });
    },
    { billingDetails: { billedMemoryUsedInMB: 64 } },
  ],
  'operations StartExecution': [
    async (shown) => {
      await shown.forgotten('DescribeExecution');
      return shown.run('Forgotten', pass('a'), 'first');
    },
    { status: 'SUCCEEDED' },
  ],
  'operations TestState': [
    (shown) => shown.call('TestState', { definition: JSON.stringify(SEND), roleArn, input: '{}' }),
    { status: 'FAILED', cause: expect.stringContaining('Nothing answers') },
  ],
  'operations UpdateStateMachine': [
    async (shown) => {
      const { stateMachineArn } = await shown.create('Updated', pass('a'));
      await shown.call('UpdateStateMachine', { stateMachineArn, definition: pass('b') });
      return shown.run('Updated', pass('b'));
    },
    { output: '"b"' },
  ],
  'operations ValidateStateMachineDefinition': [
    (shown) =>
      shown.call('ValidateStateMachineDefinition', {
        definition: machineOf({ Type: 'Pass', InputPath: '$[?(@.a all [1])]', End: true }),
      }),
    { result: 'FAIL' },
  ],
  'states Map': [(shown) => shown.run('Read', reads()), FOLDER],
  'states Task': [(shown) => shown.run('Unanswered', machineOf(SEND)), NOTHING],
  'fields Credentials': [
    async (shown) => {
      const definition = machineOf({ ...SEND, Credentials: { RoleArn: roleArn } });
      const { executionArn } = await shown.run('Answered', definition);
      const { events } = await shown.call('GetExecutionHistory', { executionArn });
      return JSON.stringify(events);
    },
    expect.stringContaining(`"taskCredentials":{"roleArn":"${roleArn}"}`),
  ],
  'fields ItemReader': [(shown) => shown.run('Read', reads()), FOLDER],
  'fields ResultWriter': [
    (shown) => shown.run('Written', reads({ ItemReader: undefined, ResultWriter: RESULTS })),
    FOLDER,
  ],
  'fields Resource': [
    async (shown) => [
      await shown.run('Unanswered', machineOf(SEND)),
      await shown.run('Answered', machineOf(SEND)),
    ],
    [NOTHING, { output: '"sent"' }],
  ],
};

describe('each row is so', () => {
  const rows = Object.entries(notes).flatMap(([kind, told]) =>
    Object.keys(told).map((name) => `${kind} ${name}`),
  );
  test('and no other is shown', () => {
    expect(Object.keys(DIFFERENCES).toSorted()).toEqual(rows.toSorted());
  });

  test.each(Object.entries(DIFFERENCES))('%s', async (_name, [show, answer]) => {
    const mocks = { 'Answered.S': { output: 'sent' } };
    const service = await startLocalService({ port: 0, keptExecutions: 1, mocks, log: silentLog });
    const got: unknown = await show(new Shown(service));
    await service.close();
    expect({ got }).toMatchObject({ got: answer });
  });
});

test('numbers are those of JavaScript: a whole number above 2^53 is rounded where it is read', async () => {
  const service = await startLocalService({ port: 0, log: silentLog });
  const shown = new Shown(service);
  // AWS keeps whole numbers of 64 bits. Measured: floci-io/floci, JsonataEvaluatorTest.
  const Result = '{% $parse("[9007199254740993]") %}';
  const definition = JSON.stringify({
    QueryLanguage: 'JSONata',
    StartAt: 'S',
    States: { S: { Type: 'Pass', Output: Result, End: true } },
  });
  const end = await shown.run('Big', definition);
  await service.close();
  expect(end['output']).toBe('[9007199254740992]');
});
