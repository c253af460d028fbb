import { resolve } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { directory } from 'stepwright';
import { atEveryCall, type FileTrouble, killPrograms } from '../../support/crash/program.js';
import { expectKept, possibleValues, type Said } from './changes.js';

const CHANGES = 'test/fixtures/keep/changes.mjs';
const DIRECTORY = 'dist/src/framework/worker/keep/directory.js';
const CARELESS = 'test/fixtures/keep/careless-store.mjs';
afterAll(killPrograms);

/** Opens a folder as a process does that comes later. */
const later = (folder: string) => directory(folder, { warn: () => {} });

describe('a process that ends in the middle of a change leaves every change that was acknowledged', () => {
  test.each<FileTrouble>(['kill', 'kill-after', 'power-cut'])(
    'by a %s at each call',
    async (trouble) => {
      let calls = 0;
      for await (const { folder, said, stderr, reached, at } of atEveryCall(CHANGES, {
        trouble,
        args: [DIRECTORY],
      })) {
        expect({ at, reached, stderr }).toEqual({ at, reached, stderr: '' });
        await expectKept(later(folder), said as Said[]);
        calls = at;
      }
      expect(calls).toBeGreaterThan(50);
    },
    600_000,
  );
});

describe('a change whose call of the file system fails is an error, and loses no other', () => {
  test.each<FileTrouble>(['EIO', 'ENOSPC', 'EACCES'])(
    'with %s at each call',
    async (trouble) => {
      let failed = 0;
      for await (const { folder, said, code, stderr, at } of atEveryCall(CHANGES, {
        trouble,
        args: [DIRECTORY],
      })) {
        expect({ at, code, stderr }).toEqual({ at, code: 0, stderr: '' });
        const errors = (said as Said[]).filter((each) => each.failed !== undefined);
        for (const each of errors)
          expect(each).toMatchObject({ error: 'StoreError', kind: expect.any(String) });
        failed += errors.length;
        await expectKept(later(folder), said as Said[]);
      }
      expect(failed).toBeGreaterThan(20);
    },
    600_000,
  );
});

test.each<FileTrouble>(['kill', 'power-cut'])(
  'a store that is careless is found out by a %s',
  async (trouble) => {
    const found: unknown[] = [];
    const { directory: open } = (await import(resolve(CARELESS))) as {
      directory: typeof directory;
    };
    for await (const { folder, said } of atEveryCall(CHANGES, { trouble, args: [CARELESS] })) {
      possibleValues(said as Said[]);
      await expectKept(open(folder), said as Said[]).catch((error: unknown) => found.push(error));
    }
    expect(found.length).toBeGreaterThan(0);
  },
);
