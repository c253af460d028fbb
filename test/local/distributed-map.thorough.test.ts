import { execFile } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { FolderBucket } from '../../src/framework/local/resources/buckets/folder-bucket.js';
import { tries } from '../support/effort.js';

jest.setTimeout(15 * 60_000);

interface Took {
  readonly status: string;
  readonly items: Counts;
  /** The items when the execution had just ended; `items` is of a moment later if it was stopped. */
  readonly atEnd: Counts;
  /** The processor time of a child execution. */
  readonly cpuMs: number;
  /** The memory of the process, in megabytes, each tenth of a second. */
  readonly rss: readonly number[];
  /** The most memory that the process has ever had, in megabytes. */
  readonly peakRss: number;
  /** The slowest request that was made meanwhile. */
  readonly slowestMs: number;
  readonly stopMs?: number;
}

interface Counts {
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly total: number;
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'big-map-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

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

/** @param bucket its folder, or the URL of an endpoint */
async function run(bucket: string, key: string, batch: number, stopAfter = Infinity): Promise<Took> {
  const args = [bucket, key, batch, join(folder, 'results'), stopAfter].map(String);
  const script = 'test/local/fixtures/big-map-run.mjs';
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...args], { maxBuffer: 1e8 });
  rmSync(join(folder, 'results'), { recursive: true, force: true });
  return JSON.parse(stdout) as Took;
}

/** Starts an Amazon S3 whose bucket has this many objects. */
async function listingOf(count: number): Promise<Server> {
  const PAGE = 1_000;
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://s3');
    const from = Number(searchParams.get('continuation-token') ?? 0);
    const to = Math.min(from + PAGE, count);
    const objects = Array.from(
      { length: to - from },
      (_, i) => `<Contents><Key>object-${from + i}</Key><Size>0</Size><ETag>"e"</ETag></Contents>`,
    );
    const more = to < count ? `<NextContinuationToken>${to}</NextContinuationToken>` : '';
    response.end(`<ListBucketResult>${objects.join('')}${more}</ListBucketResult>`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** A service that is asked every tenth of a second answers at once, also on a busy machine. */
const PROMPT_MS = 1_000;
const MOST_MB = 300;

test('100,000 lines with batches and failures take no more memory at the end than at the beginning', async () => {
  const took = await run(folder, await writeCsv(100_000, 60), 3);
  expect(took).toMatchObject({ status: 'SUCCEEDED', items: { total: 100_000 } });
  expect(took.items.failed).toBeGreaterThan(1_000);
  expect(took.items.failed + took.items.succeeded).toBe(100_000);
  const { rss, cpuMs, slowestMs } = took;
  // Once V8 has sized its heap: between two collections the memory goes up and down by itself.
  const third = Math.floor(rss.length / 3);
  const [before, after] = [rss.slice(third, 2 * third), rss.slice(2 * third)];
  expect(Math.max(...after) - Math.max(...before)).toBeLessThan(60);
  // 2,000 children a second on one core.
  expect(cpuMs).toBeLessThan(0.5);
  expect(slowestMs).toBeLessThan(PROMPT_MS);
});

/** A million, with STEPWRIGHT_EFFORT=4. */
const MANY = Math.min(tries(250_000), 1_000_000);

describe(`a file of ${MANY} lines of 200 bytes`, () => {
  let name = '';
  beforeAll(async () => {
    name = await writeCsv(MANY, 200);
  });

  test('takes less than 300 MB from the beginning to the end', async () => {
    const took = await run(folder, name, 1);
    expect(took).toMatchObject({ status: 'SUCCEEDED', items: { total: MANY, failed: MANY / 10 } });
    expect(took.peakRss).toBeLessThan(MOST_MB);
    expect(took.slowestMs).toBeLessThan(PROMPT_MS);
    expect(took.cpuMs).toBeLessThan(0.5);
  });

  test('is stopped at once, and no child starts any more', async () => {
    const took = await run(folder, name, 1, MANY / 10);
    expect(took.status).toBe('ABORTED');
    expect(took.stopMs).toBeLessThan(PROMPT_MS);
    expect(took.items).toEqual(took.atEnd);
    expect(took.items).toMatchObject({ running: 0 });
    expect(took.items.total).toBeLessThan(MANY / 2);
  });
});

test.each([1, 100])(`a listing of ${MANY} objects in batches of %d takes less than 300 MB`, async (batch) => {
  const server = await listingOf(MANY);
  const took = await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, '.', batch);
  server.close();
  expect(took).toMatchObject({ status: 'SUCCEEDED', items: { total: MANY } });
  expect(took.peakRss).toBeLessThan(MOST_MB);
  expect(took.slowestMs).toBeLessThan(PROMPT_MS);
});

test('a JSON Pointer leads through a file of 400 MB in less than 150 MB', async () => {
  const file = createWriteStream(join(folder, 'deep.json'));
  const filler = `${JSON.stringify({ text: '"]}{['.repeat(200) })},`.repeat(70);
  const list = JSON.stringify(Array.from({ length: 1_000 }, (_, i) => ({ id: String(i) })));
  file.write('{"deep":{"a/b":["of a key that comes again"]},"filler":[');
  for (let bytes = 0; bytes < 200e6; bytes += filler.length)
    if (!file.write(filler)) await once(file, 'drain');
  file.write(`0],"deep":{"a/b":[${list},`);
  for (let bytes = 0; bytes < 200e6; bytes += filler.length)
    if (!file.write(filler)) await once(file, 'drain');
  file.end('0]}}');
  await once(file, 'finish');
  const took = await run(folder, 'deep.json', 10);
  expect(took).toMatchObject({ status: 'SUCCEEDED', items: { total: 1_000, failed: 0 } });
  expect(took.peakRss).toBeLessThan(150);
  expect(took.slowestMs).toBeLessThan(PROMPT_MS);
});

test('a folder with 100,000 files takes less than 300 MB, and is listed in the order of their names', async () => {
  const bucket = join(folder, 'many');
  mkdirSync(bucket);
  for (let i = 0; i < 100_000; i++) writeFileSync(join(bucket, `object-${i}`), '');
  const keys: string[] = [];
  for await (const page of new FolderBucket(bucket).list('bucket', '', new AbortController().signal))
    keys.push(...page.map(({ key }) => key));
  expect(keys).toHaveLength(100_000);
  expect(keys).toEqual(keys.toSorted());
  const took = await run(bucket, '.', 10);
  expect(took).toMatchObject({ status: 'SUCCEEDED', items: { total: 100_000 } });
  expect(took.peakRss).toBeLessThan(MOST_MB);
  expect(took.slowestMs).toBeLessThan(PROMPT_MS);
});
