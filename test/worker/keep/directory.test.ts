import { AsyncLocalStorage } from 'node:async_hooks';
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
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, test } from '@jest/globals';
import { directory, type DirectoryOptions, type Store } from 'stepwright';
import { HandClock } from 'stepwright/testing';
import { FolderLock, newHolder, stateOf } from '../../../src/framework/worker/keep/files/folder-lock.js';

const root = mkdtempSync(join(tmpdir(), 'stepwright-directory-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = async (store: Store, key: string): Promise<string | undefined> => {
  const found = await store.get(key);
  return found && new TextDecoder().decode(found.value);
};

interface Trial {
  readonly path: string;
  readonly records: string;
  readonly store: Store;
  readonly warnings: string[];
}

let trials = 0;
function newStore(options: DirectoryOptions = {}): Trial {
  const path = join(root, `store-${(trials += 1)}`);
  const warnings: string[] = [];
  return {
    path,
    records: join(path, 'records-2/records'),
    warnings,
    store: directory(path, { warn: (message) => warnings.push(message), ...options }),
  };
}

test('files have mode 0600, and folders 0700', async () => {
  const { path, store } = newStore();
  await store.put('outcomes/a', bytes('one'));
  await store.put('k/b', bytes('two'));
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
      .put('k/a', bytes('one'))
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
      message: expect.stringContaining('the one that it is to be made in, is not there'),
    });
  });

  test('is denied if it is a file, or below one', async () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    for (const path of [file, `${file}/store`])
      expect(await refused(path)).toMatchObject({
        kind: 'denied',
        message: expect.stringContaining('it is not a folder: name a folder'),
      });
  });

  test('is denied if the process may not write there', () => {
    chmodSync(root, 0o755);
    const path = mkdtempSync(join(root, 'locked-'));
    chmodSync(path, 0o555);
    const module = resolve('dist/src/framework/worker/keep/directory.js');
    const script = `const { directory } = await import(${JSON.stringify(module)});
      await directory(${JSON.stringify(path)}).put('k/a', new Uint8Array()).catch(({ kind, message }) => console.log(kind, message));`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      cwd: '/',
      // Root may write everywhere.
      ...(process.getuid?.() === 0 && { uid: 65_534 }),
    });
    expect({ stdout, stderr }).toMatchObject({
      stderr: '',
      stdout: expect.stringMatching(/^denied .*by chown -R \(EACCES, uid \d+\)/),
    });
  });

  test('is tried again with the next call', async () => {
    const path = join(root, 'later/store');
    const store = directory(path, { warn: () => undefined });
    await expect(store.get('k/a')).rejects.toMatchObject({ kind: 'denied' });
    mkdirSync(join(root, 'later'));
    await store.put('k/a', bytes('one'));
    expect(await text(store, 'k/a')).toBe('one');
  });
});

test('a folder that is gone is denied, and no record is said to be missing', async () => {
  const { path, store } = newStore();
  await store.put('outcomes/a', bytes('one'));
  rmSync(path, { recursive: true });
  const expected = { kind: 'denied', message: expect.stringContaining('is its volume mounted?') };
  await expect(store.get('outcomes/a')).rejects.toMatchObject(expected);
  await expect(store.put('outcomes/a', bytes('two'))).rejects.toMatchObject(expected);
  await expect(store.list('')).rejects.toMatchObject(expected);
});

