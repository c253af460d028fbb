import { expect, test } from '@jest/globals';
import { IsString } from 'class-validator';
import { Activity, Handle, StoreError, type TaskContext } from 'stepwright';
import { createTestBed, type TestBed, type TestBedOptions } from 'stepwright/testing';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { createWorld } from '../../support/world.js';
import { type CountedStore, countedStore, kept, referenceTo, sha256 } from './store.js';

class Order {
  @IsString() id!: string;
  @IsString() status!: string;
  @IsString({ each: true }) lines!: string[];
}

let seen: unknown;
let result: unknown;

@Activity('Work')
class Work {
  @Handle({ input: 'any', inline: ['id', 'status'] })
  any(input: unknown): unknown {
    seen = input;
    return result;
  }

  @Handle({ activity: 'Typed', output: Order, inline: ['id'] })
  typed(input: Order): Order {
    seen = input;
    return result as Order;
  }

  @Handle({ activity: 'None' })
  none(): unknown {
    return result;
  }
}

const LINES = Array.from({ length: 50_000 }, (_, index) => `line ${index}`);
const ORDER = { id: 'o-1', status: 'open', lines: LINES };

type WorkBed = TestBed<Work>;

async function bedOn(store: CountedStore, options: TestBedOptions = {}): Promise<WorkBed> {
  seen = result = undefined;
  return createTestBed(Work, { payloads: { store }, ...options });
}

const any = { handler: 'Work.any' } as const;
const typed = { handler: 'Work.typed' } as const;

interface Cause {
  readonly errorMessage: string;
  readonly violations?: readonly { readonly path: string }[];
}

/** Runs a task that fails. */
async function failure(
  bed: WorkBed,
  input: unknown,
  options: { handler: 'Work.any' | 'Work.typed' } = any,
): Promise<Cause & { error: string }> {
  const outcome = await bed.runText(JSON.stringify(input), options);
  if (outcome.status !== 'failed') throw new Error(`expected a failure, got ${outcome.status}`);
  return { error: outcome.error, ...(JSON.parse(outcome.cause) as Cause) };
}

test('a large output goes out as a reference, with its inline fields beside', async () => {
  const store = countedStore();
  await using bed = await bedOn(store);
  result = ORDER;
  const outcome = await bed.run({}, any);
  const json = JSON.stringify(ORDER);
  const sent = { id: 'o-1', status: 'open', ...referenceTo(json) };
  expect(outcome).toEqual({ status: 'succeeded', output: ORDER, sent });
  expect(store.writes).toEqual([`payloads/${sha256(json)}`]);
});

test.each([
  [{}, 400],
  [{ keep: '30d' }, 30],
])('with %j a payload is there for %i days after it was last written', async (settings, days) => {
  const DAY = 86_400_000;
  let now = 0;
  const store = countedStore({}, () => now);
  await using bed = await createTestBed(Work, { payloads: { store, ...settings } });
  result = ORDER;
  const sent = async (): Promise<unknown> => {
    const outcome = await bed.run({}, any);
    return outcome.status === 'succeeded' ? outcome.sent : undefined;
  };
  const reference = await sent();
  now = (days - 1) * DAY;
  await sent();
  result = null;
  now = (2 * days - 1) * DAY - 1;
  expect(await bed.runText(JSON.stringify(reference), any)).toMatchObject({ status: 'succeeded' });
  now += 1;
  expect((await failure(bed, reference)).error).toBe('Stepwright.PayloadUnavailable');
});

test('a reference in an input is replaced before validation, and becomes the DTO', async () => {
  const store = countedStore();
  await using bed = await bedOn(store);
  result = { id: 'o-1', status: 'done', lines: [] };
  expect(await bed.runText(JSON.stringify(await kept(store, ORDER)), typed)).toMatchObject({
    status: 'succeeded',
  });
  expect(seen).toBeInstanceOf(Order);
  expect(seen).toEqual(ORDER);
  const wrong = await kept(store, { ...ORDER, lines: 'none' });
  expect(await failure(bed, wrong, typed)).toMatchObject({
    error: 'Stepwright.InvalidInput',
    violations: [{ path: 'lines' }],
  });
});

