import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { directory, type DirectoryOptions, type Store } from 'stepwright';
import { HandClock } from 'stepwright/testing';
import { FolderLock } from '../../../src/framework/worker/keep/files/folder-lock.js';
import { Commits } from '../../../src/framework/worker/keep/files/commits.js';
import { Folder } from '../../../src/framework/worker/keep/files/folder.js';
import { Listing } from '../../../src/framework/worker/keep/files/listing.js';
import { Sweep } from '../../../src/framework/worker/keep/files/sweep.js';
import { long } from '../../../src/framework/worker/keep/files/turns.js';

const root = mkdtempSync(join(tmpdir(), 'stepwright-directory-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = async (store: Store, key: string): Promise<string | undefined> => {
  const found = await store.get(key);
  return found && new TextDecoder().decode(found.value);
};

interface Trial {
  readonly path: string;
  readonly store: Store;
  readonly warnings: string[];
}

let trials = 0;
function newStore(options: DirectoryOptions = {}): Trial {
  const path = join(root, `store-${(trials += 1)}`);
  const warnings: string[] = [];
  return {
    path,
    warnings,
    store: directory(path, { warn: (message) => warnings.push(message), ...options }),
  };
}

test('files have mode 0600, and folders 0700', async () => {
  const { path, store } = newStore();
  await store.put('outcomes/a', bytes('one'));
  await store.put('b', bytes('two'));
  const modes = (readdirSync(path, { recursive: true }) as string[]).map((name) => {
    const { mode } = statSync(join(path, name));
    return (mode & 0o170777).toString(8);
  });
  expect(new Set(modes)).toEqual(new Set(['100600', '40700']));
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

describe('a path that is no place for a store', () => {
  const refused = async (path: string): Promise<unknown> =>
    directory(path, { warn: () => undefined })
      .put('a', bytes('one'))
      .catch((error: unknown) => error);

  test('is refused at once if it is relative, with the absolute one', () => {
    expect(() => directory('data/store')).toThrow(TypeError);
    expect(() => directory('data/store')).toThrow(
      `expected an absolute path, because a relative one depends on the folder that the worker is started in. Write directory("${process.cwd()}/data/store")`,
    );
    expect(() => directory('')).toThrow(
      'expected the absolute path of a folder, such as /var/lib/stepwright, got ""',
    );
    expect(() => directory(undefined as never)).toThrow('got undefined');
    expect(() => directory('/a', { maxBytes: 0.5 })).toThrow(
      'expected maxBytes to be a whole number of bytes from 1, got 0.5',
    );
  });

  test('is denied if its parent is not there', async () => {
    const path = join(root, 'none/store');
    expect(await refused(path)).toMatchObject({
      name: 'StoreError',
      kind: 'denied',
      message: expect.stringContaining(`${root}/none is not there. Make it (mkdir -p ${path}; chown `),
    });
  });

  test('is denied if it is a file, or below one', async () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    for (const path of [file, `${file}/store`])
      expect(await refused(path)).toMatchObject({
        kind: 'denied',
        message: expect.stringContaining('it is not a folder'),
      });
  });

  test('is denied if the process may not write there', () => {
    chmodSync(root, 0o755);
    const path = mkdtempSync(join(root, 'locked-'));
    chmodSync(path, 0o555);
    const module = resolve('dist/src/framework/worker/keep/directory.js');
    const script = `const { directory } = await import(${JSON.stringify(module)});
      await directory(${JSON.stringify(path)}).put('a', new Uint8Array()).catch(({ kind, message }) => console.log(kind, message));`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      cwd: '/',
      // Root may write everywhere.
      ...(process.getuid?.() === 0 && { uid: 65_534 }),
    });
    expect({ stdout, stderr }).toMatchObject({
      stderr: '',
      stdout: expect.stringMatching(/^denied .*chown -R \d+ /),
    });
  });

  test('is tried again with the next call', async () => {
    const path = join(root, 'later/store');
    const store = directory(path, { warn: () => undefined });
    await expect(store.get('a')).rejects.toMatchObject({ kind: 'denied' });
    mkdirSync(join(root, 'later'));
    await store.put('a', bytes('one'));
    expect(await text(store, 'a')).toBe('one');
  });
});

