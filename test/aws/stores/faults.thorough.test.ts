import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { dynamoDbError, type Fate, s3Error, type Seen, TroubledProxy } from '../../support/crash/proxy.js';
import { bytes, dynamoDbAt, hasSdk, s3At, SETTINGS, startStores, text } from './stores.js';

const moto = await startStores();
const between = await new TroubledProxy(moto?.s3Url).open();
const withSdk = hasSdk ? describe : describe.skip;
const withMoto = moto ? describe : describe.skip;
afterEach(() => between.reset());
afterAll(async () => {
  between.close();
  await moto?.stop();
});

let last = 0;
const own = (): string => `of/f${++last}`;
const isWrite = ({ method, operation }: { method: string; operation: string }): boolean =>
  method === 'PUT' || operation === 'PutItem';
/** Applies fates to the first writes. */
const writesMeet = (...fates: readonly Fate[]): void => {
  let writes = 0;
  between.fate = (request) => (isWrite(request) ? (fates[writes++] ?? 'pass') : 'pass');
};
const writes = (): number => between.seen.filter(isWrite).length;

interface Refusal {
  readonly fate: Fate;
  readonly kind: string;
  readonly told: RegExp;
  readonly attempts?: number;
}

withSdk('a refusal of S3 says what to do', () => {
  test.each<[string, Refusal]>([
    ['SlowDown', { fate: s3Error(503, 'SlowDown'), kind: 'unavailable', told: /SlowDown/, attempts: 3 }],
    [
      'InternalError',
      { fate: s3Error(500, 'InternalError'), kind: 'unavailable', told: /500|InternalError/, attempts: 3 },
    ],
    [
      'AccessDenied',
      {
        fate: s3Error(403, 'AccessDenied'),
        kind: 'denied',
        told: /bucket kept.*s3:PutObject/,
      },
    ],
    ['NoSuchBucket', { fate: s3Error(404, 'NoSuchBucket'), kind: 'denied', told: /aws s3 mb s3:\/\/kept/ }],
    [
      'PermanentRedirect',
      { fate: s3Error(301, 'PermanentRedirect'), kind: 'denied', told: /another region.*`region`/ },
    ],
    [
      'InvalidAccessKeyId',
      { fate: s3Error(403, 'InvalidAccessKeyId'), kind: 'denied', told: /credentials are not valid/ },
    ],
    [
      'SignatureDoesNotMatch',
      { fate: s3Error(403, 'SignatureDoesNotMatch'), kind: 'denied', told: /credentials are not valid/ },
    ],
    ['EntityTooLarge', { fate: s3Error(400, 'EntityTooLarge'), kind: 'too-large', told: /EntityTooLarge/ }],
    ['a full disk', { fate: s3Error(507, 'XMinioStorageFull'), kind: 'full', told: /no room/ }],
    [
      'KMS.DisabledException',
      { fate: s3Error(400, 'KMS.DisabledException'), kind: 'denied', told: /KMS\.Disabled/ },
    ],
    [
      'a proxy',
      { fate: { status: 502, body: '<html>' }, kind: 'unavailable', told: /PutObject/, attempts: 3 },
    ],
  ])('%s', async (_, { fate, kind, told, attempts = 1 }) => {
    between.fate = () => fate;
    const put = s3At(between.url).put('of/somebody', bytes('secret'));
    await expect(put).rejects.toMatchObject({
      name: 'StoreError',
      kind,
      message: expect.stringMatching(told),
    });
    await expect(put).rejects.not.toMatchObject({ message: expect.stringMatching(/somebody|secret/) });
    expect(between.seen).toHaveLength(attempts);
  });

  test('without s3:ListBucket an object that is not there looks refused, so that permission is named', async () => {
    between.fate = () => s3Error(403, 'AccessDenied');
    await expect(s3At(between.url).get('k/a')).rejects.toMatchObject({
      kind: 'denied',
      message: expect.stringContaining('s3:GetObject and s3:ListBucket'),
    });
  });

  test('the owner of the bucket is asked for in every call', async () => {
    between.fate = () => s3Error(403, 'AccessDenied');
    const store = s3At(between.url, { owner: '123456789012' });
    const calls = [store.put('k/a', bytes('x')), store.get('k/a'), store.delete('k/a'), store.list('')];
    await Promise.allSettled(calls);
    const owners = between.seen.map(({ headers }) => headers['x-amz-expected-bucket-owner']);
    expect(owners).toEqual(calls.map(() => '123456789012'));
  });
});