test('an output is validated whole before it is written', async () => {
  const store = countedStore();
  await using bed = await bedOn(store);
  result = { ...ORDER, status: 7 };
  expect(await failure(bed, { id: '', status: '', lines: [] }, typed)).toMatchObject({
    error: 'Stepwright.InvalidOutput',
    violations: [{ path: 'status' }],
  });
  expect(store.writes).toEqual([]);
});

test('an output up to `above` is sent whole, and no store is asked', async () => {
  const store = countedStore();
  await using bed = await bedOn(store, { payloads: { store, above: '1KB' } });
  result = 'x'.repeat(1022);
  expect(await bed.run({}, any)).toEqual({ status: 'succeeded', output: result });
  result = 'x'.repeat(1023);
  expect(await bed.run({}, any)).toMatchObject({ output: result, sent: { $stepwright: { bytes: 1025 } } });
  expect(store.writes).toHaveLength(1);
});

test('fields that a machine has put beside a reference are joined with the payload, and win', async () => {
  const store = countedStore();
  await using bed = await bedOn(store);
  const inner = await kept(store, { big: true });
  const input = { ...(await kept(store, ORDER)), status: 'paid', results: [inner, 2] };
  await bed.run(input, any);
  expect(seen).toEqual({ ...ORDER, status: 'paid', results: [{ big: true }, 2] });
  const list = await kept(store, [1, 2]);
  await bed.run([list, list], any);
  expect(seen).toEqual([
    [1, 2],
    [1, 2],
  ]);
  const [one, other] = seen as unknown[][];
  expect(one).not.toBe(other);
  expect(await failure(bed, { at: { ...list, results: 1 } })).toMatchObject({
    error: 'Stepwright.InvalidInput',
    errorMessage:
      "the input is refused: at has results beside a reference to a payload that is no object, so they can't be joined",
  });
});

test('one payload that an input names many times is read once', async () => {
  const store = countedStore();
  await using bed = await bedOn(store);
  const one = await kept(store, { a: 1 });
  await bed.run(
    Array.from({ length: 500 }, () => one),
    any,
  );
  expect(seen).toHaveLength(500);
  expect(store.reads).toHaveLength(1);
});

test('an inline field that looks like a reference is refused, and nothing is written', async () => {
  const store = countedStore();
  await using bed = await bedOn(store);
  result = { ...ORDER, status: { $stepwright: 1 } };
  expect(await failure(bed, {})).toEqual({
    error: 'Stepwright.InvalidOutput',
    errorType: 'Stepwright.InvalidOutput',
    errorMessage:
      'the output\'s field "status" is in `inline`, and has a key "$stepwright", which means a payload there: rename that key, or leave the field out of `inline`',
  });
  expect(store.writes).toEqual([]);
});

test('inline fields that are too large themselves are named with their sizes, and nothing is written', async () => {
  const store = countedStore();
  await using bed = await bedOn(store);
  result = { ...ORDER, status: 'x'.repeat(300 * 1024) };
  const { error, errorMessage } = await failure(bed, {});
  expect(error).toBe('Stepwright.OutputTooLarge');
  expect(errorMessage).toContain(
    '(id 5 bytes, status 300 KB); with their reference, Step Functions accepts 262144',
  );
  expect(store.writes).toEqual([]);
});

const SHA = sha256('{}');
const GOOD = `memory:/payloads/${SHA}`;
const ELSEWHERE = [
  'file:///etc/passwd',
  `file:///var/lib/other/payloads/${SHA}`,
  `s3://another-bucket/payloads/${SHA}`,
  'http://169.254.169.254/latest/meta-data/iam/security-credentials/',
  `memory:/payloads/../payloads/${SHA}`,
  `memory:/payloads/${SHA}?x`,
  `MEMORY:/payloads/${SHA}`,
  `memory:/payloads/${sha256('other')}`,
  `memory:/outcomes/${SHA}`,
  '',
];

test('a reference to somewhere else is refused by its name, and nothing at all is read', async () => {
  const store = countedStore();
  await using bed = await bedOn(store);
  const own = await kept(store, ORDER);
  for (const uri of ELSEWHERE) {
    const input = { own, list: [{ $stepwright: { uri, sha256: SHA, bytes: 2 } }] };
    const { error, errorMessage, violations } = await failure(bed, input);
    expect([error, violations?.[0]?.path]).toEqual(['Stepwright.InvalidInput', 'list[0]']);
    expect(errorMessage).toContain(`list[0] refers to ${JSON.stringify(uri)}, `);
  }
  expect(store.reads).toEqual([]);
});

