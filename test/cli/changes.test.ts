import { getEventListeners } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Clock, systemClock } from '../../src/framework/base/time/clock.js';
import { Changes } from '../../src/framework/cli/dev/changes.js';

// Nothing is collected for a while: each change is returned at once.
const clock: Clock = Object.assign(Object.create(systemClock) as Clock, { sleep: () => Promise.resolve() });

let dir: string;
let changes: Changes;
let stop: AbortController;
const path = (name: string): string => join(dir, name);
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'stepwright-changes-'));
  stop = new AbortController();
  for (const name of ['project/.hidden', 'project/dist', 'other/deep', 'far/off/here'])
    mkdirSync(path(name), { recursive: true });
  for (const name of ['project/a.ts', 'other/deep/t.yaml', 'far/off/here/t.yaml'])
    writeFileSync(path(name), '');
});
afterEach(() => {
  changes.close();
  rmSync(dir, { recursive: true });
});

/** Watches the project, and some paths beside it. */
function watched(...names: string[]): void {
  const onUnwatched = (folder: string, error: Error): never => {
    throw new Error(folder, { cause: error });
  };
  const outDir = path('project/dist');
  changes = new Changes({ folders: [path('project')], paths: names.map(path), outDir, onUnwatched }, clock);
}

function write(name: string): void {
  mkdirSync(dirname(path(name)), { recursive: true });
  writeFileSync(path(name), String(Math.random()));
}

/** Waits until these files are among the changed ones. @returns their names */
async function seen(...names: string[]): Promise<string[]> {
  const missing = new Set(names.map(path));
  while (missing.size > 0) for (const file of await changes.next(stop.signal)) missing.delete(file);
  return names;
}

test('however many changes there are, none leaves a listener at the signal of the stop', async () => {
  watched();
  for (const name of ['project/b.ts', 'project/c.ts']) {
    const changed = seen(name);
    write(name);
    await changed;
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  }
  const none = changes.next(stop.signal);
  stop.abort();
  await none;
  expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
});

test('a file that is written in several steps is returned after its last one, however close they are', async () => {
  watched();
  for (let step = 0; step < 5; step++) {
    write('project/a.ts');
    expect(await seen('project/a.ts')).toHaveLength(1);
  }
});

test.each<[string, () => void, string[]]>([
  [
    'in a new folder, and in one below',
    () => ['new/b.ts', 'new/c/d.ts'].forEach((name) => write(`project/${name}`)),
    ['project/new/b.ts', 'project/new/c/d.ts'],
  ],
  [
    'in a folder that is moved away',
    () => renameSync(path('other/deep'), path('gone')),
    ['other/deep/t.yaml'],
  ],
  [
    'that is replaced by another',
    () => {
      write('project/.hidden/tmp');
      renameSync(path('project/.hidden/tmp'), path('project/a.ts'));
    },
    ['project/a.ts'],
  ],
  [
    'that is removed and written again',
    () => {
      unlinkSync(path('project/a.ts'));
      write('project/a.ts');
    },
    ['project/a.ts'],
  ],
  [
    'in a folder around which all is removed and made again',
    () => {
      rmSync(path('far'), { recursive: true });
      write('far/off/here/t.yaml');
    },
    ['far/off/here/t.yaml'],
  ],
  [
    'in a folder that is removed and made again',
    () => {
      rmSync(path('other'), { recursive: true });
      write('other/deep/t.yaml');
    },
    ['other/deep/t.yaml'],
  ],
])('a file %s is returned, and so is each later change of it', async (_, change, files) => {
  watched('other/deep', 'far/off/here/t.yaml');
  change();
  expect(await seen(...files)).toEqual(files);
  for (const file of files) {
    write(file);
    expect(await seen(file)).toHaveLength(1);
  }
});

test.each([
  ['project/.hidden/build/t.yaml', 'of a hidden folder'],
  ['project/dist/t.yaml', 'of the folder of the output'],
  ['elsewhere/not/yet/t.yaml', 'outside of the project, whose folders are made later'],
])('a file %s that a template names is watched by itself (%s)', async (file) => {
  watched();
  changes.also([path(file)]);
  expect(await seen(file)).toHaveLength(1);
  for (const _ of ['once', 'again']) {
    write(file);
    expect(await seen(file)).toHaveLength(1);
    rmSync(dirname(path(file)), { recursive: true });
    expect(await seen(file)).toHaveLength(1);
  }
});

test('files of the output, hidden files and links in a circle are left out', async () => {
  symlinkSync(path('project'), path('project/circle'));
  watched();
  for (const name of ['dist/a.js', '.hidden/a.ts', '.b.ts', 'node_modules/a/b.js', 'last.ts'])
    write(`project/${name}`);
  expect([...(await changes.next(stop.signal))]).toEqual([path('project/last.ts')]);
});
