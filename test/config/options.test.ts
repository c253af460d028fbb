/* oxlint-disable typescript/no-extraneous-class -- a class is a wrong value like any other here */
import { describe, expect, test } from '@jest/globals';
import {
  Activity,
  type Config,
  type Constructor,
  createWorker,
  Handle,
  type Problem,
  StartError,
} from 'stepwright';
import { createTestBed, memoryStore } from 'stepwright/testing';
import { OPTIONS } from '../../src/framework/config/config.js';
import {
  ACTIVITY_OPTIONS,
  HANDLE_OPTIONS,
  HANDLER_OPTIONS,
} from '../../src/framework/declare/handler-options.js';

const circular: { self?: unknown } = {};
circular.self = circular;
class NoInterceptor {}

/** One value of each kind. Each option is tried with the kinds that it refuses. */
const KINDS: Readonly<Record<string, unknown>> = {
  null: null,
  true: true,
  false: false,
  '-1': -1,
  '0': 0,
  '0.5': 0.5,
  '1e-9': 1e-9,
  '1': 1,
  '1e15': 1e15,
  NaN: NaN,
  Infinity: Infinity,
  '1n': 1n,
  'an empty text': '',
  'a text': 'nope',
  'digits in a text': '20',
  'a negative duration': '-5s',
  'no time': '0ms',
  'less than a millisecond': '0.5ms',
  'a duration': '20s',
  'an empty list': [],
  'a list of numbers': [7],
  'an object': {},
  'an object that holds itself': circular,
  'a Map': new Map(),
  'a Date': new Date(0),
  'a function': () => {},
  'a class': NoInterceptor,
  'a list of classes': [NoInterceptor],
  'a symbol': Symbol('x'),
};

type Rows = typeof OPTIONS & typeof ACTIVITY_OPTIONS & typeof HANDLE_OPTIONS;
type Kind = string;

/** The kinds that each option takes, and other values that it refuses. A new option needs a row here. */
const ROWS: Readonly<Record<keyof Rows, { takes: readonly Kind[]; alsoWrong?: readonly unknown[] }>> = {
  concurrency: { takes: ['1'], alsoWrong: [1.5, 100_001, { min: 1, max: 2 }] },
  pollers: {
    takes: ['1'],
    alsoWrong: [{ min: 3, max: 2 }, { min: 0, max: 2 }, { min: 1 }, { min: 1, max: 2, mid: 1 }, 100_001],
  },
  heartbeat: { takes: ['false', 'a duration'], alsoWrong: ['20 parsecs', 20_000] },
  timeout: { takes: ['false', 'a duration'], alsoWrong: ['0s', 60_000] },
  rate: { takes: ['false'], alsoWrong: ['10', '0/s', '1.5/s', '10/fortnight', '1/2 days', 10, '1000000/s'] },
  checkpoint: {
    takes: ['false'],
    alsoWrong: [
      { store: {}, key: () => 'x' },
      { store: memoryStore() },
      { store: memoryStore(), key: 'id' },
      { store: memoryStore(), key: () => 'x', keep: '0s' },
      { store: memoryStore(), key: () => 'x', ttl: '1d' },
    ],
  },
  run: { takes: [], alsoWrong: ['threads', 'worker'] },
  pool: {
    takes: ['an object'],
    alsoWrong: [{ threads: 0 }, { processes: 1.5 }, { memory: 5 }, { memoryMb: '512' }, 4],
  },
  interceptors: { takes: ['an empty list'], alsoWrong: [[undefined], [circular], [{}]] },
  scope: { takes: [], alsoWrong: ['request'] },
  unknownKeys: { takes: [], alsoWrong: ['keep'] },
  showValues: { takes: ['true', 'false'] },
  groups: { takes: ['an empty list'], alsoWrong: [['']] },
  inline: { takes: ['an empty list'], alsoWrong: [[''], ['$stepwright'], 'id'] },
  throws: { takes: ['an empty list'], alsoWrong: [[''], ['States.ALL'], ['Stepwright.InvalidInput']] },
  activities: { takes: ['an empty list', 'a list of classes'], alsoWrong: ['src/**', [''], [{}]] },
  machines: { takes: ['an empty list'], alsoWrong: [[{}], ''] },
  endpoint: { takes: [], alsoWrong: ['ftp://x', 'localhost:8083'] },
  port: { takes: ['0', '1'], alsoWrong: [70_000, '8083'] },
  protect: { takes: ['false'], alsoWrong: ['off', 'ECS', 'asg'] },
  deferred: { takes: [], alsoWrong: [{ store: {} }, { store: new Map() }] },
  protectAfter: { takes: ['a duration', 'no time', 'less than a millisecond'], alsoWrong: [60, '1 parsec'] },
  region: { takes: [], alsoWrong: ['Frankfurt', 'eu-west'] },
  sdk: { takes: ['an object', 'an object that holds itself'] },
  calls: { takes: [], alsoWrong: ['fast'] },
  createActivities: { takes: ['true', 'false'], alsoWrong: ['yes'] },
  setup: { takes: ['a function', 'a class'] },
  reportLimit: { takes: ['a duration'], alsoWrong: ['soon', 60_000] },
  grace: { takes: ['a duration', 'no time', 'less than a millisecond'], alsoWrong: [60] },
  drain: { takes: [], alsoWrong: ['stop'] },
  heartbeatRate: { takes: ['1', '1e15'], alsoWrong: ['250', 0.99] },
  lambdas: { takes: ['an object'], alsoWrong: [{ f: 5 }, { f: './f' }, { f: {} }] },
  httpHosts: {
    takes: ['an empty list'],
    alsoWrong: [['https://api.example.com'], ['a b'], 'api.example.com'],
  },
  s3: { takes: ['an object'], alsoWrong: [{ orders: 7 }, { orders: '' }, './data'] },
  mocks: { takes: ['an object', 'an object that holds itself'] },
  keptExecutions: { takes: ['1', '1e15'], alsoWrong: ['250', 1.5] },
  keptBytes: { takes: ['1', '1e15'], alsoWrong: ['250', 1.5] },
  healthPort: {
    takes: ['0', '1'],
    alsoWrong: ['8080', 'host:', ':8080', '::1:8080', 'a b:1', 'host:65536', 70_000],
  },
  healthHosts: {
    takes: ['an empty list'],
    alsoWrong: ['worker', [''], ['a b'], ['http://worker'], ['*'], ['a:1']],
  },
  observe: { takes: ['an empty list'], alsoWrong: [[class {}], [{}], [undefined]] },
  traceContext: {
    takes: ['a function', 'a class'],
    alsoWrong: [{ read: () => ({}) }, { read: () => ({}), as: 'child' }, { read: 1, as: 'link' }],
  },
  payloads: {
    takes: [],
    alsoWrong: [
      {},
      { store: {} },
      { store: Object.assign(memoryStore(), { uri: '' }) },
      { store: memoryStore({ maxBytes: 200_000 }) },
      { store: memoryStore(), above: '300KB' },
      { store: memoryStore(), above: 200_000 },
      { store: memoryStore(), above: '100B' },
      { store: memoryStore(), limit: '64' },
      { store: memoryStore(), limit: '1GB' },
    ],
  },
  outbox: { takes: [], alsoWrong: [{ store: {} }, { store: new Map() }] },
  workerName: {
    takes: [
      'a text',
      'digits in a text',
      'a negative duration',
      'no time',
      'less than a millisecond',
      'a duration',
    ],
    alsoWrong: ['x'.repeat(81)],
  },
  stallAfter: { takes: ['false', 'a duration'], alsoWrong: ['0s', 60_000] },
  handlers: {
    takes: ['an object', 'an object that holds itself'],
    alsoWrong: [{ 'A.b': 5 }, { 'A.b': new Map() }],
  },
};