test('a key of references with anything else in it is refused', async () => {
  const store = countedStore();
  await using bed = await bedOn(store);
  const broken = [1, null, [], {}, { uri: GOOD, sha256: SHA }, { uri: GOOD, sha256: 'AB', bytes: 2 }];
  const counts = [-1, 1.5, '2', 1e300].map((bytes) => ({ uri: GOOD, sha256: SHA, bytes }));
  for (const $stepwright of [...broken, ...counts])
    expect(await failure(bed, { $stepwright })).toMatchObject({
      error: 'Stepwright.InvalidInput',
      errorMessage:
        'the input is refused: the input has a key "$stepwright", which is kept for references to payloads: { uri, sha256, bytes }',
    });
  expect(store.reads).toEqual([]);
});

test('a key that is written with escapes is the same key', async () => {
  const store = countedStore();
  await using bed = await bedOn(store);
  const text = JSON.stringify(await kept(store, 'there')).replace('$stepwright', '\\u0024step\\u0077right');
  await bed.runText(text, any);
  expect(seen).toBe('there');
});

test('a bomb is refused by what its references declare, before anything is read', async () => {
  const store = countedStore();
  await using bed = await bedOn(store);
  const { $stepwright } = await kept(store, 'x');
  const bytes = 64 * 1024 * 1024;
  const thousand = Array.from({ length: 1_000 }, () => ({ $stepwright: { ...$stepwright, bytes } }));
  expect(await failure(bed, thousand)).toMatchObject({
    error: 'Stepwright.InvalidInput',
    errorMessage:
      'the input is refused: the input refers to 1000 payloads of 62.5 GB together; payloads.limit allows 64 MB a task',
  });
  const more = Array.from({ length: 1_001 }, () => ({ $stepwright }));
  expect((await failure(bed, more)).errorMessage).toBe(
    'the input is refused: the input has more than 1000 references to payloads',
  );
  expect(store.reads).toEqual([]);
});

test('a payload that is larger than its reference says is not taken in', async () => {
  const store = countedStore();
  await using bed = await bedOn(store);
  const limits: unknown[] = [];
  const get = store.get.bind(store);
  store.get = (key, options) => {
    limits.push(options?.maxBytes);
    return get(key, options);
  };
  const { $stepwright } = await kept(store, ORDER);
  const { error, errorMessage } = await failure(bed, { $stepwright: { ...$stepwright, bytes: 10 } });
  expect(error).toBe('Stepwright.PayloadUnavailable');
  expect(errorMessage).toContain('bytes, and this read takes at most 10 a record');
  expect(limits).toEqual([10]);
});

test('a payload that is not there, was changed, or was cut is unavailable', async () => {
  const store = countedStore();
  await using bed = await bedOn(store);
  const reference = await kept(store, ORDER);
  const { uri, sha256: hash } = reference.$stepwright as { uri: string; sha256: string };
  const json = JSON.stringify(ORDER);
  await store.put(`payloads/${hash}`, Buffer.from(json.replace('open', 'nope')));
  expect(await failure(bed, reference)).toMatchObject({
    error: 'Stepwright.PayloadUnavailable',
    errorMessage: `the payload ${uri} was changed: its SHA-256 is another`,
  });
  await store.put(`payloads/${hash}`, Buffer.from(json.slice(0, -1)));
  expect((await failure(bed, reference)).errorMessage).toBe(
    `the payload ${uri} has ${json.length - 1} bytes, and its reference says ${json.length}`,
  );
  await store.delete(`payloads/${hash}`);
  expect((await failure(bed, reference)).errorMessage).toBe(
    `the payload ${uri} isn't there: it was deleted, its time is over (\`payloads.keep\`), or it was never written`,
  );
});

