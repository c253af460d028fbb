import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { directory, type Store } from 'stepwright';
import { memoryStore } from 'stepwright/testing';
import { replaced } from '../../support/replaced-store.js';
import { storeChecks } from '../../support/store-checks/checks.js';

const root = mkdtempSync(join(tmpdir(), 'stepwright-stores-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let time = 1_000_000;
const now = (): number => time;
const wait = (ms: number): void => void (time += ms);
const memory = memoryStore({ now, maxBytes: 2_000_000 });

describe.each<[string, () => Store]>([
  ['memory', () => memory],
  ['directory', () => directory(root, { now, maxBytes: 2_000_000 })],
])('%s', (_, open) => {
  test.each(storeChecks({ open, wait, records: 60 }))('%s', async (__, check) => {
    await expect(check()).resolves.toBeUndefined();
  });
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
  const under = memoryStore({ now, maxBytes: 2_000_000 });
  const open = (): Store => replaced(under, change(under));
  const failed: string[] = [];
  for (const [name, check] of storeChecks({ open, wait, records: 50 }))
    await check().catch(() => failed.push(name));
  expect(failed).toContainEqual(expect.stringMatching(expected));
});
