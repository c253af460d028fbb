import 'reflect-metadata';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { Activity, type Config, Handle, Idempotent, type ObjectStore, type Store } from 'stepwright';
import type { Finding } from '../../../src/framework/cli/doctor/finding.js';
import { lookAtStores } from '../../../src/framework/cli/doctor/stores.js';
import { type Clock, systemClock } from '../../../src/framework/base/time/clock.js';
import { StoreError } from '../../../src/framework/base/store/store-error.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { makePlan } from '../../../src/framework/worker/build/plan.js';
import { memoryStore } from '../../../src/framework/worker/keep/memory.js';
import { dynamoDbError, s3Error, TroubledProxy } from '../../support/crash/proxy.js';
import { createTable, dynamoDbAt, s3At, sendTo, startStores } from '../../aws/stores/stores.js';
import { replaced } from '../../support/replaced-store.js';
import { activity } from '../../support/work.js';
import { ARN } from '../../support/world.js';

const moto = await startStores();
const between = await new TroubledProxy(moto?.url).open();
const withMoto = moto ? describe : describe.skip;
const url = moto?.url ?? '';
afterEach(() => between.reset());
afterAll(async () => {
  between.close();
  await moto?.stop();
});

async function examined(config: Config, clock: Clock = systemClock): Promise<Finding[]> {
  const activities = [activity(() => {})];
  const plan = await makePlan({
    config: { activities, endpoint: 'local', ...config },
    env: {},
    baseDir: '.',
  });
  return lookAtStores(plan, clock);
}

const told = (findings: readonly Finding[]): string[] =>
  findings.map(({ verdict, got }) => `${verdict}: ${got}`);

/** A store that fails in one method. */
const failing = (method: keyof Store, error: unknown): Store =>
  replaced(memoryStore(), { [method]: () => Promise.reject(error) });

test('a config without a store has nothing to look at', async () => {
  expect(await examined({})).toEqual([]);
});

test('a store that several options name is examined once, and nothing is left in it', async () => {
  const store = memoryStore();
  const findings = await examined({
    outbox: { store },
    deferred: { store },
    checkpoint: { store, key: () => 'k' },
  });
  expect(findings).toEqual([
    {
      check: 'store',
      verdict: 'ok',
      subject: 'memory (outbox, deferred, checkpoint)',
      expected: 'a record can be written, read and removed',
      got: 'a record was written, read and removed',
    },
  ]);
  expect(await store.list('')).toEqual({ keys: [] });
});

test('a store that only a handler or an interceptor names is examined', async () => {
  const store = (what: string): Store => failing('get', new StoreError('denied', what));
  const key = (): string => 'k';
  class Extended extends Idempotent({ store: store('extended'), key }) {}

  @Activity(ARN, { checkpoint: { store: store('checkpoint'), key } })
  class Work {
    @Handle({ input: 'any', interceptors: [Idempotent({ store: store('of the handler'), key }), Extended] })
    run(): void {}
  }
  const interceptors = [Idempotent({ store: store('of all'), key })];
  const findings = await examined({ activities: [Work], interceptors });
  expect(findings.map(({ verdict, subject, got }) => [verdict, subject, got])).toEqual([
    ['fault', 'memory (checkpoint)', 'checkpoint'],
    ['fault', 'memory (Idempotent)', 'of all'],
    ['fault', 'memory (Idempotent)', 'of the handler'],
    ['fault', 'memory (Idempotent)', 'extended'],
  ]);
});

test.each(['putIfAbsent', 'get', 'list', 'replace', 'deleteIf', 'delete'] as const)(
  'a store whose %s fails is a fault',
  async (method) => {
    const store = failing(method, new StoreError('denied', 'it is locked'));
    expect(await examined({ outbox: { store } })).toMatchObject([
      { verdict: 'fault', got: 'it is locked', fix: 'create or allow what the message names' },
    ]);
  },
);

test('a store that does not answer is a fault after 10 s', async () => {
  const clock = new HandClock(0);
  let asked = false;
  const hanging = new Promise<never>(() => {});
  const slow: Store = Object.assign(memoryStore(), {
    putIfAbsent: () => {
      asked = true;
      return hanging;
    },
  });
  const examining = examined({ outbox: { store: slow } }, clock);
  await clock.settle(() => asked);
  await clock.advance(10_000);
  expect(told(await examining)).toEqual(['fault: no answer within 10 s']);
});

test('a store that forgets is a fault', async () => {
  const store: Store = Object.assign(memoryStore(), { get: () => Promise.resolve(undefined) });
  expect(told(await examined({ outbox: { store } }))).toEqual([
    'fault: a record that was just written is not there',
  ]);
});

