import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { codeOf } from './fs-error.js';
import { NotARecord } from './record-file.js';
import { long } from './turns.js';

/** The heads of all records of a file lie in its first bytes: larger records have files of their own. */
const FIRST_BYTES = 256 * 1024;

/**
 * Reads a file.
 * @param check is called with the first bytes, which have all heads, before the rest of a large file is read
 * @param turns the row of calls that it waits in
 * @returns undefined if the file isn't there
 * @throws NotARecord if it is something else than a file
 */
export const readWhole = (
  path: string,
  check?: (heads: Buffer) => void,
  turns = long,
): Promise<Buffer | undefined> => turns.run(() => read(path, Number.POSITIVE_INFINITY, check));

/** Reads the part of a file that has all its heads. @returns undefined if it isn't there */
export const readHeads = (path: string, turns = long): Promise<Buffer | undefined> =>
  turns.run(() => read(path, FIRST_BYTES));

async function read(
  path: string,
  most: number,
  check?: (heads: Buffer) => void,
): Promise<Buffer | undefined> {
  const file = await openThere(path);
  if (!file) return undefined;
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new NotARecord('it is not a file');
    const { size } = found;
    const first = await fill(file, Buffer.allocUnsafe(Math.min(size, FIRST_BYTES)), 0);
    check?.(first);
    if (size <= first.byteLength || most <= first.byteLength) return first;
    const whole = Buffer.allocUnsafe(size);
    first.copy(whole);
    return await fill(file, whole, first.byteLength);
  } finally {
    await file.close();
  }
}

async function openThere(path: string): Promise<FileHandle | undefined> {
  try {
    // A pipe that somebody put there would keep a call that waits for its writer.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Reads into a buffer, from a place in it and in the file. Returns less if the file has less. */
async function fill(file: FileHandle, buffer: Buffer, from: number): Promise<Buffer> {
  for (let at = from; at < buffer.byteLength;) {
    const { bytesRead } = await file.read(buffer, at, buffer.byteLength - at, at);
    if (bytesRead === 0) return buffer.subarray(0, at);
    at += bytesRead;
  }
  return buffer;
}