withSdk('a refusal of DynamoDB says what to do', () => {
  test.each<[string, Refusal]>([
    [
      'ProvisionedThroughputExceededException',
      {
        fate: dynamoDbError(400, 'ProvisionedThroughputExceededException'),
        kind: 'unavailable',
        told: /ThroughputExceeded/,
        attempts: 3,
      },
    ],
    [
      'ThrottlingException',
      {
        fate: dynamoDbError(400, 'ThrottlingException'),
        kind: 'unavailable',
        told: /Throttling/,
        attempts: 3,
      },
    ],
    [
      'InternalServerError',
      {
        fate: dynamoDbError(500, 'InternalServerError'),
        kind: 'unavailable',
        told: /InternalServerError/,
        attempts: 3,
      },
    ],
    [
      'ResourceNotFoundException',
      {
        fate: dynamoDbError(400, 'ResourceNotFoundException'),
        kind: 'denied',
        told: /create-table --table-name kept/,
      },
    ],
    [
      'AccessDeniedException',
      {
        fate: dynamoDbError(400, 'AccessDeniedException'),
        kind: 'denied',
        told: /table kept.*dynamodb:PutItem/,
      },
    ],
    [
      'UnrecognizedClientException',
      {
        fate: dynamoDbError(400, 'UnrecognizedClientException'),
        kind: 'denied',
        told: /credentials are not valid/,
      },
    ],
    [
      'another key schema',
      {
        fate: dynamoDbError(400, 'ValidationException', 'Missing the key id in the item; key element'),
        kind: 'denied',
        told: /partition key must be `pk`, its sort key `sk`/,
      },
    ],
    [
      'an item that is too large',
      {
        fate: dynamoDbError(400, 'ValidationException', 'Item size has exceeded the maximum allowed size'),
        kind: 'too-large',
        told: /Item size/,
      },
    ],
    ['a proxy', { fate: { status: 502, body: '<html>' }, kind: 'unavailable', told: /PutItem/, attempts: 3 }],
  ])('%s', async (_, { fate, kind, told, attempts = 1 }) => {
    between.fate = () => fate;
    const put = dynamoDbAt(between.url).put('of/somebody', bytes('secret'));
    await expect(put).rejects.toMatchObject({
      name: 'StoreError',
      kind,
      message: expect.stringMatching(told),
    });
    await expect(put).rejects.not.toMatchObject({ message: expect.stringMatching(/somebody|secret/) });
    expect(between.seen).toHaveLength(attempts);
  });
});

withSdk.each([
  ['s3', s3At],
  ['dynamodb', dynamoDbAt],
])('%s ends its wait', (_, open) => {
  let arrive = (): void => {};
  /** Waits for ever before the second attempt. */
  const patient = {
    mode: 'standard',
    acquireInitialRetryToken: async () => ({ getRetryCount: () => 0, getRetryDelay: () => 0 }),
    refreshRetryTokenForRetry: () => {
      arrive();
      return new Promise(() => {});
    },
    recordSuccess: () => {},
  };

  test.each([
    ['while it waits for an answer', 'hang'],
    ['while the SDK waits before its next attempt', { status: 503, body: '' }],
  ] as const)('when the signal aborts %s', async (_, fate) => {
    const client = { ...SETTINGS, retryStrategy: patient };
    const store = open(between.url, { client });
    between.fate = () => {
      if (fate === 'hang') arrive();
      return fate;
    };
    const methods = [
      (signal: AbortSignal) => store.put('k/a', bytes('x'), { signal }),
      (signal: AbortSignal) => store.putIfAbsent('k/a', bytes('x'), { signal }),
      (signal: AbortSignal) => store.get('k/a', { signal }),
      (signal: AbortSignal) => store.delete('k/a', { signal }),
      (signal: AbortSignal) => store.list('', { signal }),
    ];
    for (const call of methods) {
      const ended = new AbortController();
      const arrived = new Promise<void>((resolve) => (arrive = resolve));
      const done = call(ended.signal);
      await arrived;
      const reason = new Error('enough');
      ended.abort(reason);
      await expect(done).rejects.toBe(reason);
      await expect(call(ended.signal)).rejects.toBe(reason);
    }
  });
});

withSdk('a service that is not there', () => {
  test.each([
    ['s3', s3At],
    ['dynamodb', dynamoDbAt],
  ])('%s is unavailable', async (_, open) => {
    const closed = await new TroubledProxy().open();
    const { url } = closed;
    closed.close();
    await expect(open(url).get('k/a')).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });
});