test('a payload that is no JSON, no UTF-8, or nested too deeply is an invalid input', async () => {
  const store = countedStore();
  await using bed = await bedOn(store);
  const deep = '['.repeat(256) + ']'.repeat(256);
  const rows = [
    [Buffer.from('{"a":'), 'is not JSON: it ends too early'],
    [Buffer.from([0xff, 0xfe]), 'which is not UTF-8'],
    [Buffer.from(deep), 'is nested deeper than 255 levels'],
  ] as const;
  for (const [bytes, fault] of rows) {
    const hash = sha256(bytes);
    await store.put(`payloads/${hash}`, bytes);
    const uri = `memory:/payloads/${hash}`;
    const $stepwright = { uri, sha256: hash, bytes: bytes.byteLength };
    const { error, errorMessage } = await failure(bed, [{ $stepwright }]);
    expect([error, errorMessage]).toEqual(['Stepwright.InvalidInput', expect.stringContaining(fault)]);
    expect(errorMessage).toContain(uri);
  }
});

test('nothing of a payload gets into a prototype', async () => {
  const store = countedStore();
  await using bed = await bedOn(store);
  const json = '{"__proto__":{"polluted":1},"a":{"\\u005f_proto__":{"polluted":1}}}';
  await store.put(`payloads/${sha256(json)}`, Buffer.from(json));
  await bed.run(referenceTo(json), any);
  expect(seen).toEqual({ a: {} });
  expect(Reflect.get(seen as object, 'polluted')).toBeUndefined();
});

test('a store that is down is asked four times, and the failure says so', async () => {
  let answer: unknown = new StoreError('unavailable', 'the store is down');
  const broken = async (): Promise<never> => {
    throw answer;
  };
  const store = countedStore({ get: broken, put: broken });
  const lines: unknown[] = [];
  const log = { ...silent, error: (...args: unknown[]) => void lines.push(args[0]) };
  await using bed = await bedOn(store, { log });
  const reference = referenceTo('1');
  const { uri } = reference.$stepwright as { uri: string };
  const input = await failure(bed, reference);
  expect(input).toMatchObject({
    error: 'Stepwright.PayloadUnavailable',
    errorMessage: `the payload ${uri} can't be read (4 attempts): the store is down`,
  });
  result = ORDER;
  expect(await failure(bed, {})).toMatchObject({
    error: 'Stepwright.PayloadUnavailable',
    errorMessage: "the output can't be put into memory (4 attempts): the store is down",
  });
  expect([store.reads.length, store.writes.length]).toEqual([4, 4]);
  expect(lines).toEqual([
    { use: 'payloads', call: 'read', error: 'StoreError: the store is down' },
    { use: 'payloads', call: 'write', error: 'StoreError: the store is down' },
  ]);
  answer = new StoreError('denied', 'access is denied');
  expect((await failure(bed, reference)).errorMessage).toBe(
    `the payload ${uri} can't be read: access is denied`,
  );
  expect(store.reads).toHaveLength(5);
});

const silent = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child(this: TestBedOptions['log'] & object) {
    return this;
  },
};

test('of several payloads that fail, the first ends the reading of the others', async () => {
  let ended = 0;
  const store = countedStore({
    get: async (key, options) => {
      if (key.endsWith(sha256('0'))) return undefined;
      return new Promise((_, reject) =>
        options?.signal?.addEventListener('abort', () => {
          ended++;
          reject(options.signal?.reason);
        }),
      );
    },
  });
  await using bed = await bedOn(store);
  const many = Array.from({ length: 100 }, (_, index) => referenceTo(String(index)));
  expect(await failure(bed, many)).toMatchObject({ error: 'Stepwright.PayloadUnavailable' });
  expect([store.reads.length, ended]).toEqual([8, 7]);
});

test('a handler without an input reads no payload', async () => {
  const store = countedStore();
  await using bed = await bedOn(store);
  result = 1;
  const outcome = await bed.runText(JSON.stringify(referenceTo('gone')), { handler: 'Work.none' });
  expect(outcome).toEqual({ status: 'succeeded', output: 1 });
  expect(store.reads).toEqual([]);
});

test('an output above `limit` is refused by that name', async () => {
  const store = countedStore();
  await using bed = await bedOn(store, { payloads: { store, limit: '256KB' } });
  result = 'x'.repeat(262_143);
  expect(await failure(bed, {})).toMatchObject({
    error: 'Stepwright.OutputTooLarge',
    errorMessage:
      'the output has 262145 bytes as JSON; `payloads` allows 262144 (its `limit`, and what its store takes)',
  });
  expect(store.writes).toEqual([]);
});