describe('a file that is not a record', () => {
  const large = 'large '.repeat(20_000);
  const harms: readonly [string, (file: string) => void][] = [
    ['cut in its middle', (file) => truncateSync(file, 50_000)],
    ['cut in its head', (file) => truncateSync(file, 30)],
    ['empty', (file) => truncateSync(file, 0)],
    ["another program's", (file) => writeFileSync(file, 'large '.repeat(20_000))],
    ["another record's", (file) => copyFileSync(file.replace('harmed', 'sound'), file)],
  ];

  test.each(harms)('is named in one warning and left alone if it is %s', async (_, harm) => {
    const { records, store, warnings } = newStore();
    await store.put('outcomes/harmed', bytes(large));
    const sound = await store.put('outcomes/sound', bytes(large));
    const file = join(records, 'outcomes/harmed');
    harm(file);
    const before = readFileSync(file);
    const damaged = { kind: 'damaged', message: expect.stringContaining(`${file} is not a record`) };
    await expect(store.get('outcomes/harmed')).rejects.toMatchObject(damaged);
    // Of what is only cut at its end, a write sees no more than the head, which is sound.
    const changes = [
      () => store.put('outcomes/harmed', bytes('two')),
      () => store.putIfAbsent('outcomes/harmed', bytes('two')),
      () => store.delete('outcomes/harmed'),
    ].slice(harm === harms[0]?.[1] ? 3 : 0);
    for (const change of changes) await expect(change()).rejects.toMatchObject(damaged);
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(warnings).toEqual([expect.stringContaining(file)]);
    expect(await store.list('outcomes/')).toEqual({ keys: ['outcomes/harmed', 'outcomes/sound'] });
    expect(await store.replace('outcomes/sound', bytes('two'), sound)).toBeDefined();
    rmSync(file);
    expect(await store.putIfAbsent('outcomes/harmed', bytes('three'))).toBeDefined();
    expect(await text(store, 'outcomes/harmed')).toBe('three');
  });

  test('is no key if its name is not that of one', async () => {
    const { records, store, warnings } = newStore();
    await store.put('outcomes/a', bytes('one'));
    const outcomes = join(records, 'outcomes');
    writeFileSync(join(outcomes, 'README.TXT'), 'hello');
    writeFileSync(join(outcomes, '.nfs0001'), 'hello');
    writeFileSync(join(records, 'stray'), 'hello');
    for (let n = 0; n < 2; n++) expect(await store.list('')).toEqual({ keys: ['outcomes/a'] });
    expect(warnings).toHaveLength(2);
    expect(readdirSync(outcomes).toSorted()).toEqual(['.nfs0001', 'README.TXT', 'a']);
  });

  test.each<[string, (path: string) => void]>([
    ['a folder', (path) => mkdirSync(path)],
    ['a pipe', (path) => void spawnSync('mkfifo', [path])],
  ])('may be %s', async (_, make) => {
    const { records, store, warnings } = newStore();
    await store.put('outcomes/a', bytes('one'));
    make(join(records, 'outcomes/b'));
    await expect(store.get('outcomes/b')).rejects.toMatchObject({ kind: 'damaged' });
    await expect(store.put('outcomes/b', bytes('two'))).rejects.toMatchObject({ kind: 'damaged' });
    expect(await text(store, 'outcomes/a')).toBe('one');
    expect(warnings).toHaveLength(1);
  });
});

test.each(['records', 'records-1', 'records-3'])(
  'a folder that holds another format (%s) is refused and left alone',
  async (other) => {
    const { path, store } = newStore();
    mkdirSync(join(path, other, 'outcomes'), { recursive: true });
    writeFileSync(join(path, other, 'outcomes/a'), 'kept');
    const refused = {
      kind: 'denied',
      message: expect.stringContaining('Name another folder, or remove these records if nobody needs them'),
    };
    await expect(store.get('outcomes/a')).rejects.toMatchObject(refused);
    await expect(store.put('outcomes/a', bytes('two'))).rejects.toMatchObject(refused);
    expect(readdirSync(path)).toEqual([other]);
    expect(readFileSync(join(path, other, 'outcomes/a'), 'utf8')).toBe('kept');
  },
);

