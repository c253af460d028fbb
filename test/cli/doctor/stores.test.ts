import 'reflect-metadata';
import { afterAll, describe, expect, test } from '@jest/globals';
import { Activity, type Config, Handle, Idempotent, type Store } from 'stepwright';
import type { Finding } from '../../../src/framework/cli/doctor/finding.js';
import { lookAtStores } from '../../../src/framework/cli/doctor/stores.js';
import { type Clock, systemClock } from '../../../src/framework/base/time/clock.js';
import { StoreError } from '../../../src/framework/base/store/store-error.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { makePlan } from '../../../src/framework/worker/build/plan.js';
import { memoryStore } from '../../../src/framework/worker/keep/memory.js';
import { dynamoDbAt, s3At, startStores } from '../../aws/stores/stores.js';
import { replaced } from '../../support/replaced-store.js';
import { activity } from '../../support/work.js';
import { ARN } from '../../support/world.js';

const moto = await startStores();
const withMoto = moto ? describe : describe.skip;
const url = moto?.url ?? '';
afterAll(() => moto?.stop());

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

test('a store that ignores the version of what it replaces is a fault', async () => {
  const store = memoryStore();
  const careless = replaced(store, { replace: (key, value) => store.put(key, value) });
  expect(told(await examined({ outbox: { store: careless } }))).toEqual([
    'fault: a record was replaced by a version that it no longer had: the service ignores conditions',
  ]);
});

withMoto('a service', () => {
  const look = (store: Store): Promise<Finding[]> => examined({ outbox: { store } });

  test('with its bucket or its table is fine', async () => {
    for (const store of [s3At(moto?.s3Url ?? ''), dynamoDbAt(url)])
      expect(told(await look(store))).toEqual(['ok: a record was written, read and removed']);
  });

  test('without it is a fault, with the command that makes it', async () => {
    expect(told(await look(s3At(url, { bucket: 'none' })))).toEqual([
      expect.stringMatching(/^fault: .*aws s3 mb s3:\/\/none/),
    ]);
    expect(told(await look(dynamoDbAt(url, { table: 'none' })))).toEqual([
      expect.stringMatching(/^fault: .*create-table --table-name none/),
    ]);
  });
});
