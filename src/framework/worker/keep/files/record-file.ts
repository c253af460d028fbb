import { constants } from 'node:fs';
import fs from 'node:fs/promises';
import { checkSize, StoreError, type StoreErrorKind } from '../../../base/store.js';

/** What a record's file says of it: its first line, as JSON. The value follows. */
export interface Head {
  readonly key: string;
  readonly version: string;
  /** The epoch milliseconds at which the record ends. @default it has no end */
  readonly until?: number | undefined;
  /** The length of the value. */
  readonly bytes: number;
}

/** A record as its file has it. */
export interface RecordFile {
  readonly head: Head;
  readonly value: Uint8Array;
}

/** Thrown if a file isn't a record, or not the one that its name says, or not whole. */
export class NotARecord extends Error {}

/** The most bytes of a head with its line feed. A key has 200 characters at most. */
const HEAD_BYTES = 512;

/** Returns the bytes of a record's file, which are a copy of the value's. */
export const encodeFile = (head: Head, value: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), value]);

/**
 * Reads a record.
 * @param maxBytes the most bytes of its value. Without it, only the head is read, and a part of the value
 * @throws NotARecord; StoreError of kind `too-large`; what the file system says, also if there is no such file
 */
export async function readRecord(path: string, key: string, maxBytes?: number): Promise<RecordFile> {
  const check = (bytes: number): void =>
    maxBytes === undefined ? undefined : checkSize({ name: 'this read', maxBytes }, key, bytes);
  const file = await read(path, (size) => {
    check(size - HEAD_BYTES);
    return maxBytes === undefined ? Math.min(size, HEAD_BYTES) : size;
  });
  const end = file.subarray(0, HEAD_BYTES).indexOf('\n');
  const { version = '', until, bytes = -1, ...head } = parse(file.toString('utf8', 0, Math.max(end, 0)));
  if (head.key !== key) throw new NotARecord('it has no head with its key');
  check(bytes);
  const value = file.subarray(end + 1);
  if (maxBytes !== undefined && value.byteLength !== bytes)
    throw new NotARecord(`it has ${value.byteLength} bytes where its head says ${bytes}`);
  return { head: { key, version, until, bytes }, value };
}

/** @param lengthOf returns the bytes to read of so many */
const read = (path: string, lengthOf: (size: number) => number): Promise<Buffer> =>
  inTurn(async () => {
    // A pipe that somebody put there would keep a call that waits for its writer.
    const file = await fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = await file.stat();
      if (!found.isFile()) throw new NotARecord('it is not a file');
      const buffer = Buffer.allocUnsafe(lengthOf(found.size));
      for (let at = 0; at < buffer.byteLength;) {
        const { bytesRead } = await file.read(buffer, at, buffer.byteLength - at, at);
        if (bytesRead === 0) return buffer.subarray(0, at);
        at += bytesRead;
      }
      return buffer;
    } finally {
      await file.close();
    }
  });

/** Returns the head in a file's first line; an empty one if there is none. */
function parse(line: string): Partial<Head> {
  try {
    return { ...(JSON.parse(line) as Head) };
  } catch {
    return {};
  }
}

let free = 3;
const waiting: (() => void)[] = [];

/**
 * Makes a call to the file system. All stores of this process make at most three at once, first come, first served, so
 * that a disk that doesn't answer leaves one of Node's four threads free.
 */
export async function inTurn<T>(call: () => Promise<T>): Promise<T> {
  if (free > 0) free -= 1;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await call();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  }
}

const RIGHTS = 'this process may not write there: give it the folder and all in it, by chown -R';

/** What an error of the file system means for a store, and what to do about it. */
const MEANINGS: Readonly<Record<string, readonly [kind: StoreErrorKind, text: string]>> = {
  ENOSPC: ['full', 'the disk is full: make room'],
  EDQUOT: ['full', 'the quota of the disk is used up: make room, or raise the quota'],
  EFBIG: ['full', 'the file is larger than the file system or `ulimit -f` allows'],
  EACCES: ['denied', RIGHTS],
  EPERM: ['denied', RIGHTS],
  EROFS: ['denied', 'the file system is read-only: mount it for writing, or name another folder'],
  ENOENT: ['denied', 'the folder, or the one that it is to be made in, is not there: is its volume mounted?'],
  ENOTDIR: ['denied', 'it is not a folder: name a folder that the worker may write to'],
  EMFILE: ['unavailable', 'the process has too many open files: raise `ulimit -n`'],
  EIO: ['unavailable', 'the disk reports an error: look at it with `dmesg`'],
};

/** Returns the code of an error of `node:fs`; undefined if it is another error. */
export const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | null)?.code;

/** Returns true if an error says that there is no such file. */
export const isAbsent = (error: unknown): boolean => codeOf(error) === 'ENOENT';

/** Does nothing about an error by which a folder can't be made because it is there. */
export function unlessThere(error: unknown): void {
  if (codeOf(error) !== 'EEXIST') throw error;
}

/** Returns the error of a store for one of the file system. */
export function storeErrorOf(error: unknown, name: string): StoreError {
  if (error instanceof StoreError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  const [kind, text] = MEANINGS[code] ?? ['unavailable', message];
  const uid = kind === 'denied' ? `, uid ${process.getuid?.() ?? '?'}` : '';
  return new StoreError(kind, `${name}: ${text} (${code}${uid})`, { cause: error });
}

/** A file system that gives a file one name only says one of these. */
const NO_LINKS: ReadonlySet<string | undefined> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** Gives a file a second name that no other has. `none`: this file system can't do so. */
export async function linkTo(path: string, aside: string): Promise<'done' | 'taken' | 'none'> {
  try {
    await inTurn(() => fs.link(aside, path));
    return 'done';
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return 'taken';
    if (NO_LINKS.has(codeOf(error))) return 'none';
    throw error;
  }
}

/** Returns the names in a folder; none if it is a file. */
export const namesIn = (path: string): Promise<string[]> =>
  inTurn(() =>
    fs.readdir(path).catch((error: unknown) => {
      if (codeOf(error) === 'ENOTDIR') return [];
      throw error;
    }),
  );

/** The flushes that have not begun, by their folders. */
const flushes = new Map<string, Promise<void>>();

/** Flushes a folder. All changes that were made before the flush begins share it. */
export function flushFolder(path: string): Promise<void> {
  const waiting = flushes.get(path);
  if (waiting) return waiting;
  // It begins later, also where it has its turn at once.
  const flush = Promise.resolve().then(() =>
    inTurn(async () => {
      flushes.delete(path);
      const folder = await fs.open(path, 'r');
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
    }),
  );
  flushes.set(path, flush);
  return flush;
}