function wrongFor(key: keyof Rows): unknown[] {
  const { takes, alsoWrong = [] } = ROWS[key];
  expect(takes.filter((kind) => !(kind in KINDS))).toEqual([]);
  return [...Object.keys(KINDS).flatMap((kind) => (takes.includes(kind) ? [] : [KINDS[kind]])), ...alsoWrong];
}

/** A class with these options on its decorators. */
function declared(ofActivity: object, ofHandle: object): Constructor<object> {
  @Activity('work', ofActivity)
  class Work {
    @Handle(ofHandle) run(): void {}
  }
  return Work;
}

async function problemsOf(making: Promise<unknown>): Promise<readonly Problem[]> {
  const failed: unknown = await making.catch((error: unknown) => error);
  if (!(failed instanceof StartError))
    throw new Error(`it was accepted, or failed otherwise: ${String(failed)}`);
  return failed.problems;
}

const sayBoth = { what: expect.stringMatching(/expected .+, got .+/), fix: expect.stringMatching(/.{10}/) };
const keysOf = <T extends object>(table: T): (keyof T & string)[] =>
  Object.keys(table) as (keyof T & string)[];

describe('a wrong value is refused, by itself, saying what was expected and what it got', () => {
  test.each(keysOf(OPTIONS))('at the top level of the config: %s', async (key) => {
    for (const value of wrongFor(key)) {
      const config = { activities: [], [key]: value };
      expect(await problemsOf(createWorker(config as Config))).toMatchObject([
        { code: 'CONFIG_BAD_VALUE', where: expect.stringMatching(`^${key}`), ...sayBoth },
      ]);
    }
  });

  test.each(keysOf(HANDLER_OPTIONS))("in the config's handlers: %s", async (key) => {
    for (const value of wrongFor(key)) {
      const handlers = { 'A.b': { [key]: value } };
      expect(await problemsOf(createWorker({ handlers }))).toMatchObject([
        { code: 'CONFIG_BAD_VALUE', where: `handlers['A.b'].${key}`, ...sayBoth },
      ]);
    }
  });

  test.each(keysOf(ACTIVITY_OPTIONS))('by @Activity, in a worker and in a bed alike: %s', async (key) => {
    for (const value of wrongFor(key)) {
      const Work = declared({ [key]: value }, {});
      const problems = await problemsOf(createWorker({ activities: [Work] }));
      expect(problems).toMatchObject([{ code: 'HANDLER_OPTION_INVALID', where: 'Work', ...sayBoth }]);
      expect(problems[0]?.what).toContain(`${key}: expected`);
      expect(await problemsOf(createTestBed(Work))).toEqual(problems);
    }
  });

  test.each(keysOf(HANDLE_OPTIONS))('by @Handle, in a worker and in a bed alike: %s', async (key) => {
    for (const value of wrongFor(key)) {
      const Work = declared({}, { [key]: value });
      const problems = await problemsOf(createWorker({ activities: [Work] }));
      expect(problems).toMatchObject([{ code: 'HANDLER_OPTION_INVALID', where: 'Work.run', ...sayBoth }]);
      expect(problems[0]?.what).toContain(`${key}: expected`);
      expect(await problemsOf(createTestBed(Work))).toEqual(problems);
    }
  });

  test.each(['interceptors', 'setup'] as const)('in what a bed shares with a config: %s', async (key) => {
    for (const value of wrongFor(key)) {
      const problems = await problemsOf(createWorker({ [key]: value }));
      expect(await problemsOf(createTestBed([], { [key]: value }))).toEqual(problems);
    }
  });
});

