import { afterAll, describe, expect, test } from '@jest/globals';
import { bytes, dynamoDbAt, s3At, sendTo, startStores, text } from './stores.js';

const moto = await startStores();
afterAll(() => moto?.stop());
const withMoto = moto ? describe : describe.skip;
const url = moto?.url ?? '';
let last = 0;
/** A part of the keys of one test. */
const own = (): string => `t${++last}`;

withMoto.each([
  ['s3', s3At],
  ['dynamodb', dynamoDbAt],
])('%s', (_, open) => {
  test('what was written is read, listed and removed', async () => {
    const [store, at] = [open(url), own()];
    const version = await store.put(`${at}/a`, bytes('one'));
    expect(await store.get(`${at}/a`)).toEqual({ value: bytes('one'), version });
    expect(await store.get(`${at}/b`)).toBeUndefined();
    await store.put(`${at}/b`, new Uint8Array());
    expect((await store.get(`${at}/b`))?.value).toEqual(new Uint8Array());
    expect(await store.list(`${at}/`)).toEqual({ keys: [`${at}/a`, `${at}/b`] });
    await store.delete(`${at}/a`);
    await store.delete(`${at}/a`);
    expect(await store.list(at)).toEqual({ keys: [`${at}/b`] });
  });

  test('two writes of the same bytes have two versions', async () => {
    const [store, at] = [open(url), own()];
    const first = await store.put(at, bytes('same'));
    const second = await store.put(at, bytes('same'));
    expect(second).not.toBe(first);
    expect((await store.get(at))?.version).toBe(second);
  });

  test('of twenty that write if there is none one succeeds', async () => {
    const at = own();
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, index) => open(url).putIfAbsent(at, bytes(`by ${index}`))),
    );
    const won = made.findIndex((version) => version !== undefined);
    expect(made.filter((version) => version !== undefined)).toHaveLength(1);
    expect(await open(url).get(at)).toEqual({ value: bytes(`by ${won}`), version: made[won] });
  });

  test('a record whose time is over is neither read nor listed, and another may take its place', async () => {
    let now = 1_800_000_000_000;
    const [store, at] = [open(url, { now: () => now }), own()];
    await store.put(`${at}/kept`, bytes('kept'));
    await store.putIfAbsent(`${at}/short`, bytes('short'), { ttlMs: 1_000 });
    now += 999;
    expect((await store.list(at)).keys).toEqual([`${at}/kept`, `${at}/short`]);
    expect(await store.putIfAbsent(`${at}/short`, bytes('early'))).toBeUndefined();
    now += 1;
    expect(await store.get(`${at}/short`)).toBeUndefined();
    expect((await store.list(at)).keys).toEqual([`${at}/kept`]);
    const version = await store.putIfAbsent(`${at}/short`, bytes('next'));
    expect(await store.get(`${at}/short`)).toEqual({ value: bytes('next'), version });
  });

  test('a long list comes in parts, sorted by bytes, each key once', async () => {
    const [store, at] = [open(url), own()];
    const keys = Array.from({ length: 510 }, (_, index) => `${at}/${(index * 7_919) % 10_007}`);
    for (let from = 0; from < keys.length; from += 50)
      await Promise.all(keys.slice(from, from + 50).map((key) => store.put(key, bytes('x'))));
    const listed: string[] = [];
    let after: string | undefined;
    do {
      const page = await store.list(`${at}/`, { after });
      listed.push(...page.keys);
      after = page.next;
    } while (after !== undefined);
    expect(listed).toEqual(keys.toSorted());
    expect((await store.list(`${at}/`, { after: listed[500] })).keys).toEqual(listed.slice(501));
  });

  test('a list of all has a key that begins like another store’s', async () => {
    const store = open(url, { prefix: own() });
    await store.put('a-b', bytes('x'));
    await store.put('a/b', bytes('x'));
    expect(await store.list('')).toEqual({ keys: ['a-b', 'a/b'] });
    expect(await store.list('a/')).toEqual({ keys: ['a/b'] });
    expect(await open(url, { prefix: own() }).list('')).toEqual({ keys: [] });
  });

  test('a record that is too large is neither written nor read', async () => {
    const [store, at] = [open(url, { maxBytes: 1_000 }), own()];
    await expect(store.put(at, new Uint8Array(1_001))).rejects.toMatchObject({ kind: 'too-large' });
    await open(url).put(at, new Uint8Array(1_001));
    await expect(store.get(at)).rejects.toMatchObject({ kind: 'too-large' });
    await store.put(at, new Uint8Array(1_000));
    await expect(store.get(at, { maxBytes: 999 })).rejects.toMatchObject({ kind: 'too-large' });
    expect((await store.get(at, { maxBytes: 1_000 }))?.value).toHaveLength(1_000);
  });

  test('a key that leads elsewhere is refused by each method', async () => {
    const store = open(url);
    for (const call of [
      store.put('../a', bytes('x')),
      store.putIfAbsent('../a', bytes('x')),
      store.get('../a'),
      store.delete('../a'),
    ])
      await expect(call).rejects.toMatchObject({ kind: 'bad-key' });
  });
});

