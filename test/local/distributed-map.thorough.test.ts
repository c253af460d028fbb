import { execFileSync } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';

jest.setTimeout(15 * 60_000);

interface Took {
  readonly status: string;
  readonly items: { readonly succeeded: number; readonly failed: number; readonly total: number };
  /** The processor time of a child execution. */
  readonly cpuMs: number;
  /** The memory of the process, in megabytes, each tenth of a second. */
  readonly rss: readonly number[];
  readonly slowestMs: number;
  readonly stopMs?: number;
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'big-map-'));
});
afterAll(() => {
  for (const each of [folder, `${folder}-results`]) rmSync(each, { recursive: true, force: true });
});

async function writeCsv(lines: number, bytes: number): Promise<string> {
  const name = `${lines}.csv`;
  const file = createWriteStream(join(folder, name));
  file.write('id,text\n');
  for (let i = 0; i < lines; i++)
    if (!file.write(`${i},${'x'.repeat(bytes - 9)}\n`)) await once(file, 'drain');
  file.end();
  await once(file, 'finish');
  return name;
}

function run(bucket: string, ...args: (string | number)[]): Took {
  const script = 'test/local/fixtures/big-map-run.mjs';
  const text = execFileSync(process.execPath, [script, bucket, ...args.map(String)], { encoding: 'utf8' });
  return JSON.parse(text) as Took;
}

/** A service that is asked every tenth of a second answers at once, also on a busy machine. */
const PROMPT_MS = 1_000;

test('100,000 lines with batches and failures take no more memory at the end than at the beginning', async () => {
  const took = run(folder, await writeCsv(100_000, 60), 3);
  expect(took).toMatchObject({ status: 'SUCCEEDED', items: { total: 100_000 } });
  expect(took.items.failed).toBeGreaterThan(1_000);
  expect(took.items.failed + took.items.succeeded).toBe(100_000);
  const { rss, cpuMs, slowestMs } = took;
  // Once V8 has sized its heap.
  const settled = rss.slice(Math.floor(rss.length / 3));
  expect(Math.max(...settled) - Math.min(...settled)).toBeLessThan(60);
  // 2,000 children a second on one core.
  expect(cpuMs).toBeLessThan(0.5);
  expect(slowestMs).toBeLessThan(PROMPT_MS);
});

test('a file of 1,000,000 lines and 200 MB takes less than 300 MB, and is stopped at once', async () => {
  const name = await writeCsv(1_000_000, 200);
  const took = run(folder, name, 1, 300_000);
  expect(took.status).toBe('ABORTED');
  expect(Math.max(...took.rss)).toBeLessThan(300);
  expect(took.stopMs).toBeLessThan(PROMPT_MS);
  expect(took.slowestMs).toBeLessThan(PROMPT_MS);
});

test('a listing of many objects takes less than 300 MB', () => {
  const bucket = join(folder, 'many');
  mkdirSync(bucket);
  for (let i = 0; i < 100_000; i++) writeFileSync(join(bucket, `object-${i}`), '');
  const took = run(bucket, '.', 10);
  expect(took).toMatchObject({ status: 'SUCCEEDED', items: { total: 100_000 } });
  expect(Math.max(...took.rss)).toBeLessThan(300);
  expect(took.slowestMs).toBeLessThan(PROMPT_MS);
  rmSync(`${bucket}-results`, { recursive: true, force: true });
});