withMoto('a bucket', () => {
  const look = (store: ObjectStore = s3At(url)): Promise<Finding[]> => examined({ payloads: { store } });
  const rules = (...Rules: object[]): Promise<unknown> =>
    sendTo('s3', url, [
      'PutBucketLifecycleConfiguration',
      { Bucket: 'kept', LifecycleConfiguration: { Rules } },
    ]);
  const rule = { ID: 'old', Status: 'Enabled', Filter: { Prefix: 'tests/' } };

  test('without a rule is a warning, with the command that adds one', async () => {
    const [, lifecycle] = await look();
    expect(lifecycle).toMatchObject({
      verdict: 'warning',
      got: 'there is none, so that what has ended stays',
      fix: expect.stringContaining('"Filter":{"Prefix":"tests/"}'),
    });
  });

  test.each<[string, object, string[]]>([
    ['that deletes', { ...rule, Expiration: { Days: 30 } }, ['ok: the rule old deletes them after 30 days']],
    [
      'for the whole bucket',
      { ...rule, Filter: { Prefix: '' }, Expiration: { Days: 30 } },
      ['ok: the rule old deletes them after 30 days'],
    ],
    [
      'that is off',
      { ...rule, Status: 'Disabled', Expiration: { Days: 30 } },
      ['warning: there is none, so that what has ended stays'],
    ],
    [
      'for another prefix',
      { ...rule, Filter: { Prefix: 'other/' }, Expiration: { Days: 30 } },
      ['warning: there is none, so that what has ended stays'],
    ],
    [
      'for a part of the prefix',
      { ...rule, Filter: { Prefix: 'tests/payloads/' }, Expiration: { Days: 30 } },
      ['warning: there is none, so that what has ended stays'],
    ],
    [
      'that archives',
      { ...rule, Expiration: { Days: 400 }, Transitions: [{ Days: 30, StorageClass: 'GLACIER' }] },
      ['ok: the rule old deletes them after 400 days', 'fault: the rule old moves them to Glacier'],
    ],
  ])('with a rule %s', async (_, planted, expected) => {
    await rules(planted);
    expect(told((await look()).slice(1))).toEqual(expected);
  });

  test('whose rules may not be read is not checked', async () => {
    between.fate = ({ path }) => (path.includes('lifecycle') ? s3Error(403, 'AccessDenied') : 'pass');
    expect(await look(s3At(between.url))).toMatchObject([
      { verdict: 'ok' },
      { verdict: 'unknown', got: expect.stringContaining('s3:GetLifecycleConfiguration') },
    ]);
  });

  test('that is not there is a fault', async () => {
    const [reach] = await look(s3At(url, { bucket: 'none' }));
    expect(reach).toMatchObject({ verdict: 'fault', got: expect.stringContaining('aws s3 mb s3://none') });
  });
});

withMoto('a table', () => {
  const look = (store: Store = dynamoDbAt(url)): Promise<Finding[]> => examined({ outbox: { store } });

  test('without time to live is a warning, and with it is as expected', async () => {
    expect(told(await look())).toEqual([
      'ok: a record was written, read and removed',
      'ok: pk HASH S, sk RANGE S',
      'warning: no time to live, so that nothing is deleted',
    ]);
    const TimeToLiveSpecification = { Enabled: true, AttributeName: 'expires' };
    await sendTo('dynamodb', url, ['UpdateTimeToLive', { TableName: 'kept', TimeToLiveSpecification }]);
    expect(told(await look()).at(-1)).toBe('ok: time to live by the attribute expires');
  });

  test('with other keys is a fault, with the command that creates the right one', async () => {
    await createTable(url, 'other', ['id', 'sort']);
    const findings = await look(dynamoDbAt(url, { table: 'other' }));
    expect(findings.slice(0, 2)).toMatchObject([
      { verdict: 'fault', got: expect.stringContaining('other') },
      {
        verdict: 'fault',
        got: 'id HASH S, sort RANGE S',
        fix: expect.stringContaining('create-table --table-name other'),
      },
    ]);
  });

  test('that may not be described is not checked', async () => {
    between.fate = ({ operation }) =>
      operation === 'DescribeTable' ? dynamoDbError(400, 'AccessDeniedException') : 'pass';
    expect(await look(dynamoDbAt(between.url))).toMatchObject([
      { verdict: 'ok' },
      { verdict: 'unknown', got: expect.stringContaining('dynamodb:DescribeTable') },
    ]);
  });
});