withMoto('s3', () => {
  test('an object that another program wrote is read, with its ETag as version', async () => {
    const at = own();
    const [{ ETag }] = (await sendTo('s3', url, [
      'PutObject',
      { Bucket: 'kept', Key: `tests/${at}`, Body: 'by hand' },
    ])) as [{ ETag: string }];
    const found = await s3At(url).get(at);
    expect([text(found?.value), found?.version]).toEqual(['by hand', ETag]);
  });

  test('the address of the store and a key are those of the object', async () => {
    expect(s3At(url, { prefix: '/a/b/' }).uri).toBe('s3://kept/a/b');
    expect(s3At(url, { prefix: undefined }).uri).toBe('s3://kept');
    await s3At(url, { prefix: '/a/b/' }).put('c/d', bytes('x'));
    const head = sendTo('s3', url, ['HeadObject', { Bucket: 'kept', Key: 'a/b/c/d' }]);
    expect(await head).toMatchObject([{ ContentLength: 1 }]);
  });

  test.each([
    [{ encryption: 'AES256' as const }, { ServerSideEncryption: 'AES256' }],
    [
      { encryption: { kmsKey: 'arn:aws:kms:us-east-1:123456789012:key/1' } },
      { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'arn:aws:kms:us-east-1:123456789012:key/1' },
    ],
  ])('an object is encrypted as asked: %j', async (options, expected) => {
    const at = own();
    await s3At(url, options).put(at, bytes('x'));
    const head = sendTo('s3', url, ['HeadObject', { Bucket: 'kept', Key: `tests/${at}` }]);
    expect(await head).toMatchObject([expected]);
  });

  test('what no key of a store could name is not listed', async () => {
    const at = own();
    const keys = [`tests/${at}/`, `tests/${at}/ü`, `tests/${at}/good`];
    await sendTo('s3', url, ...keys.map((Key) => ['PutObject', { Bucket: 'kept', Key, Body: 'x' }] as const));
    expect(await s3At(url).list(at)).toEqual({ keys: [`${at}/good`] });
  });
});

/** Returns the item of a key, as it lies in the table. */
async function itemOf(key: string): Promise<Readonly<Record<string, object>> | undefined> {
  const gets = [0, 1, 2, 3].map((index) => {
    const Key = { pk: { S: `stepwright#${index}` }, sk: { S: key } };
    return ['GetItem', { TableName: 'kept', Key }] as const;
  });
  const found = (await sendTo('dynamodb', url, ...gets)) as { Item?: Record<string, object> }[];
  return found.find(({ Item }) => Item)?.Item;
}

withMoto('dynamodb', () => {
  test('a record is replaced while it is unchanged', async () => {
    const [store, at] = [dynamoDbAt(url), own()];
    const first = await store.put(at, bytes('one'));
    const second = await store.replace(at, bytes('two'), first);
    expect(await store.replace(at, bytes('three'), first)).toBeUndefined();
    expect(await store.get(at)).toEqual({ value: bytes('two'), version: second });
    expect(await store.replace(`${at}-none`, bytes('x'), first)).toBeUndefined();
  });

  test('of twenty that replace the same version one succeeds', async () => {
    const [store, at] = [dynamoDbAt(url), own()];
    const first = await store.put(at, bytes('one'));
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, index) => dynamoDbAt(url).replace(at, bytes(`by ${index}`), first)),
    );
    const won = made.findIndex((version) => version !== undefined);
    expect(made.filter((version) => version !== undefined)).toHaveLength(1);
    expect(text((await store.get(at))?.value)).toBe(`by ${won}`);
  });

  test('a record is removed while it is unchanged', async () => {
    const [store, at] = [dynamoDbAt(url), own()];
    const first = await store.put(at, bytes('one'));
    const second = await store.put(at, bytes('two'));
    expect(await store.deleteIf(at, first)).toBe(false);
    expect(await store.deleteIf(at, second)).toBe(true);
    expect(await store.deleteIf(at, second)).toBe(false);
    expect(await store.get(at)).toBeUndefined();
  });

  test('a record whose time is over is neither replaced nor removed by its version', async () => {
    let now = 1_800_000_000_000;
    const [store, at] = [dynamoDbAt(url, { now: () => now }), own()];
    const version = await store.put(at, bytes('one'), { ttlMs: 1_000 });
    now += 1_000;
    expect(await store.replace(at, bytes('two'), version)).toBeUndefined();
    expect(await store.deleteIf(at, version)).toBe(false);
  });

  test('an item has the time at which DynamoDB may delete it, in whole seconds', async () => {
    const at = own();
    await dynamoDbAt(url, { now: () => 1_800_000_000_400 }).put(at, bytes('x'), { ttlMs: 200 });
    expect((await itemOf(at))?.['expires']).toEqual({ N: '1800000001' });
  });

  test('a list of large records comes in parts, and misses none', async () => {
    const [store, at] = [dynamoDbAt(url), own()];
    const keys = Array.from({ length: 40 }, (_, index) => `${at}/${String(index).padStart(3, '0')}`);
    for (const key of keys) await store.put(key, new Uint8Array(150_000));
    const listed: string[] = [];
    let pages = 0;
    for (let after: string | undefined; ; pages++) {
      const page = await store.list(at, { after });
      listed.push(...page.keys);
      if (page.next === undefined) break;
      after = page.next;
    }
    expect(listed).toEqual(keys);
    expect(pages).toBeGreaterThan(0);
  });

  test('an item that something else wrote is damaged, by its name', async () => {
    const [store, at] = [dynamoDbAt(url), own()];
    await store.put(at, bytes('x'));
    const { pk, sk } = (await itemOf(at)) ?? {};
    await sendTo('dynamodb', url, ['PutItem', { TableName: 'kept', Item: { pk, sk, value: { S: 'x' } } }]);
    await expect(store.get(at)).rejects.toMatchObject({
      kind: 'damaged',
      message: expect.stringContaining(at),
    });
  });
});
