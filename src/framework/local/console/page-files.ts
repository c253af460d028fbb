import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { IncomingHttpHeaders } from 'node:http';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

interface PageFile {
  readonly body: Buffer;
  readonly type: string;
}

/** Returns the folder of this package, whether this module runs compiled or from its TypeScript source. */
export function packageFolder(): string {
  let dir = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(dir, 'package.json')) && dir !== dirname(dir)) dir = dirname(dir);
  return dir;
}

export const builtPage = (): string => join(packageFolder(), 'dist', 'console');

/**
 * Matches file names that are joined by slashes, without `..` and without names that begin with a dot. Such a path
 * can't lead out of the folder or to a hidden file.
 */
const PLAIN = /^[a-zA-Z0-9_-][a-zA-Z0-9._-]*(\/[a-zA-Z0-9_-][a-zA-Z0-9._-]*)*$/;

/** The files of the built page whose names contain a hash of their content. Each is read and compressed once. */
export class PageFiles {
  readonly #files = new Map<string, Promise<PageFile | undefined>>();

  constructor(private readonly folder: string) {}

  /** Returns a file as it is or compressed; undefined if the folder contains no such file. */
  async get(name: string, encoding: Encoding | undefined): Promise<PageFile | undefined> {
    const key = `${name} ${encoding}`;
    const known = this.#files.get(key);
    if (known) return known;
    const file = await readPageFile(this.folder, name);
    if (!file) return undefined;
    const made = encoding ? compress(file.body, encoding, 10).then((body) => ({ ...file, body })) : file;
    const kept = Promise.resolve(made);
    this.#files.set(key, kept);
    return kept;
  }
}

/** Reads a file of the built page. Returns undefined if the folder contains no such file. */
export async function readPageFile(folder: string, name: string): Promise<PageFile | undefined> {
  const type = TYPES[extname(name)];
  if (type === undefined || !PLAIN.test(name)) return undefined;
  try {
    return { body: await readFile(join(folder, name)), type };
  } catch {
    return undefined;
  }
}

export type Encoding = 'br' | 'gzip';

/** A body with fewer bytes fits into one packet anyway. */
export const SMALLEST = 1_400;

const brotli = promisify(brotliCompress);
const zip = promisify(gzip);

/** Returns the best encoding that a client accepts. Undefined if it accepts none that the console has. */
export function encodingFor({ 'accept-encoding': accepted = '' }: IncomingHttpHeaders): Encoding | undefined {
  const offers = [accepted].flat().join().split(',');
  const names = offers
    .filter((each) => !/;\s*q=0(\.0*)?\s*$/.test(each))
    .map((each) => each.split(';')[0]?.trim());
  return (['br', 'gzip'] as const).find((each) => names.includes(each));
}

/** Compresses a body outside of the main thread. `effort` is a level of Brotli's: 4 is quick, and 11 takes a second. */
export function compress(body: Buffer | string, encoding: Encoding, effort: 4 | 10): Promise<Buffer> {
  if (encoding === 'gzip') return zip(body);
  return brotli(body, { params: { [constants.BROTLI_PARAM_QUALITY]: effort } });
}
