import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { directory } from 'stepwright';
import { atEveryCall, type FileTrouble, killPrograms } from '../../support/crash/program.js';
import { oneOf } from '../../support/effort.js';

const root = mkdtempSync(join(tmpdir(), 'stepwright-disks-'));
afterAll(() => {
  killPrograms();
  rmSync(root, { recursive: true, force: true });
});

/** No call waits longer for a lock than this. */
const MOST_WAIT_MS = 2_000;

/** Runs a fixture on a disk of 32 KB, and again when that is read-only. Undefined where nothing can be mounted. */
function onTightDisk(): [full: object, readOnly: object] | undefined {
  const [mount, fixture] = [mkdtempSync(join(root, 'disk-')), resolve('test/fixtures/keep/tight.mjs')];
  const script = `mount -t tmpfs -o size=32k,mode=700 tmpfs "$1" && "$2" "$3" "$1/store" full &&
    mount -o remount,ro tmpfs "$1" && "$2" "$3" "$1/store" read-only`;
  const args = ['-rm', 'sh', '-c', script, 'sh', mount, process.execPath, fixture];
  const { status, stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8' });
  if (status !== 0 && /unshare|mount|not permitted|denied/.test(stderr)) {
    console.error(`##### SKIPPED: a full disk, as no file system can be mounted here: ${stderr} #####`);
    return undefined;
  }
  expect(stderr).toBe('');
  const [full = '{}', readOnly = '{}'] = stdout.split('\n');
  return [JSON.parse(full) as object, JSON.parse(readOnly) as object];
}

test('on a full disk a write is an error and leaves no half record, and a removal works; on a read-only one nothing changes', () => {
  const found = onTightDisk();
  if (!found) return;
  const [full, readOnly] = found as [{ kept: number; whole: number; keys: number }, object];
  expect(full).toMatchObject({
    large: 'StoreError full',
    largeAbsent: 'StoreError full',
    afterLarge: [],
    refused: ['StoreError full'],
    replaced: 'StoreError full',
    removed: 'done',
    again: 'done',
  });
  expect(full.kept).toBeGreaterThan(2);
  expect(full.whole).toBe(full.kept);
  expect(full.keys).toBe(full.kept);
  const denied = 'StoreError denied';
  const all = { put: denied, absent: denied, replaced: denied, removed: denied };
  expect(readOnly).toEqual({ whole: true, unchanged: true, ...all });
});

test.each<[FileTrouble, number]>([
  ['kill', oneOf(4)],
  ['kill-after', oneOf(7)],
])(
  'whoever holds the lock and ends by a %s, at one step of %d, keeps nobody for 2 s',
  async (trouble, each) => {
    let locked = 0;
    for await (const { folder, at, reached } of atEveryCall('test/fixtures/keep/changes.mjs', {
      trouble,
      each,
      args: ['dist/src/framework/worker/keep/directory.js'],
      calls: ['rename', 'unlink', 'link', 'fsync', 'open'],
    })) {
      const lock = join(folder, 'records-2/lock');
      if (existsSync(lock) && !readdirSync(lock).includes('free')) locked += 1;
      const began = performance.now();
      const store = directory(folder, { warn: () => {} });
      await store.put('after/one', Buffer.from('one'));
      await store.delete('after/one');
      expect({ at, reached, isSoon: performance.now() - began < MOST_WAIT_MS }).toMatchObject({
        isSoon: true,
      });
      expect(readdirSync(lock)).toEqual(['free']);
    }
    expect(locked).toBeGreaterThan(1);
  },
  600_000,
);