withMoto.each([
  ['s3', s3At],
  ['dynamodb', dynamoDbAt],
])('%s, behind a bad network,', (_, open) => {
  test('a write whose answer was lost is sent again, and has written one record', async () => {
    const [store, at] = [open(between.url), own()];
    writesMeet('lose-answer');
    const version = await store.put(at, bytes('x'));
    expect([writes(), await store.get(at)]).toEqual([2, { value: bytes('x'), version }]);
  });

  test('a write if there is none, whose answer was lost, is not taken for another’s', async () => {
    const [store, at] = [open(between.url), own()];
    writesMeet('lose-answer', 'lose-answer');
    const version = await store.putIfAbsent(at, bytes('mine'));
    expect(version).toBeDefined();
    expect(writes()).toBe(3);
    expect(await store.get(at)).toEqual({ value: bytes('mine'), version });
    expect(await store.putIfAbsent(at, bytes('other'))).toBeUndefined();
  });

  test('a write if there is none yields to one that came in between its attempts', async () => {
    const [store, at] = [open(between.url), own()];
    const other = open(moto?.url ?? '');
    let sent = 0;
    let otherDone: Promise<unknown> = Promise.resolve();
    between.fate = (request) => {
      if (!isWrite(request)) return 'pass';
      if (++sent === 1) {
        otherDone = other.put(at, bytes('other'));
        return 'reset';
      }
      return { before: () => otherDone };
    };
    expect(await store.putIfAbsent(at, bytes('mine'))).toBeUndefined();
    expect(text((await store.get(at))?.value)).toBe('other');
  });

  test('an answer that ends in its middle is asked for again', async () => {
    const [store, at] = [open(between.url), own()];
    const value = new Uint8Array(100_000).fill(7);
    const version = await store.put(at, value);
    let cut = 0;
    between.fate = (request) => (!isWrite(request) && cut++ < 2 ? 'truncate' : 'pass');
    expect(await store.get(at)).toEqual({ value, version });
  });

  test('an answer that always ends in its middle is no record', async () => {
    const [store, at] = [open(between.url), own()];
    await store.put(at, new Uint8Array(100_000));
    between.fate = () => 'truncate';
    await expect(store.get(at)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test('a throttle is waited out', async () => {
    const [store, at] = [open(between.url), own()];
    writesMeet(s3Error(503, 'SlowDown'), s3Error(503, 'SlowDown'));
    const version = await store.putIfAbsent(at, bytes('x'));
    expect(await store.get(at)).toEqual({ value: bytes('x'), version });
  });
});

withMoto('s3, where others write the same object,', () => {
  test('a write that met another one is unavailable, so that it is made again', async () => {
    writesMeet(s3Error(409, 'ConditionalRequestConflict'));
    await expect(s3At(between.url).putIfAbsent(own(), bytes('x'))).rejects.toMatchObject({
      kind: 'unavailable',
    });
  });

  test('an object whose time is over is replaced only as it was found', async () => {
    const at = own();
    await s3At(moto?.url ?? '', { now: () => 0 }).put(at, bytes('old'), { ttlMs: 1 });
    between.fate = ({ method, headers }) =>
      method === 'PUT' && headers['if-match'] !== undefined
        ? { before: () => s3At(moto?.url ?? '').put(at, bytes('other')) }
        : 'pass';
    expect(await s3At(between.url).putIfAbsent(at, bytes('mine'))).toBeUndefined();
    expect(text((await s3At(between.url).get(at))?.value)).toBe('other');
  });
});

withMoto.each([
  ['s3', s3At, ({ method }: Seen) => method === 'DELETE'],
  ['dynamodb', dynamoDbAt, ({ operation }: Seen) => operation === 'DeleteItem'],
])('%s, behind a bad network,', (_, open, isRemoval) => {
  test('a replacement whose answer was lost is not taken for another’s', async () => {
    const [store, at] = [open(between.url), own()];
    const first = await store.put(at, bytes('one'));
    between.reset();
    writesMeet('lose-answer');
    const second = await store.replace(at, bytes('two'), first);
    expect(second).toBeDefined();
    expect([writes(), await store.get(at)]).toEqual([2, { value: bytes('two'), version: second }]);
    expect(await store.replace(at, bytes('three'), first)).toBeUndefined();
  });

  test('a replacement whose answer was lost does not undo the next one', async () => {
    const [store, at] = [open(between.url), own()];
    const other = open(moto?.s3Url ?? '');
    const first = await store.put(at, bytes('one'));
    writesMeet('lose-answer', {
      before: async () => other.replace(at, bytes('next'), (await other.get(at))?.version ?? ''),
    });
    expect(await store.replace(at, bytes('two'), first)).toBeUndefined();
    expect(text((await other.get(at))?.value)).toBe('next');
  });

  test('a removal whose answer was lost says that it is not known', async () => {
    const [store, at] = [open(between.url), own()];
    const version = await store.put(at, bytes('x'));
    let removals = 0;
    between.fate = (request) => (isRemoval(request) && removals++ === 0 ? 'lose-answer' : 'pass');
    await expect(store.deleteIf(at, version)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('not known'),
    });
    expect(await store.get(at)).toBeUndefined();
    expect(await store.deleteIf(at, version)).toBe(false);
  });

  test('a removal that was sent twice, and found another version, removed nothing', async () => {
    const [store, at] = [open(between.url), own()];
    const version = await store.put(at, bytes('x'));
    await store.put(at, bytes('y'));
    let removals = 0;
    between.fate = (request) => (isRemoval(request) && removals++ === 0 ? 'reset' : 'pass');
    expect(await store.deleteIf(at, version)).toBe(false);
    expect(text((await store.get(at))?.value)).toBe('y');
  });
});
