import { afterAll, describe, expect, test } from '@jest/globals';
import { bytes, dynamoDbAt, s3At, sendTo, startStores, text } from './stores.js';

const moto = await startStores();
afterAll(() => moto?.stop());
const withMoto = moto ? describe : describe.skip;
const url = moto?.url ?? '';
let last = 0;
/** A part of the keys of one test. */
const own = (): string => `of/t${++last}`;

withMoto.each([
  ['s3', s3At],
  ['dynamodb', dynamoDbAt],
])('%s', (_, open) => {
  test('a list of all has a key that begins like another store’s', async () => {
    const store = open(url, { prefix: own().slice(3) });
    await store.put('a-b/c', bytes('x'));
    await store.put('a/b', bytes('x'));
    expect(await store.list('')).toEqual({ keys: ['a-b/c', 'a/b'] });
    expect(await store.list('a/')).toEqual({ keys: ['a/b'] });
    expect(await open(url, { prefix: own().slice(3) }).list('')).toEqual({ keys: [] });
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

  test('a record that is written on a condition is no other object than the same one written again', async () => {
    const [store, at] = [s3At(moto?.s3Url ?? ''), own()];
    const first = (await store.putIfAbsent(at, bytes('same'))) ?? '';
    const second = (await store.replace(at, bytes('same'), first)) ?? '';
    expect(second).not.toBe(first);
    expect(await store.get(at)).toEqual({ value: bytes('same'), version: second });
    const head = sendTo('s3', url, ['HeadObject', { Bucket: 'kept', Key: `tests/${at}` }]);
    expect(await head).toMatchObject([{ ContentLength: 20 }]);
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
