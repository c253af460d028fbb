import { expect, test } from '@jest/globals';
import { encrypted, type Store, type StoreError } from 'stepwright';
import { memoryStore } from 'stepwright/testing';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const key = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const text = async (store: Store, at: string): Promise<string> =>
  new TextDecoder().decode((await store.get(at))?.value);

test('a store that is wrapped sees neither the value nor the key', async () => {
  const inner = memoryStore();
  const store = encrypted(inner, { keys: { k1: key(1) }, current: 'k1' });
  await store.put('a', bytes('a secret'));
  const found = Buffer.from((await inner.get('a'))?.value ?? []);
  expect(found.toString('latin1')).not.toContain('a secret');
  expect(found.includes(Buffer.from(key(1)))).toBe(false);
  expect(await text(store, 'a')).toBe('a secret');
  await store.put('b', bytes('a secret'));
  expect(Buffer.from((await inner.get('b'))?.value ?? []).subarray(7)).not.toEqual(found.subarray(7));
});

test('records of an older key are read, and written anew with the current one', async () => {
  const inner = memoryStore();
  await encrypted(inner, { keys: { k1: key(1) }, current: 'k1' }).put('a', bytes('one'));
  const both = encrypted(inner, { keys: { k1: key(1), k2: key(2) }, current: 'k2' });
  expect(await text(both, 'a')).toBe('one');
  const version = (await both.get('a'))?.version ?? '';
  await both.replace('a', bytes('two'), version);
  expect(await text(encrypted(inner, { keys: { k2: key(2) }, current: 'k2' }), 'a')).toBe('two');
});

test('a record of a key that is not there is denied, and named', async () => {
  const inner = memoryStore();
  await encrypted(inner, { keys: { k1: key(1) }, current: 'k1' }).put('a', bytes('one'));
  const store = encrypted(inner, { keys: { k2: key(2), k3: key(3) }, current: 'k2' });
  await expect(store.get('a')).rejects.toMatchObject({
    kind: 'denied',
    message: 'the record a is encrypted with the key k1, and the keys here are k2, k3: add k1 to keys',
  });
});

test('a record of another key with the same id is damaged', async () => {
  const inner = memoryStore();
  await encrypted(inner, { keys: { k1: key(1) }, current: 'k1' }).put('a', bytes('one'));
  const store = encrypted(inner, { keys: { k1: key(9) }, current: 'k1' });
  await expect(store.get('a')).rejects.toMatchObject({
    kind: 'damaged',
    message: "the record a can't be decrypted: it was changed, or encrypted with another key of the id k1",
  });
});

test('a record is damaged if any byte of it was changed, or it lies at another key', async () => {
  const inner = memoryStore();
  const store = encrypted(inner, { keys: { k1: key(1) }, current: 'k1' });
  await store.put('a', bytes('one'));
  const whole = (await inner.get('a'))?.value ?? new Uint8Array();
  for (let at = 0; at < whole.length; at += 1) {
    await inner.put(
      'a',
      whole.map((byte, i) => (i === at ? byte ^ 1 : byte)),
    );
    const error: unknown = await store.get('a').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'StoreError' });
    // The id of the key lies open: a changed one names a key that is not here, or none.
    const kinds = at === 4 ? ['denied', 'damaged'] : [at === 5 || at === 6 ? 'denied' : 'damaged'];
    expect(kinds).toContain((error as StoreError).kind);
    await inner.put('a', whole.subarray(0, at));
    await expect(store.get('a')).rejects.toMatchObject({ name: 'StoreError', kind: 'damaged' });
  }
  await inner.put('b', whole);
  await expect(store.get('b')).rejects.toMatchObject({ kind: 'damaged' });
});

test('a record that is not encrypted is damaged', async () => {
  const inner = memoryStore();
  await inner.put('a', bytes('plain text'));
  const store = encrypted(inner, { keys: { k1: key(1) }, current: 'k1' });
  await expect(store.get('a')).rejects.toThrow(
    "the record a can't be decrypted: it is not an encrypted record",
  );
});

test('the largest record fits into the store that is wrapped', async () => {
  const store = encrypted(memoryStore({ maxBytes: 1_000 }), { keys: { k1: key(1) }, current: 'k1' });
  await store.put('a', new Uint8Array(store.maxBytes));
  expect((await store.get('a'))?.value.byteLength).toBe(store.maxBytes);
});

const mistakes: readonly [string, Parameters<typeof encrypted>[1], string][] = [
  [
    'a short key',
    { keys: { k1: key(1).subarray(1) }, current: 'k1' },
    'expected keys.k1 to be 32 bytes, such as',
  ],
  ['a text as key', { keys: { k1: 'secret' as never }, current: 'k1' }, 'got string'],
  [
    'no key',
    { keys: {}, current: 'k1' },
    'expected current to be the id of one of keys (there is none), got "k1"',
  ],
  ['an unknown id', { keys: { k1: key(1) }, current: 'k2' }, 'one of keys (k1), got "k2"'],
  [
    'an id that is none',
    { keys: { 'k 1': key(1) }, current: 'k 1' },
    'expected the id of a key to be 1 to 64 of',
  ],
];

test.each(mistakes)('%s is refused when the store is made', (_, options, message) => {
  expect(() => encrypted(memoryStore(), options)).toThrow(message);
  expect(() => encrypted(memoryStore(), options)).not.toThrow('secret');
});