test('a folder that is gone is denied, and no record is said to be missing', async () => {
  const { path, store } = newStore();
  await store.put('outcomes/a', bytes('one'));
  rmSync(path, { recursive: true });
  const expected = { kind: 'denied', message: expect.stringContaining('is its volume still mounted?') };
  await expect(store.get('outcomes/a')).rejects.toMatchObject(expected);
  await expect(store.put('outcomes/a', bytes('two'))).rejects.toMatchObject(expected);
  await expect(store.list('')).rejects.toMatchObject(expected);
});

test('a write rejects if its record can not be given its name', async () => {
  const { path, store } = newStore();
  await store.put('outcomes/a', bytes('one'));
  mkdirSync(join(path, 'records/outcomes/b/c'), { recursive: true });
  await expect(store.put('outcomes/b', bytes('two'))).rejects.toMatchObject({ name: 'StoreError' });
  expect(await text(store, 'outcomes/a')).toBe('one');
});

describe('a file that is damaged', () => {
  const large = 'large '.repeat(20_000);
  const harms: readonly [string, (file: string) => void][] = [
    ['cut in its middle', (file) => truncateSync(file, 50_000)],
    ['cut in its head', (file) => truncateSync(file, 30)],
    ['empty', (file) => truncateSync(file, 0)],
    [
      'changed',
      (file) =>
        writeFileSync(file, readFileSync(file, 'latin1').replace('large large', 'LARGE large'), 'latin1'),
    ],
    ["another program's", (file) => writeFileSync(file, 'large '.repeat(20_000))],
    ["another record's", (file) => copyFileSync(file.replace('harmed', 'sound'), file)],
  ];

  test.each(harms)('is set aside and named if it is %s', async (_, harm) => {
    const { path, store, warnings } = newStore();
    await store.put('outcomes/harmed', bytes(large));
    await store.put('outcomes/sound', bytes(large));
    harm(join(path, 'records/outcomes/harmed'));
    await expect(store.get('outcomes/harmed')).rejects.toMatchObject({
      kind: 'damaged',
      message: expect.stringContaining('records/outcomes/harmed is not a whole record'),
    });
    expect(warnings).toEqual([expect.stringContaining(`was moved to ${path}/damaged/outcomes,harmed-`)]);
    expect(readdirSync(join(path, 'damaged'))).toHaveLength(1);
    expect(await store.get('outcomes/harmed')).toBeUndefined();
    expect(await text(store, 'outcomes/sound')).toBe(large);
    expect(await store.putIfAbsent('outcomes/harmed', bytes('two'))).toBeDefined();
    expect(await text(store, 'outcomes/harmed')).toBe('two');
    expect(warnings).toHaveLength(1);
  });

  test.each(harms)('does not keep others from being listed or written if it is %s', async (name, harm) => {
    const { path, store, warnings } = newStore();
    await store.put('outcomes/harmed', bytes(large));
    const sound = await store.put('outcomes/sound', bytes(large));
    harm(join(path, 'records/outcomes/harmed'));
    const { keys } = await store.list('outcomes/');
    // A value that is torn is noticed by the read of the value.
    const isNoticed = name !== 'changed' && name !== 'cut in its middle';
    expect(keys).toEqual(isNoticed ? ['outcomes/sound'] : ['outcomes/harmed', 'outcomes/sound']);
    expect(warnings).toHaveLength(isNoticed ? 1 : 0);
    expect(await store.replace('outcomes/sound', bytes('two'), sound)).toBeDefined();
    await store.put('outcomes/harmed', bytes('three'));
    expect(await text(store, 'outcomes/harmed')).toBe('three');
  });

  test('is set aside once by several that meet it', async () => {
    const { path, store, warnings } = newStore();
    await store.put('outcomes/harmed', bytes(large));
    writeFileSync(join(path, 'records/outcomes/harmed'), 'torn');
    const other = directory(path, { warn: (message) => warnings.push(message) });
    const all = [store.get('outcomes/harmed'), other.get('outcomes/harmed'), other.list('outcomes/')];
    await Promise.allSettled(all);
    expect(warnings).toHaveLength(1);
    expect(readdirSync(join(path, 'damaged'))).toHaveLength(1);
  });
});

