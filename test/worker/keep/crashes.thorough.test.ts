import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { directory } from 'stepwright';
import { atEveryCall, type FileTrouble, killPrograms, startProgram } from '../../support/crash/program.js';
import { mulberry32 } from '../../support/random.js';
import { expectKept, possibleValues, type Said } from './changes.js';
import { oneOf, tries } from '../../support/effort.js';

const CHANGES = 'test/fixtures/keep/changes.mjs';
const DIRECTORY = 'dist/src/framework/worker/keep/directory.js';
const CARELESS = 'test/fixtures/keep/careless-store.mjs';
const WRITERS = 'test/fixtures/keep/writers.mjs';
/** The processes that write one after another in each of three places. */
const LIVES = tries(3);
afterAll(killPrograms);

/** Opens a folder as a process does that comes later. */
const later = (folder: string) => directory(folder, { warn: () => {} });

describe('a process that ends in the middle of a change leaves every change that was acknowledged', () => {
  // Most calls change nothing, so that a kill after one is a kill before the next.
  test.each<[FileTrouble, number]>([
    ['kill', oneOf(8)],
    ['kill-after', oneOf(14)],
    ['power-cut', oneOf(10)],
  ])(
    'by a %s, at one call of %d',
    async (trouble, each) => {
      let calls = 0;
      for await (const { folder, said, stderr, reached, at } of atEveryCall(CHANGES, {
        trouble,
        each,
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
    'with %s at a call',
    async (trouble) => {
      let failed = 0;
      for await (const { folder, said, code, stderr, at } of atEveryCall(CHANGES, {
        trouble,
        // A lock that can't be given back is waited for, for seconds each time.
        each: oneOf(22),
        args: [DIRECTORY],
      })) {
        expect({ at, code, stderr }).toEqual({ at, code: 0, stderr: '' });
        const errors = (said as Said[]).filter((each) => each.failed !== undefined);
        for (const each of errors)
          expect(each).toMatchObject({ error: 'StoreError', kind: expect.any(String) });
        failed += errors.length;
        await expectKept(later(folder), said as Said[]);
      }
      expect(failed).toBeGreaterThan(4);
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
      if (found.length > 0) break;
    }
    expect(found.length).toBeGreaterThan(0);
  },
);

interface SharedSaid extends Said {
  readonly claimed?: string;
  readonly counting?: number;
  readonly counted?: number;
}

test('of processes that write at once, and of which some are killed, none loses what was acknowledged to it', async () => {
  const under = mkdtempSync(join(tmpdir(), 'stepwright-writers-'));
  const store = later(under);
  await store.put('shared/counts', Buffer.from('{}'));
  const random = mulberry32(1);
  const saidBy = new Map<string, readonly SharedSaid[]>();
  const lives = async (slot: number): Promise<void> => {
    for (let life = 1; life <= LIVES; life += 1) {
      const id = `w${slot}.${life}`;
      const at = 1 + Math.floor(random() * 300);
      const plan = { under, trouble: 'kill', at } as const;
      const { said, stderr } = await startProgram(WRITERS, { args: [under, DIRECTORY, id, '30'], plan })
        .ended;
      expect(stderr).toBe('');
      saidBy.set(id, said as SharedSaid[]);
    }
  };
  await Promise.all([1, 2, 3].map(lives));
  const counts = JSON.parse(String(Buffer.from((await store.get('shared/counts'))?.value ?? []))) as object;
  for (const [id, said] of saidBy) {
    await expectKept(later(under), said);
    const begun = said.filter(({ counting }) => counting !== undefined).length;
    const done = said.filter(({ counted }) => counted !== undefined).length;
    const count = (counts as Record<string, number>)[id] ?? 0;
    expect({ id, count, isPossible: count >= done && count <= begun }).toEqual({
      id,
      count,
      isPossible: true,
    });
    const claimed = said.flatMap((each) => each.claimed ?? []);
    const owners = await Promise.all(claimed.map((key) => store.get(key)));
    expect(owners.map((owner) => String(Buffer.from(owner?.value ?? [])))).toEqual(claimed.map(() => id));
  }
  rmSync(under, { recursive: true });
}, 300_000);
