import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect, test } from '@jest/globals';
import { directory, type Store } from 'stepwright';
import { mulberry32 } from '../../support/random.js';

const root = mkdtempSync(join(tmpdir(), 'stepwright-deaths-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const fixture = (name: string): string => resolve('test/fixtures/keep', name);

/** A line that a writer prints. */
interface Line {
  readonly begun?: string;
  readonly done?: string;
  readonly to?: string | null;
  readonly claimed?: string;
  readonly won?: boolean;
  readonly counting?: number;
  readonly counted?: number;
  readonly calls?: number;
  readonly call?: string;
  readonly path?: string;
  readonly flush?: boolean;
}
const linesOf = (out: string): Line[] =>
  out
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);

/** The values that each key may have: of the last change that resolved, and of one that was begun after it. */
function possible(lines: readonly Line[]): Map<string, (string | null)[]> {
  const values = new Map<string, (string | null)[]>();
  for (const { begun, done, to = null } of lines) {
    if (begun !== undefined) values.set(begun, [...(values.get(begun) ?? [null]), to]);
    if (done !== undefined) values.set(done, [to]);
  }
  return values;
}

async function textOf(store: Store, key: string): Promise<string | null> {
  const found = await store.get(key);
  return found ? Buffer.from(found.value).toString() : null;
}

/** Expects the store to have what was acknowledged, and to be of use. */
async function expectKept(store: Store, lines: readonly Line[]): Promise<void> {
  const there: string[] = [];
  for (const [key, values] of possible(lines)) {
    const value = await textOf(store, key);
    expect({ key, isPossible: values.includes(value) }).toEqual({ key, isPossible: true });
    if (value !== null) there.push(key);
  }
  for (const prefix of new Set(there.map((key) => `${key.split('/')[0]}/`))) {
    const { keys } = await store.list(prefix);
    expect(keys).toEqual(expect.arrayContaining(there.filter((key) => key.startsWith(prefix))));
  }
}

function runSteps(folder: string, cut?: number, trace = '0'): Line[] {
  const env = { ...process.env, TRACE: trace, ...(cut !== undefined && { CUT: String(cut) }) };
  const { stdout, stderr, signal } = spawnSync(process.execPath, [fixture('steps.mjs'), folder], {
    env,
    encoding: 'utf8',
  });
  const lines = linesOf(stdout);
  // Not every run makes just as many calls: changes that are made together may differ.
  const isReached = cut !== undefined && lines.at(-1)?.calls === undefined;
  expect({ stderr, signal }).toEqual({ stderr: '', signal: isReached ? 'SIGKILL' : null });
  return lines;
}

const { calls = 0 } = runSteps(join(root, 'whole')).at(-1) ?? {};
const cuts = Array.from({ length: calls }, (_, i) => i + 1);

test('the steps of each kind of change are cut', () => {
  expect(calls).toBeGreaterThan(80);
});

test('a change resolves when its file has its name, and both are flushed to the disk', () => {
  const folder = join(root, 'traced');
  const flushed = new Set<string>();
  const unflushed: string[] = [];
  const named = new Map<string, string>();
  const placeOf = (key: string): string => join(folder, 'records', ...key.split('/'));
  let changes = 0;
  for (const { call, path = '', flush, begun, done } of runSteps(folder, undefined, '1')) {
    // An earlier change may have given this name.
    if (begun !== undefined) named.delete(placeOf(begun));
    const isRecord = call === 'writeFile' && path.includes('aside') && !path.endsWith('/free');
    if (isRecord && flush !== true) unflushed.push(path);
    if (call === 'sync') flushed.add(path);
    if (call === 'link' || call === 'rename' || call === 'unlink')
      if (path.startsWith(join(folder, 'records'))) {
        flushed.delete(dirname(path));
        named.set(path, dirname(path));
      }
    if (done === undefined) continue;
    changes += 1;
    const records = placeOf(done);
    expect({ done, isNamed: named.has(records), isFlushed: flushed.has(dirname(records)) }).toEqual({
      done,
      isNamed: true,
      isFlushed: true,
    });
  }
  expect(unflushed).toEqual([]);
  expect(changes).toBeGreaterThan(15);
});

test.each(cuts)('a process that is killed at call %i leaves what was acknowledged', async (cut) => {
  const folder = join(root, `cut-${cut}`);
  const lines = runSteps(folder, cut);
  const warnings: string[] = [];
  const store = directory(folder, { warn: (message) => warnings.push(message) });
  await expectKept(store, lines);
  await store.put('after/put', Buffer.from('one'));
  await store.delete('after/put');
  // A later process removes what the one that was killed left aside.
  expect(readdirSync(join(folder, 'aside'))).toEqual([]);
  expect(readdirSync(join(folder, 'damaged'))).toEqual([]);
  expect(warnings).toEqual([]);
});

/** Starts a writer. It is killed after so many lines. */
async function write(folder: string, id: string, rounds: number, linesUntilKill?: number): Promise<Line[]> {
  const child = spawn(process.execPath, [fixture('writers.mjs'), folder, id, String(rounds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: Line[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(JSON.parse(line) as Line);
    if (lines.length === linesUntilKill) child.kill('SIGKILL');
  }
  return lines;
}

/** Expects that the counts and the claims of all writers were kept. */
async function expectShared(store: Store, byWriter: ReadonlyMap<string, readonly Line[]>): Promise<void> {
  const counts = JSON.parse((await textOf(store, 'shared/counts')) ?? '{}') as Record<string, number>;
  const winners = new Map<string, string>();
  for (const [id, lines] of byWriter) {
    const begun = lines.filter(({ counting }) => counting !== undefined).length;
    const done = lines.filter(({ counted }) => counted !== undefined).length;
    expect([begun, done]).toContain(counts[id] ?? 0);
    for (const { claimed, won } of lines)
      if (claimed !== undefined && won === true) {
        expect({ claimed, first: winners.get(claimed), second: id }).toMatchObject({ first: undefined });
        winners.set(claimed, id);
      }
  }
  for (const [key, id] of winners) expect(await textOf(store, key)).toBe(id);
}

async function writeAtOnce(name: string, writers: number, kills: number): Promise<string[]> {
  const folder = join(root, name);
  const warnings: string[] = [];
  const store = directory(folder, { warn: (message) => warnings.push(message) });
  await store.put('shared/counts', Buffer.from('{}'));
  const byWriter = new Map<string, readonly Line[]>();
  const random = mulberry32(writers * 1_000 + kills);
  let left = kills;
  const chain = async (slot: number): Promise<void> => {
    for (let life = 0; life === 0 || left > 0; life += 1) {
      left -= 1;
      const id = `w${slot}.${life}`;
      const killAfter = kills === 0 ? undefined : 1 + Math.floor(random() * 80);
      byWriter.set(id, await write(folder, id, 30, killAfter));
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, slot) => chain(slot)));
  for (const lines of byWriter.values()) await expectKept(store, lines);
  await expectShared(store, byWriter);
  return warnings;
}

test('two processes that write at once lose nothing', async () => {
  expect(await writeAtOnce('two', 2, 0)).toEqual([]);
});

test('five processes that write at once lose nothing', async () => {
  expect(await writeAtOnce('five', 5, 0)).toEqual([]);
});

test('processes that are killed while others write lose nothing that was acknowledged', async () => {
  expect(await writeAtOnce('killed', 3, 100)).toEqual([]);
});

const inMount = `mount -t tmpfs -o size=512k,mode=700 tmpfs "$1" && exec "$2" "$3" "$1"`;

test('a full disk refuses writes as full, and loses nothing', () => {
  const mount = mkdtempSync(join(root, 'full-'));
  const command = ['-rm', 'sh', '-c', inMount, 'sh', mount, process.execPath, fixture('full.mjs')];
  const { status, stdout, stderr } = spawnSync('unshare', command, { encoding: 'utf8' });
  if (status !== 0 && /unshare|mount|Operation not permitted|Permission denied/.test(stderr)) {
    process.stderr.write(`SKIPPED: a full disk, because no file system can be mounted here: ${stderr}`);
    return;
  }
  expect(stderr).toBe('');
  const said = JSON.parse(stdout) as { kept: number; whole: number; refused: number };
  expect(said.kept).toBeGreaterThan(10);
  expect(said.refused).toBeGreaterThan(10);
  expect(said).toMatchObject({
    whole: said.kept,
    kinds: ['StoreError full'],
    afterRoom: 1,
    listed: true,
    wholeAfter: true,
  });
});