test('foreign files and folders are no records, and those of an editor or of NFS are left alone', async () => {
  const { path, store, warnings } = newStore();
  await store.put('outcomes/a', bytes('one'));
  const outcomes = join(path, 'records/outcomes');
  writeFileSync(join(outcomes, 'README.TXT'), 'hello');
  writeFileSync(join(outcomes, 'readme'), 'hello');
  writeFileSync(join(outcomes, '.nfs0001'), 'hello');
  writeFileSync(join(path, 'records/stray'), 'hello');
  mkdirSync(join(outcomes, 'a-folder'));
  spawnSync('mkfifo', [join(outcomes, 'a-pipe')]);
  symlinkSync('/nowhere', join(outcomes, 'a-link'));
  expect(await store.list('')).toEqual({ keys: ['outcomes/a'] });
  expect(
    warnings
      .map((each) => /records\/outcomes\/(\S+)/.exec(each)?.[1])
      .toSorted((a = '', b = '') => (a < b ? -1 : 1)),
  ).toEqual(['README.TXT', 'a-folder', 'a-pipe', 'readme']);
  expect(readdirSync(outcomes).toSorted()).toEqual(['.nfs0001', 'a', 'a-link']);
  expect(await store.list('')).toEqual({ keys: ['outcomes/a'] });
  expect(warnings).toHaveLength(4);
});

test('a record of a newer version of the format is left alone', async () => {
  const { path, store, warnings } = newStore();
  await store.put('outcomes/a', bytes('one'));
  await store.put('outcomes/b', bytes('two'));
  writeFileSync(join(path, 'records/outcomes/a'), 'stepwright-records 2\nwhatever');
  await expect(store.get('outcomes/a')).rejects.toMatchObject({
    kind: 'denied',
    message: expect.stringContaining(
      'has version 2 of the format, and this worker knows version 1. Update this worker',
    ),
  });
  expect(await store.putIfAbsent('outcomes/b', bytes('three'))).toBeUndefined();
  expect(readFileSync(join(path, 'records/outcomes/a'), 'utf8')).toBe('stepwright-records 2\nwhatever');
  expect((await store.list('outcomes/')).keys).toContain('outcomes/b');
  expect(warnings).toEqual([]);
});

test('a clock that jumps takes no record that has no end, and hides others only while it is ahead', async () => {
  let time = Date.UTC(2026, 0, 1);
  const { path, store, warnings } = newStore({ now: () => time });
  const other = directory(path, { now: () => time });
  const version = await store.put('outcomes/endless', bytes('one'));
  await store.put('once/ends', bytes('two'), { ttlMs: 60_000 });
  for (const year of [1970, 2100, 2026]) {
    time = Date.UTC(year, 0, 1);
    expect(await text(other, 'outcomes/endless')).toBe('one');
    expect(await text(other, 'once/ends')).toBe(year === 2100 ? undefined : 'two');
    expect((await other.list('')).keys).toContain('outcomes/endless');
  }
  expect(await store.replace('outcomes/endless', bytes('three'), version)).toBeDefined();
  expect(warnings).toEqual([]);
});

test('records whose time to live is over are removed from the disk', async () => {
  let time = 1_000_000;
  const now = (): number => time;
  const { path, store } = newStore({ now });
  for (let i = 0; i < 30; i += 1)
    await store.put(`once/${i}`, bytes('one'), { ttlMs: i < 20 ? 1_000 : 60_000 });
  await store.put('outcomes/a', bytes('one'));
  const folder = await Folder.open(path, () => undefined);
  const commits = new Commits(folder, {
    now,
    maxBytes: 1_000,
    warn: () => undefined,
    context: new AsyncResource('test'),
  });
  const sweep = new Sweep(new Listing(folder.records, commits, now), commits, now);
  await sweep.step(100);
  expect(readdirSync(join(path, 'records/once'))).toHaveLength(30);
  time += 1_000;
  await sweep.step(100);
  expect(readdirSync(join(path, 'records/once'))).toHaveLength(10);
  expect(readdirSync(join(path, 'records/outcomes'))).toEqual(['a']);
});