test('a list of thousands of keys opens no file', async () => {
  const { records, store } = newStore();
  const key = (n: number): string => `outcomes/${String(n).padStart(190, 'x')}`;
  await store.put(key(0), bytes('one'));
  for (let n = 1; n < 2_000; n++) writeFileSync(join(records, key(n)), '');
  const { keys } = await store.list('outcomes/');
  // Each of these files but one would be called damaged if it was read.
  expect(keys).toEqual(Array.from({ length: 2_000 }, (_, n) => key(n)).toSorted());
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

test('a write removes records whose time is over, and what was left aside, from the disk', async () => {
  let time = 1_000_000;
  const { path, records, store } = newStore({ now: () => time });
  for (let n = 0; n < 5; n++) await store.put(`once/${n}`, bytes('one'), { ttlMs: n < 3 ? 1_000 : 60_000 });
  const aside = join(records, '../aside');
  for (const name of ['old', 'new']) writeFileSync(join(aside, name), 'half');
  utimesSync(join(aside, 'old'), 0, 0);
  time += 1_000;
  // The first write of a process sweeps.
  const next = directory(path, { now: () => time });
  await next.put('outcomes/b', bytes('two'));
  const once = (): string[] => readdirSync(join(records, 'once')).toSorted();
  for (let n = 0; once().length > 2 && n < 10_000; n++) await next.get('outcomes/b');
  expect(once()).toEqual(['3', '4']);
  expect(readdirSync(aside)).toEqual(['new']);
});

test('the changes of a task tell of no task', async () => {
  const context = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const { records, store } = newStore({ warn: () => seen.push(context.getStore()) });
  await context.run('the task', async () => {
    await store.put('outcomes/a', bytes('one'));
    writeFileSync(join(records, 'outcomes/a'), 'torn');
    await expect(store.putIfAbsent('outcomes/a', bytes('two'))).rejects.toMatchObject({ kind: 'damaged' });
    expect(context.getStore()).toBe('the task');
  });
  expect(seen).toEqual([undefined]);
});

describe('the lock between processes', () => {
  const HOLDER = 'another-machine,1,2,abc';

  function newLock(): { lock: FolderLock; folder: string; clock: HandClock } {
    const folder = join(root, `lock-${(trials += 1)}`);
    mkdirSync(folder);
    const clock = new HandClock();
    return { folder, clock, lock: new FolderLock(folder, clock) };
  }

  const hold = (lock: FolderLock): Promise<string> => lock.run(async () => 'done');

  test('is waited for 2 s, and then says who holds it', async () => {
    const { lock, folder, clock } = newLock();
    writeFileSync(join(folder, HOLDER), '');
    const began = clock.now();
    const errors = await Promise.all([
      settled(clock, hold(lock)),
      hold(lock).catch((error: unknown) => error),
    ]);
    for (const error of errors)
      expect(error).toMatchObject({ kind: 'unavailable', message: expect.stringContaining(HOLDER) });
    expect(clock.now() - began).toBeLessThan(3_000);
    expect(readdirSync(folder)).toEqual([HOLDER]);
  });

  test('is taken over from a holder of another machine that has kept it for 10 s', async () => {
    const { lock, folder, clock } = newLock();
    writeFileSync(join(folder, HOLDER), '');
    const begun = clock.now();
    const results: unknown[] = [];
    while (results.at(-1) !== 'done') results.push(await settled(clock, hold(lock)));
    expect(results.length).toBeGreaterThan(2);
    expect(clock.now() - begun).toBeGreaterThan(10_000);
    expect(readdirSync(folder)).toEqual(['free']);
  });

  test('is not taken over while the holder changes', async () => {
    const { lock, folder, clock } = newLock();
    for (let n = 0; n < 8; n++) {
      writeFileSync(join(folder, `${HOLDER}${n}`), '');
      expect(await settled(clock, hold(lock))).toMatchObject({ kind: 'unavailable' });
      rmSync(join(folder, `${HOLDER}${n}`));
    }
  });

  test('is not taken over from a thread of this machine that lives', async () => {
    const { lock, folder, clock } = newLock();
    const name = newHolder();
    writeFileSync(join(folder, name), '');
    for (let n = 0; n < 8; n++)
      expect(await settled(clock, hold(lock))).toMatchObject({ kind: 'unavailable' });
    expect(readdirSync(folder)).toEqual([name]);
  });

  test('is taken at once from a thread that has ended, though its process lives', async () => {
    const { lock, folder, clock } = newLock();
    const module = JSON.stringify(resolve('dist/src/framework/worker/keep/files/folder-lock.js'));
    const script = `const { parentPort } = require('node:worker_threads');
      parentPort.on('message', () => {});
      import(${module}).then(({ newHolder }) => parentPort.postMessage(newHolder()));`;
    const thread = new Worker(script, { eval: true });
    const [name] = (await once(thread, 'message')) as [string];
    writeFileSync(join(folder, name), '');
    expect(stateOf(name)).toBe('alive');
    await thread.terminate();
    // The system takes it from its table a little later.
    while (stateOf(name) === 'alive') await new Promise((resolve) => setImmediate(resolve));
    expect(await settled(clock, hold(lock))).toBe('done');
  });

  /** Moves the clock until a promise has settled. Returns its value or its error. */
  async function settled(clock: HandClock, begun: Promise<unknown>): Promise<unknown> {
    const end = { isThere: false };
    const result = begun.catch((error: unknown) => error).finally(() => (end.isThere = true));
    while (!end.isThere) {
      await new Promise((resolve) => setImmediate(resolve));
      // The file system takes its own time.
      await clock.advance(4);
    }
    return result;
  }
});