test('a task that is gone waits for its payloads no longer', async () => {
  const store = countedStore({ get: () => new Promise(() => {}) });
  await using bed = await bedOn(store);
  const task = await bed.start(referenceTo('1'), { ...any, heartbeat: '10s' });
  await task.advance('25s');
  expect(task.heartbeats).toBe(2);
  await task.gone();
  expect(await task.outcome).toEqual({ status: 'gone' });
  expect(task.settled).toBe(true);
});

test('a deadline ends the reading of payloads', async () => {
  const store = countedStore({ get: () => new Promise(() => {}) });
  await using bed = await bedOn(store);
  const task = await bed.start(referenceTo('1'), { ...any, timeout: '30s' });
  await task.advance('30s');
  expect(await task.outcome).toMatchObject({ status: 'failed', error: 'Stepwright.DeadlineExceeded' });
  expect(task.settled).toBe(true);
});

test('an output is still written and reported when the grace is over', async () => {
  let write = (): void => {};
  const store = countedStore({
    put: () => new Promise((resolve) => (write = () => resolve('1'))),
  });
  await using bed = await bedOn(store);
  result = ORDER;
  const task = await bed.start({}, { ...any, grace: '10s' });
  await task.shutdown();
  await task.advance('11s');
  write();
  await task.advance('1s');
  expect(await task.outcome).toMatchObject({
    status: 'succeeded',
    output: { id: 'o-1', $stepwright: { bytes: JSON.stringify(ORDER).length } },
  });
});

test('a stop leaves no timer behind of an output that is not written', async () => {
  const world = await createWorld();
  const machine = world.machine('arn:aws:states:us-east-1:123456789012:activity:Work');
  const store = countedStore({ put: () => new Promise(() => {}) });
  const clock = new HandClock();
  const config = { activities: [Work], payloads: { store }, grace: '5s' };
  const { worker } = await world.worker(config, { clock });
  result = ORDER;
  await clock.advance(2_000);
  await world.execute(machine);
  while (store.writes.length === 0) await clock.advance(10);
  world.service.endPolls();
  let left: number | undefined;
  const stopped = worker.stop().then(() => (left = clock.pending));
  await clock.advance(15_000);
  await stopped;
  await world.close();
  expect(left).toBe(0);
});

test('without payloads, a large output says how to send it, and a reference is plain data', async () => {
  await using bed = await createTestBed(Work);
  result = ORDER;
  expect((await failure(bed, {})).errorMessage).toContain(
    'Return less, or store it yourself and return its key; or set payloads: { store: s3(',
  );
  result = 1;
  const reference = referenceTo('1');
  await bed.run(reference, any);
  expect(seen).toEqual(reference);
});

test('an output near the limit is warned of once, and again as it grows', async () => {
  await using bed = await createTestBed(Work);
  const warnings = async (bytes: number): Promise<unknown[]> => {
    result = 'x'.repeat(bytes - 2);
    const task = await bed.start({}, any);
    await task.outcome;
    return task.logs.map(({ message }) => message);
  };
  expect(await warnings(196_608)).toEqual([]);
  expect(await warnings(196_609)).toEqual([
    'the output has 75 % of the bytes that Step Functions accepts: set `payloads` in the config, so that larger ones go through a store',
  ]);
  expect(await warnings(196_700)).toEqual([]);
  expect(await warnings(262_144)).toHaveLength(1);
  expect(await warnings(262_144)).toEqual([]);
});

test('the context keeps the input as it arrived', async () => {
  @Activity('Raw')
  class Raw {
    @Handle({ input: 'any' })
    run(_input: unknown, task: TaskContext): unknown {
      return task.rawInput;
    }
  }
  const store = countedStore();
  await using bed = await createTestBed(Raw, { payloads: { store } });
  const json = JSON.stringify(await kept(store, 1));
  result = await bed.runText(json);
  // The text has the key of references in it, but as a value.
  expect(result).toEqual({ status: 'succeeded', output: json });
});
