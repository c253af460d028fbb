import { silentLog } from '../../src/framework/base/log/log.js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as sdk from '@aws-sdk/client-sfn';
import { startLocalService, type LocalService } from 'stepwright/local';

/** A type in the SDK's own schemas: a text (0), a number (1), a truth value (2), a reference, or a list of its parts. */
type Schema = number | (() => Schema) | readonly unknown[];

/** A member of a request at any depth, and a function that makes a request of a value for it. */
interface Member {
  readonly operation: string;
  /** The path of the member as an error message shows it. */
  readonly path: string;
  readonly name: string;
  readonly type: number | readonly unknown[];
  readonly request: (value: unknown) => object;
}

const LIST = 1;
const STRUCTURE = 3;

/** Follows references. A text with traits, as of a secret, is a text. */
function resolve(schema: Schema): number | readonly unknown[] {
  if (typeof schema === 'number') return schema & 64 ? [LIST, '', '', 0, schema & 63] : schema;
  if (typeof schema === 'function') return resolve(schema());
  const [head] = schema;
  if (typeof head === 'function') return resolve((head as () => Schema)());
  return head === LIST || head === STRUCTURE ? schema : 0;
}

/** Returns the members of a structure, and those of the structures in it. */
function membersOf(operation: string, schema: Schema, path: string, request: Member['request']): Member[] {
  const structure = resolve(schema);
  if (typeof structure === 'number' || structure[0] !== STRUCTURE) return [];
  const [names, types] = structure.slice(4) as [string[], Schema[]];
  return names.flatMap((name, i) => {
    const type = resolve(types[i] ?? 0);
    const at = `${path}${name}`;
    const made = (value: unknown): object => request({ [name]: value });
    const own = { operation, path: at, name, type, request: made };
    if (typeof type === 'number') return [own];
    if (type[0] === STRUCTURE) return [own, ...membersOf(operation, type, `${at}.`, made)];
    return [own, ...membersOf(operation, type[4] as Schema, `${at}.1.member.`, (each) => made([each]))];
  });
}

const REQUESTS = Object.entries(sdk as unknown as Record<string, Schema>).flatMap(([name, schema]) => {
  const [, operation] = /^(\w+)Input\$$/.exec(name) ?? [];
  return operation !== undefined && `${operation}Command` in sdk ? [{ operation, schema }] : [];
});

/** The least and the most of each member by its name, as the service's model in the SDKs has them. */
const BOUNDS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  activityArn: [1, 256],
  cause: [0, 32_768],
  clientToken: [1, 64],
  context: [0, 262_144],
  definition: [1, 1_048_576],
  description: [0, 256],
  error: [0, 256],
  errorCausedByState: [1, 80],
  executionArn: [1, 256],
  input: [0, 262_144],
  key: [1, 128],
  kmsDataKeyReusePeriodSeconds: [60, 900],
  kmsKeyId: [1, 2_048],
  logGroupArn: [1, 256],
  mapItemReaderData: [0, 262_144],
  mapIterationFailureCount: [0, Infinity],
  mapRunArn: [1, 2_000],
  maxConcurrency: [0, Infinity],
  maxResults: [0, 1_000],
  name: [1, 80],
  nextToken: [1, 1_024],
  output: [0, 262_144],
  resourceArn: [1, 256],
  result: [0, 262_144],
  retrierRetryCount: [0, Infinity],
  roleArn: [1, 256],
  stateMachineAliasArn: [1, 256],
  stateMachineArn: [1, 256],
  stateMachineVersionArn: [1, 256],
  stateName: [1, 80],
  taskToken: [1, 2_048],
  toleratedFailureCount: [0, Infinity],
  toleratedFailurePercentage: [0, 100],
  traceHeader: [0, 256],
  value: [0, 256],
  variables: [0, 262_144],
  versionDescription: [0, 256],
  weight: [0, 100],
  workerName: [1, 80],
  // The bounds that one operation alone has.
  'DeleteStateMachineVersion stateMachineVersionArn': [1, 2_000],
  'GetExecutionHistory nextToken': [1, 3_096],
  'ListExecutions nextToken': [1, 3_096],
  'ValidateStateMachineDefinition definition': [0, 1_048_576],
  'ValidateStateMachineDefinition maxResults': [0, 100],
};
/** Texts that have a few values only, and one that has any length. */
const ENUMS = new Set(
  'type level statusFilter redriveFilter includedData severity inspectionLevel fieldValidationMode'.split(
    ' ',
  ),
);
const UNBOUNDED = new Set(['revisionId']);

let service: LocalService;
beforeAll(async () => {
  service = await startLocalService({ port: 0 });
});
afterAll(() => service.close());

async function call(
  operation: string,
  body: object,
  { url } = service,
): Promise<{ __type?: string; message?: string; nextToken?: string }> {
  const headers = { 'x-amz-target': `AWSStepFunctions.${operation}` };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return (await answer.json()) as object;
}