test("a mistake in a field of an option is told by the field's own name, and never shows the store", async () => {
  const store = Object.assign(memoryStore(), { secret: 'hunter2' });
  const payloads = { store, above: '300KB', limit: 64, most: 1 };
  const problems = await problemsOf(createWorker({ activities: [], payloads } as unknown as Config));
  expect(problems.map(({ where, what, fix }) => [where, what, fix])).toEqual([
    [
      'payloads.above',
      "expected a size with its unit, such as '200KB' or '64MB', from 1KB to 256KB, got \"300KB\" (string)",
      "set payloads.above to a size with its unit, such as '200KB' or '64MB', from 1KB to 256KB",
    ],
    ['payloads.limit', expect.stringContaining('from 256KB to 256MB, got 64'), expect.anything()],
    [
      'payloads.most',
      'the config has no such option',
      "did you mean 'payloads.store'? The keys are payloads.store, payloads.above, payloads.limit, payloads.keep",
    ],
  ]);
  const without = await problemsOf(createWorker({ payloads: { store: { secret: 'hunter2' } } } as never));
  expect(JSON.stringify(without)).not.toContain('hunter2');
});

test('each function of the local service that is in no valid form is told by its key, without its variables', async () => {
  const h = { handler: 7, memmory: 3, env: { KEY: 'hunter2' } };
  const lambdas = { f: 5, right: './dist/file.handler', g: 'noext', h };
  const problems = await problemsOf(createWorker({ activities: [], lambdas } as unknown as Config));
  const expected = "expected './dist/file.handler', or { handler, timeout: '30s', memoryMb: 128, env }, got";
  expect(problems.map(({ where, what }) => [where, what])).toEqual([
    ["lambdas['f']", `${expected} 5 (number)`],
    ["lambdas['g']", `${expected} "noext" (string)`],
    ["lambdas['h']", `${expected} {"handler":7,"memmory":3,"env":["KEY"]} (object)`],
  ]);
});

test('everything that is wrong with a class comes at once', async () => {
  @Activity('a b', { concurrency: 0 })
  class Work {
    @Handle({ timeout: '0s' }) run(_input: object): void {}
  }
  const codes = (await problemsOf(createTestBed(Work))).map(({ code, where }) => `${code} ${where}`);
  expect(codes).toEqual([
    'HANDLER_OPTION_INVALID Work',
    'ACTIVITY_REF_INVALID Work.run',
    'INPUT_TYPE_LOST Work.run',
    'HANDLER_OPTION_INVALID Work.run',
  ]);
});

test.each([
  ['concurrency', 100_000],
  ['pollers', { min: 1, max: 1 }],
  ['heartbeat', '1ms'],
  ['timeout', '30 days'],
] as const)('the last value that is right is taken: %s %p', async (key, value) => {
  await expect(createTestBed(declared({}, { [key]: value }))).resolves.toBeDefined();
});

test('the user name and the password of a URL are not shown', async () => {
  const urls = {
    endpoint: 'ftp://me:s3cret@host/x',
    region: 'http://me:s3cret@host',
    workerName: ['x://me:s3cret@h'],
  };
  const problems = await problemsOf(createWorker(urls as unknown as Config));
  expect(problems).toHaveLength(3);
  expect(JSON.stringify(problems)).not.toMatch(/s3cret|me:/);
  expect(JSON.stringify(problems)).toContain('ftp://***@host/x');
});
