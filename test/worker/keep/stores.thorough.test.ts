import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { directory, encrypted, type ObjectStore, type Store } from 'stepwright';
import { memoryStore, storeConformance } from 'stepwright/testing';

const root = mkdtempSync(join(tmpdir(), 'stepwright-stores-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let time = 1_000_000;
const now = (): number => time;
const wait = (ms: number): void => void (time += ms);

const memory = memoryStore({ now, maxBytes: 2_000_000 });
const keys = { old: new Uint8Array(32).fill(1), new: new Uint8Array(32).fill(2) };
const sealed = (store: Store): Store => encrypted(store, { keys, current: 'new' });

/** Only the methods of an ObjectStore. */
const objectsOf = (store: Store): ObjectStore => ({
  name: store.name,
  maxBytes: store.maxBytes,
  put: (...all) => store.put(...all),
  putIfAbsent: (...all) => store.putIfAbsent(...all),
  get: (...all) => store.get(...all),
  delete: (...all) => store.delete(...all),
  list: (...all) => store.list(...all),
});
const stores: readonly { name: string; objects?: true; open: () => ObjectStore }[] = [
  { name: 'memory', open: () => memory },
  { name: 'directory', open: () => directory(root, { now, maxBytes: 2_000_000 }) },
  { name: 'encrypted memory', open: () => sealed(memory) },
  { name: 'encrypted directory', open: () => sealed(directory(root, { now, maxBytes: 2_000_000 })) },
  {
    name: 'encrypted objects',
    objects: true,
    open: () => encrypted(objectsOf(memory), { keys, current: 'old' }),
  },
];

describe.each(stores)('$name', (store) => {
  test.each(storeConformance({ ...store, wait }))('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  });
});

test('a store without replace is told from one by its checks', async () => {
  const open = (): ObjectStore => objectsOf(memory);
  const named = (objects: boolean): string[] =>
    storeConformance({ name: 'objects', open, objects }).map(({ name }) => name);
  expect(named(false).length).toBeGreaterThan(named(true).length);
  const check = storeConformance({ name: 'objects', open }).find(({ name }) =>
    /of twenty that replace/.test(name),
  );
  await expect(check?.run()).rejects.toThrow('memory has no method replace or deleteIf: pass objects: true');
});

const trials: readonly [string, (store: Store) => Partial<Store>, RegExp][] = [
  ['loses a write', () => ({ put: async () => '1' }), /put is returned/],
  [
    'writes over what is there',
    (store) => ({ putIfAbsent: (...all) => store.put(...all) }),
    /putIfAbsent leaves/,
  ],
  [
    'replaces any version',
    (store) => ({ replace: (key, value) => store.put(key, value) }),
    /another version/,
  ],
  ['ignores the time to live', (store) => ({ put: (key, value) => store.put(key, value) }), /time to live/],
  ['ignores after', (store) => ({ list: (prefix) => store.list(prefix) }), /list returns only keys after/],
  ['returns half', (store) => ({ get: async (key) => halfOf(await store.get(key)) }), /a large record/],
];
const halfOf = (found: Awaited<ReturnType<Store['get']>>): typeof found =>
  found && { ...found, value: found.value.subarray(0, found.value.byteLength / 2) };

test.each(trials)('the checks find a store that %s', async (_, change, expected) => {
  const store = memoryStore({ now, maxBytes: 2_000_000 });
  const broken = {
    ...objectsOf(store),
    replace: store.replace.bind(store),
    deleteIf: store.deleteIf.bind(store),
  };
  const open = (): Store => ({ ...broken, ...change(store) });
  const failed: string[] = [];
  for (const { name, run } of storeConformance({ name: 'broken', open, wait, records: 50 }))
    await run().catch(() => failed.push(name));
  expect(failed).toContainEqual(expect.stringMatching(expected));
});