const members = REQUESTS.flatMap(({ operation, schema }) =>
  membersOf(operation, schema, '', (value) => value as object),
);

test('each of the 37 operations of the SDK is answered', async () => {
  expect(REQUESTS.length).toBe(37);
  const refused: string[] = [];
  for (const { operation } of REQUESTS) {
    const { __type: type = '' } = await call(operation, {});
    if (type.endsWith('#UnsupportedOperation')) refused.push(operation);
  }
  expect(refused).toEqual([]);
});

test('a parameter that the service does not know is ignored, and the log says so once', async () => {
  const warnings: (string | object)[] = [];
  const log = { ...silentLog, warn: (fields: string | object) => void warnings.push(fields) };
  const logged = await startLocalService({ port: 0, log });
  const tags = [{ key: 'a', value: 'b', unheard: 1 }];
  for (const name of ['A', 'B']) {
    const list = await call('ListActivities', { unheard: 1, no: null }, logged);
    expect(list.message).toBeUndefined();
    await call('CreateActivity', { name, tags }, logged);
  }
  await logged.close();
  expect(warnings).toEqual([
    { operation: 'ListActivities', parameter: 'unheard' },
    { operation: 'CreateActivity', parameter: 'tags.1.member.unheard' },
  ]);
});

test('a token of a list is taken by that list alone', async () => {
  for (const name of ['A', 'B']) await call('CreateActivity', { name });
  const { nextToken } = await call('ListActivities', { maxResults: 1 });
  expect(await call('ListActivities', { nextToken })).toMatchObject({ activities: [{ name: 'B' }] });
  const other = await call('ListStateMachines', { nextToken });
  expect(other).toMatchObject({ __type: expect.stringMatching(/#InvalidToken$/) });
});

test('no member of any request is ignored: one of another type is refused by its path', async () => {
  expect(members.length).toBeGreaterThan(100);
  for (const { operation, path, type, request } of members) {
    const { message } = await call(operation, request(typeof type === 'number' ? { odd: 1 } : 7));
    expect([operation, message]).toEqual([
      operation,
      expect.stringContaining(`Expected '${path.replace(/\.1\.member$/, '')}' to be a`),
    ]);
  }
});

/** Returns values that a member must not have, each with the constraint that the answer names. */
function outside({ operation, path, name, type }: Member): [value: unknown, constraint: string][] {
  if (typeof type !== 'number' || type === 2 || UNBOUNDED.has(name)) return [];
  if (ENUMS.has(name)) return [['odd', 'satisfy enum value set: [']];
  const bounds = BOUNDS[`${operation} ${name}`] ?? BOUNDS[name];
  if (!bounds) throw new Error(`${operation} ${path} has no bounds here`);
  const [least, most] = bounds;
  const isNumber = type === 1;
  const what = `have ${isNumber ? 'value' : 'length'}`;
  const sized = (size: number): unknown => (isNumber ? size : 'x'.repeat(size));
  const values: [unknown, string][] = [];
  if (most !== Infinity) values.push([sized(most + 1), `${what} less than or equal to ${most}`]);
  if (least > 0 || isNumber) values.push([sized(least - 1), `${what} greater than or equal to ${least}`]);
  return values;
}

test('every text and number has the bounds of the service', async () => {
  const attempts = members.flatMap((member) =>
    outside(member).map(([value, constraint]) => ({ ...member, value, constraint })),
  );
  expect(attempts.length).toBeGreaterThan(100);
  for (const { operation, path, request, value, constraint } of attempts) {
    const { message } = await call(operation, request(value));
    const wanted = `at '${path}' failed to satisfy constraint: Member must ${constraint}`;
    expect([operation, message]).toEqual([operation, expect.stringContaining(wanted)]);
  }
});

test('a token that no page has given is refused by every list, and maxResults 0 is the default', async () => {
  const definition = JSON.stringify({ StartAt: 'X', States: { X: { Type: 'Succeed' } } });
  const stateMachineArn = service.seedMachine({ name: 'M', definition });
  const { executionArn = '' } = (await call('StartExecution', { stateMachineArn, name: 'E' })) as {
    executionArn?: string;
  };
  const lists = members.filter(({ name }) => name === 'nextToken').map(({ operation }) => operation);
  expect(lists.length).toBe(7);
  for (const operation of lists) {
    const isOfExecution = ['GetExecutionHistory', 'ListMapRuns'].includes(operation);
    const of = isOfExecution ? { executionArn } : { stateMachineArn };
    const body = ['ListActivities', 'ListStateMachines'].includes(operation) ? {} : of;
    const garbage = await call(operation, { ...body, nextToken: 'garbage' });
    expect([operation, garbage.message]).toEqual([operation, "Invalid Token: 'Invalid token'"]);
    const whole = await call(operation, { ...body, maxResults: 0 });
    expect([operation, whole.message, 'nextToken' in whole]).toEqual([operation, undefined, false]);
  }
});
