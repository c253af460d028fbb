import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { copyFile, mkdir, opendir, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import type { ObjectStore, StoredObject } from '../../../asl/runtime/running-execution.js';

/** The most objects that a listing yields at once, so that reading them takes a few milliseconds. */
const PAGE = 250;

/** A folder in place of a bucket. The key of an object is the path of its file in the folder. */
export class FolderBucket implements ObjectStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = resolve(folder);
  }

  async *read(bucket: string, key: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const file = this.#fileOf(bucket, key);
    const found = await stat(file).catch(() => undefined);
    if (!found?.isFile()) throw new Error(`The specified key does not exist: '${key}' (${file})`);
    yield* createReadStream(file, { signal }) as AsyncIterable<Uint8Array>;
  }

  async *list(_bucket: string, prefix: string, signal: AbortSignal): AsyncGenerator<StoredObject[]> {
    let keys: string[] = [];
    const describeAll = (): StoredObject[] => keys.flatMap((key) => describe(this.#folder, key) ?? []);
    for await (const key of keysIn(this.#folder, '', prefix)) {
      if (signal.aborted) return;
      keys.push(key);
      if (keys.length < PAGE) continue;
      yield describeAll();
      keys = [];
    }
    yield describeAll();
  }

  async write(bucket: string, key: string, file: string): Promise<void> {
    const to = this.#fileOf(bucket, key);
    await mkdir(dirname(to), { recursive: true });
    await copyFile(file, to);
  }

  /** @throws Error if the key leads out of the folder */
  #fileOf(bucket: string, key: string): string {
    const file = resolve(this.#folder, key);
    if (file.startsWith(this.#folder + sep)) return file;
    throw new Error(`The key '${key}' leads out of the folder of the bucket '${bucket}'`);
  }
}

/**
 * Yields the paths of all files below a folder that begin with a prefix, in the order of Amazon S3.
 * @param path that of the folder, which ends with a slash unless it is empty
 */
async function* keysIn(root: string, path: string, prefix: string): AsyncGenerator<string> {
  const sorted: Buffer[] = [];
  let names: string[] = [];
  const sort = (): void => {
    // Bytes outside the heap, which V8 lets grow to a multiple of what is alive in it.
    sorted.push(Buffer.from(names.sort((a, b) => (a < b ? -1 : 1)).join(SEPARATOR)));
    names = [];
  };
  for await (const entry of await opendir(join(root, path), { bufferSize: 1_024 })) {
    const name = `${path}${entry.name}${entry.isDirectory() ? '/' : ''}`;
    if (!name.startsWith(prefix) && !prefix.startsWith(name)) continue;
    if (names.push(name) === SORTED_AT_ONCE) sort();
  }
  sort();
  for (const name of merged(sorted.map(partsOf)))
    if (name.endsWith('/')) yield* keysIn(root, name, prefix);
    else if (name.startsWith(prefix)) yield name;
}

/** Sorting a million names at once would take seconds, and much memory. */
const SORTED_AT_ONCE = 10_000;
/** No name of a file contains it. */
const SEPARATOR = '\0';

/** Yields the texts of sorted lists in their order. */
function* merged(lists: Iterator<string, undefined>[]): Generator<string> {
  const heads = lists.map((list) => ({ list, text: list.next().value }));
  const isLess = (a?: string, b?: string): boolean => b === undefined || (a !== undefined && a < b);
  for (;;) {
    const first = heads.reduce((least, head) => (isLess(head.text, least.text) ? head : least));
    if (first.text === undefined) return;
    yield first.text;
    first.text = first.list.next().value;
  }
}

function* partsOf(bytes: Buffer): Generator<string, undefined> {
  for (let at = 0; at < bytes.length;) {
    const next = bytes.indexOf(SEPARATOR, at);
    const end = next < 0 ? bytes.length : next;
    yield bytes.toString('utf8', at, end);
    at = end + 1;
  }
}

/** Returns undefined if there is no such file: it may be gone by now, or a link that leads to no file. */
function describe(folder: string, key: string): StoredObject | undefined {
  // Without promises, which take ten times the memory and time.
  const stats = statSync(join(folder, key), { throwIfNoEntry: false });
  if (stats?.isFile() !== true) return undefined;
  const { size, mtimeMs } = stats;
  const etag = `"${createHash('md5').update(`${key} ${size} ${mtimeMs}`).digest('hex')}"`;
  return { key, size, etag, modifiedAt: mtimeMs, storageClass: 'STANDARD' };
}
