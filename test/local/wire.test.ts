import { describe, expect, test } from '@jest/globals';
import * as sdk from '@aws-sdk/client-sfn';
import { OWN_OPERATIONS } from '../../src/framework/base/local-protocol.js';
import { OPERATIONS } from '../../src/framework/local/api/operations/operations.js';
import { openBench, ROLE, type Bench } from './service.js';

const ARN = 'arn:aws:states:us-east-1:123456789012:activity:A';
const MACHINE = 'arn:aws:states:us-east-1:123456789012:stateMachine:M';
const EXECUTION = 'arn:aws:states:us-east-1:123456789012:execution:M:E';
const SWF = 'com.amazonaws.swf.service.v2.model#';
const TASK = JSON.stringify({ StartAt: 'X', States: { X: { Type: 'Task', Resource: ARN, End: true } } });
const PASS = JSON.stringify({ StartAt: 'X', States: { X: { Type: 'Pass', End: true } } });

const OWN_KEY = { type: 'CUSTOMER_MANAGED_KMS_KEY', kmsKeyId: 'alias/mine' };

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** Makes a call over HTTP, without the SDK. */
async function call(
  { service }: Bench,
  operation: string,
  body: object | string,
  headers = {},
  signal?: AbortSignal,
): Promise<Answer> {
  const response = await fetch(service.url, {
    method: 'POST',
    headers: {
      'x-amz-target': `AWSStepFunctions.${operation}`,
      'content-type': 'application/x-amz-json-1.0',
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal && { signal }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: JSON.parse(text) as Answer['body'] };
}

/** Makes an activity, a machine on it, an ended and a running execution, and the token of its task. */
async function prepared(): Promise<Bench & { live: string }> {
  const bench = await openBench();
  await call(bench, 'CreateActivity', { name: 'A' });
  await call(bench, 'CreateStateMachine', { name: 'M', definition: TASK, roleArn: ROLE });
  const tokens: string[] = [];
  for (const name of ['old', 'E']) {
    await call(bench, 'StartExecution', { stateMachineArn: MACHINE, name, input: '{"a":1}' });
    const { body } = await call(bench, 'GetActivityTask', { activityArn: ARN });
    tokens.push(String(body['taskToken']));
  }
  const [closed = '', live = ''] = tokens;
  await call(bench, 'SendTaskSuccess', { taskToken: closed, output: '1' });
  return { ...bench, live };
}

describe('a call that is refused', () => {
  test.each([
    [
      'an input that is not JSON',
      'StartExecution',
      { stateMachineArn: MACHINE, input: 'no' },
      'InvalidExecutionInput',
      "Invalid State Machine Execution Input: '",
    ],
    [
      'an input that ends too early',
      'StartExecution',
      { stateMachineArn: MACHINE, input: '{' },
      'InvalidExecutionInput',
      'expected close marker for Object',
    ],
    [
      'an output that is no string',
      'SendTaskSuccess',
      { taskToken: 'x', output: { a: 1 } },
      'SerializationException',
      "Expected 'output' to be a string",
    ],
    [
      'a number that is no integer',
      'ListActivities',
      { maxResults: '5' },
      'SerializationException',
      "Expected 'maxResults' to be an integer",
    ],
    [
      'a page of one and a half',
      'ListActivities',
      { maxResults: 1.5 },
      'SerializationException',
      "Expected 'maxResults' to be an integer",
    ],
    [
      'a boolean that is none',
      'GetExecutionHistory',
      { executionArn: EXECUTION, reverseOrder: 'yes' },
      'SerializationException',
      "Expected 'reverseOrder' to be a boolean",
    ],
    [
      'a definition that is not JSON',
      'CreateStateMachine',
      { name: 'N', definition: '{', roleArn: ROLE },
      'InvalidDefinition',
      "Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: ",
    ],
    [
      'a Wait of one and a half seconds, for that alone,',
      'CreateStateMachine',
      { name: 'N', definition: PASS.replace('"Pass"', '"Wait","Seconds":1.5'), roleArn: ROLE },
      'InvalidDefinition',
      "'SCHEMA_VALIDATION_FAILED: Expected 'Seconds' to be an integer from 0 to 99999999 at /States/X/Seconds'",
    ],
    [
      'a target that is missing',
      'CreateStateMachine',
      { name: 'N', definition: PASS.replace('"End":true', '"Next":"Y"'), roleArn: ROLE },
      'InvalidDefinition',
      'at /States/X/Next',
    ],
    [
      'an operation that is not there',
      'DescribeNothing',
      {},
      'UnsupportedOperation',
      'the operation DescribeNothing',
    ],
    [
      'a map run that is not there',
      'DescribeMapRun',
      { mapRunArn: `${MACHINE.replace('stateMachine', 'mapRun')}/L:1` },
      'ResourceNotFound',
      'Resource not found: ',
    ],
    [
      'a role that is no ARN',
      'CreateStateMachine',
      { name: 'N', definition: PASS, roleArn: 'me' },
      'InvalidArn',
      "Invalid Role Arn: 'me'",
    ],
    [
      'a key without its id',
      'CreateActivity',
      { name: 'A', encryptionConfiguration: { type: 'CUSTOMER_MANAGED_KMS_KEY' } },
      'InvalidEncryptionConfiguration',
      "'kmsKeyId' must be given",
    ],
    [
      'a level of logs that there is not',
      'CreateStateMachine',
      { name: 'N', definition: PASS, roleArn: ROLE, loggingConfiguration: { level: 'LOUD' } },
      'ValidationException',
      "Value 'LOUD' at 'loggingConfiguration.level'",
    ],
    [
      'a filter for map runs',
      'ListExecutions',
      { stateMachineArn: MACHINE, redriveFilter: 'REDRIVEN' },
      'ValidationException',
      "'redriveFilter'",
    ],
    [
      'a fifty-first tag',
      'TagResource',
      {
        resourceArn: MACHINE,
        tags: Array.from({ length: 51 }, (_, i) => ({ key: `k${i}`, value: '' })),
      },
      'TooManyTags',
      'at most 50 tags',
    ],
  ])('%s is refused', async (_title, operation, body, name, part) => {
    const bench = await prepared();
    const { status, body: answer } = await call(bench, operation, body);
    expect(status).toBe(400);
    expect(answer['__type']).toMatch(new RegExp(`#${name}$`));
    expect(answer['message']).toContain(part);
  });

  test.each(['', '[]', '"x"', '{', 'null'])('a body that is %j is answered', async (body) => {
    const bench = await openBench();
    expect((await call(bench, 'CreateActivity', body)).status).toBe(400);
  });

  test.each<[what: string, operation: string, body: (deep: string) => string, type: string]>([
    ['a body', 'CreateActivity', (deep) => `{"name":${deep}}`, 'SerializationException'],
    [
      'an input',
      'StartExecution',
      (input) => JSON.stringify({ stateMachineArn: MACHINE, input }),
      'InvalidExecutionInput',
    ],
    [
      'an output',
      'SendTaskSuccess',
      (output) => JSON.stringify({ taskToken: 'LIVE', output }),
      'InvalidOutput',
    ],
    [
      'a definition',
      'CreateStateMachine',
      (definition) => JSON.stringify({ name: 'D', definition, roleArn: ROLE }),
      'InvalidDefinition',
    ],
  ])('%s that is nested too deeply is refused', async (_what, operation, body, type) => {
    const bench = await prepared();
    for (const depth of [1_001, 100_000]) {
      const text = body('['.repeat(depth) + ']'.repeat(depth)).replace('"LIVE"', JSON.stringify(bench.live));
      const { status, body: answer } = await call(bench, operation, text);
      expect({ status, type: answer['__type'] }).toEqual({
        status: 400,
        type: expect.stringMatching(`#${type}$`),
      });
    }
  });

  const deep = `${'['.repeat(1_001)}${']'.repeat(1_001)}`;

  test.each([
    ['brackets in a string', ['['.repeat(2_000)]],
    ['brackets behind an escaped quote', ['"' + '['.repeat(2_000)]],
    ['brackets behind an escaped backslash and a quote', ['\\"' + '['.repeat(2_000), '\\']],
    ['a string of quotes and one of backslashes', ['"'.repeat(999), '\\'.repeat(999), '[']],
  ])('an input with %s is not nested', async (_what, value) => {
    const bench = await prepared();
    const input = JSON.stringify(value);
    const { status } = await call(bench, 'StartExecution', { stateMachineArn: MACHINE, input });
    expect(status).toBe(200);
  });

  test.each([
    ['a string that ends in a backslash', JSON.stringify('\\')],
    ['one that ends in a quote', JSON.stringify('"')],
    ['one that ends in both', JSON.stringify('\\"\\')],
    ['an empty one', '""'],
  ])('what is nested too deeply behind %s is refused', async (_what, text) => {
    const bench = await prepared();
    const input = `[${text},${deep}]`;
    const { body } = await call(bench, 'StartExecution', { stateMachineArn: MACHINE, input });
    expect(body['__type']).toMatch(/#InvalidExecutionInput$/);
  });

  test('a string that does not end is refused', async () => {
    const bench = await prepared();
    const input = `["${'\\"'.repeat(1_000)}`;
    const { body } = await call(bench, 'StartExecution', { stateMachineArn: MACHINE, input });
    expect(body['__type']).toMatch(/#InvalidExecutionInput$/);
  });

  test('a body beyond the limit is refused', async () => {
    const bench = await openBench({ bodyLimitBytes: 1_000 });
    expect((await call(bench, 'CreateActivity', { name: 'x'.repeat(2_000) })).status).toBe(413);
  });
});

describe('repeating a call', () => {
  test('creates an activity once, and one machine for one definition', async () => {
    const bench = await openBench();
    for (const [operation, body] of [
      ['CreateActivity', { name: 'A' }],
      ['CreateStateMachine', { name: 'M', definition: PASS, roleArn: ROLE }],
    ] as const) {
      const first = await call(bench, operation, body);
      await bench.clock.advance(5_000);
      expect((await call(bench, operation, body)).body).toEqual(first.body);
    }
  });

  test('starts one execution while it runs, under one name with one input', async () => {
    const bench = await prepared();
    const again = { stateMachineArn: MACHINE, name: 'E', input: '{"a":1}' };
    const first = await call(bench, 'StartExecution', again);
    await bench.clock.advance(5_000);
    expect((await call(bench, 'StartExecution', again)).body).toEqual(first.body);
  });

  test('deletes an activity and a machine that are gone already', async () => {
    const bench = await openBench();
    expect((await call(bench, 'DeleteActivity', { activityArn: ARN })).body).toEqual({});
    expect((await call(bench, 'DeleteStateMachine', { stateMachineArn: MACHINE })).body).toEqual({});
  });
});

describe('what is described', () => {
  test('an activity', async () => {
    const bench = await prepared();
    expect((await call(bench, 'DescribeActivity', { activityArn: ARN })).body).toEqual({
      activityArn: ARN,
      name: 'A',
      creationDate: 1767225600,
      encryptionConfiguration: { type: 'AWS_OWNED_KEY' },
    });
  });

  test('an execution while it runs, and after', async () => {
    const bench = await prepared();
    const running = {
      executionArn: EXECUTION,
      stateMachineArn: MACHINE,
      name: 'E',
      status: 'RUNNING',
      startDate: 1767225600,
      input: '{"a":1}',
      inputDetails: { included: true },
      redriveCount: 0,
      redriveStatus: 'NOT_REDRIVABLE',
      redriveStatusReason: 'Execution is RUNNING and cannot be redriven',
    };
    expect((await call(bench, 'DescribeExecution', { executionArn: EXECUTION })).body).toEqual(running);
    await bench.clock.advance(1_500);
    await call(bench, 'SendTaskSuccess', { taskToken: bench.live, output: '2' });
    expect((await call(bench, 'DescribeExecution', { executionArn: EXECUTION })).body).toEqual({
      ...running,
      status: 'SUCCEEDED',
      stopDate: 1767225601.5,
      output: '2',
      outputDetails: { included: true },
      redriveStatusReason: 'Execution is SUCCEEDED and cannot be redriven',
    });
  });

  test('lists in pages, executions the latest first and by status', async () => {
    const bench = await prepared();
    for (const name of ['x', 'y', 'z']) {
      await call(bench, 'StartExecution', { stateMachineArn: MACHINE, name });
    }
    const names: string[] = [];
    let nextToken: unknown;
    do {
      const body = { stateMachineArn: MACHINE, maxResults: 2, ...(nextToken !== undefined && { nextToken }) };
      const page = (await call(bench, 'ListExecutions', body)).body;
      for (const { name } of page['executions'] as { name: string }[]) names.push(name);
      nextToken = page['nextToken'];
    } while (nextToken !== undefined);
    expect(names).toEqual(['z', 'y', 'x', 'E', 'old']);
    const done = await call(bench, 'ListExecutions', { stateMachineArn: MACHINE, statusFilter: 'SUCCEEDED' });
    expect(done.body['executions']).toMatchObject([
      { name: 'old', status: 'SUCCEEDED', stopDate: 1767225600 },
    ]);
    expect((await call(bench, 'ListActivities', { nextToken: 'bogus' })).body['__type']).toBe(
      `${SWF}InvalidToken`,
    );
  });

  test('a history in pages, from its end, and without data', async () => {
    const bench = await prepared();
    const first = await call(bench, 'GetExecutionHistory', { executionArn: EXECUTION, maxResults: 3 });
    expect(first.body['events']).toMatchObject([{ id: 1 }, { id: 2 }, { id: 3 }]);
    const rest = await call(bench, 'GetExecutionHistory', {
      executionArn: EXECUTION,
      maxResults: 3,
      nextToken: first.body['nextToken'],
    });
    expect(rest.body).toMatchObject({ events: [{ id: 4 }] });
    expect(rest.body).not.toHaveProperty('nextToken');
    const reverse = { executionArn: EXECUTION, reverseOrder: true, includeExecutionData: false };
    const { body } = await call(bench, 'GetExecutionHistory', reverse);
    expect(body['events']).toMatchObject([{ id: 4 }, { id: 3 }, { id: 2 }, { id: 1 }]);
    expect(JSON.stringify(body)).not.toContain('"input"');
  });

  test('a resource belongs to the region that the request was signed for, and is found from any', async () => {
    const bench = await openBench();
    const authorization =
      'AWS4-HMAC-SHA256 Credential=local/20260101/eu-west-1/states/aws4_request, SignedHeaders=host, Signature=0';
    const { body } = await call(bench, 'CreateActivity', { name: 'A' }, { authorization });
    const activityArn = 'arn:aws:states:eu-west-1:123456789012:activity:A';
    expect(body['activityArn']).toBe(activityArn);
    expect((await call(bench, 'DescribeActivity', { activityArn })).status).toBe(200);
  });
});

test('a key of its own is kept and described, and data is left out where it is not asked for', async () => {
  const bench = await prepared();
  await call(bench, 'CreateActivity', { name: 'Keyed', encryptionConfiguration: OWN_KEY });
  const activityArn = 'arn:aws:states:us-east-1:123456789012:activity:Keyed';
  const activity = await call(bench, 'DescribeActivity', { activityArn });
  expect(activity.body).toMatchObject({ encryptionConfiguration: OWN_KEY });
  const again = await call(bench, 'CreateActivity', { name: 'Keyed' });
  expect(again.body).toMatchObject({ message: `Activity Already Exists: '${activityArn}'` });
  const machine = { name: 'N', definition: PASS, roleArn: ROLE, encryptionConfiguration: OWN_KEY };
  const { body } = await call(bench, 'CreateStateMachine', machine);
  const asked = { stateMachineArn: body['stateMachineArn'], includedData: 'METADATA_ONLY' };
  const described = await call(bench, 'DescribeStateMachine', asked);
  expect(described.body).toMatchObject({ encryptionConfiguration: OWN_KEY, definition: '{}' });
});

describe('a state that is tested by itself', () => {
  const tested = (bench: Bench, state: object, signal?: AbortSignal): Promise<Answer> =>
    call(bench, 'TestState', { definition: JSON.stringify(state) }, {}, signal);

  test('waits as long as it would in an execution, but at most for five minutes', async () => {
    const bench = await openBench();
    const answers = [7, 400].map((Seconds) => tested(bench, { Type: 'Wait', Seconds, End: true }));
    await bench.clock.settle();
    await bench.clock.advance(300_000);
    const [waited, late] = await Promise.all(answers);
    expect(waited?.body).toEqual({ status: 'SUCCEEDED', output: '{}' });
    expect(late?.body).toEqual({ status: 'FAILED', error: 'States.Timeout' });
  });

  test('ends when its caller has gone', async () => {
    const bench = await openBench();
    const wait = { Type: 'Wait', Seconds: 60, End: true };
    const gone = new AbortController();
    const asked = [1, 2].map(() => tested(bench, wait, gone.signal).catch(() => undefined));
    await bench.clock.settle(() => bench.clock.pending > 0);
    await bench.clock.settle();
    gone.abort();
    await Promise.all(asked);
    await bench.clock.settle(() => bench.clock.pending === 0);
    expect((await tested(bench, { Type: 'Succeed' })).body['status']).toBe('SUCCEEDED');
  });
});

test('every operation is one of the SDK, or is named as one that only the local service has', () => {
  const strange = [...OPERATIONS.keys()].filter((name) => !(`${name}Command` in sdk));
  expect(strange.filter((name) => !OWN_OPERATIONS.includes(name))).toEqual([]);
  expect(OWN_OPERATIONS.filter((name) => !name.startsWith('StepwrightLocal.'))).toEqual([]);
});
