import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { directory, type Store } from 'stepwright';
import { memoryStore, storeConformance } from 'stepwright/testing';

const root = mkdtempSync(join(tmpdir(), 'stepwright-stores-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let time = 1_000_000;
const now = (): number => time;
const wait = (ms: number): void => void (time += ms);

const memory = memoryStore({ now, maxBytes: 2_000_000 });
const stores: readonly { name: string; open: () => Store }[] = [
  { name: 'memory', open: () => memory },
  { name: 'directory', open: () => directory(root, { now, maxBytes: 2_000_000 }) },
];

describe.each(stores)('$name', (store) => {
  test.each(storeConformance({ ...store, wait }))('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  });
});