test('a write sweeps some records that are over', async () => {
  let time = 1_000_000;
  const { path, store } = newStore({ now: () => time });
  await store.put('once/a', bytes('one'), { ttlMs: 1_000 });
  time += 1_000;
  // The first write of a process sweeps; so does one in ten seconds.
  const next = directory(path, { now: () => time });
  await next.put('outcomes/b', bytes('two'));
  for (let i = 0; readdirSync(join(path, 'records/once')).length > 0 && i < 1_000; i += 1)
    await next.get('outcomes/b');
  expect(readdirSync(join(path, 'records/once'))).toEqual([]);
});

test('the changes of a task run in the context of none', async () => {
  const context = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const { path, store } = newStore({ warn: () => seen.push(context.getStore()) });
  await context.run('the task', async () => {
    await store.put('outcomes/a', bytes('one'));
    writeFileSync(join(path, 'records/outcomes/a'), 'torn');
    await store.putIfAbsent('outcomes/a', bytes('two'));
    expect(context.getStore()).toBe('the task');
  });
  expect(seen).toEqual([undefined]);
});

test('small changes wait for no call that reads or writes much', async () => {
  const { store } = newStore();
  await store.put('outcomes/a', bytes('one'));
  let release = (): void => undefined;
  const stuck = new Promise<void>((resolve) => (release = resolve));
  const calls = [long.run(() => stuck), long.run(() => stuck)];
  const large = store.put('payloads/a', new Uint8Array(1_000_000));
  const version = (await store.putIfAbsent('outcomes/b', bytes('one'))) ?? '';
  expect(await store.replace('outcomes/b', bytes('two'), version)).toBeDefined();
  await store.delete('outcomes/a');
  release();
  await Promise.all([...calls, large]);
  expect((await store.get('payloads/a'))?.value.byteLength).toBe(1_000_000);
});

describe('the lock between processes', () => {
  const HOLDER = 'another-machine,1,2,abc';

  function newLock(): { lock: FolderLock; folder: string; clock: HandClock } {
    const folder = join(root, `lock-${(trials += 1)}`);
    mkdirSync(folder);
    const clock = new HandClock();
    return { folder, clock, lock: new FolderLock(folder, clock) };
  }

  test('is waited for 10 s, and then says who holds it', async () => {
    const { lock, folder, clock } = newLock();
    writeFileSync(join(folder, HOLDER), '');
    const error = await settled(
      clock,
      lock.hold(async () => 'done'),
    );
    expect(error).toMatchObject({ kind: 'unavailable', message: expect.stringContaining(HOLDER) });
    expect(readdirSync(folder)).toEqual([HOLDER]);
  });

  test('is taken over from a holder of another machine that has kept it for 30 s', async () => {
    const { lock, folder, clock } = newLock();
    writeFileSync(join(folder, HOLDER), '');
    const begun = clock.now();
    const results: unknown[] = [];
    while (results.at(-1) !== 'done')
      results.push(
        await settled(
          clock,
          lock.hold(async () => 'done'),
        ),
      );
    expect(results.length).toBeGreaterThan(2);
    expect(clock.now() - begun).toBeGreaterThan(30_000);
    expect(readdirSync(folder)).toEqual(['free']);
  });

  test('is not taken over while the holder changes', async () => {
    const { lock, folder, clock } = newLock();
    for (let i = 0; i < 5; i += 1) {
      writeFileSync(join(folder, `${HOLDER}${i}`), '');
      expect(
        await settled(
          clock,
          lock.hold(async () => 'done'),
        ),
      ).toMatchObject({ kind: 'unavailable' });
      rmSync(join(folder, `${HOLDER}${i}`));
    }
  });

  test('ends the changes of a holder that has kept it for 10 s', async () => {
    const { lock, folder, clock } = newLock();
    writeFileSync(join(folder, 'free'), '');
    await lock.hold(async (held) => {
      held.check();
      await clock.advance(10_001);
      expect(() => held.check()).toThrow('was held for more than 10 s');
    });
    expect(readdirSync(folder)).toEqual(['free']);
  });

  /** Moves the clock until a promise has settled. Returns its value or its error. */
  async function settled(clock: HandClock, begun: Promise<unknown>): Promise<unknown> {
    const end = { isThere: false };
    const result = begun.catch((error: unknown) => error).finally(() => (end.isThere = true));
    while (!end.isThere) {
      await new Promise((resolve) => setImmediate(resolve));
      await clock.advance(20);
    }
    return result;
  }
});
