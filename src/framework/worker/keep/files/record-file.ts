import { crc32 } from 'node:zlib';

/**
 * The format of a file of records. Its first line names the format and its version. Each record is a line of JSON (its
 * head), its value, and a line feed. A file may hold several records that were written together: each of them has a
 * name of its own that leads to the same file.
 */
const FORMAT = 'stepwright-records';
const VERSION = 1;
const FIRST_LINE = Buffer.from(`${FORMAT} ${VERSION}\n`);
const LINE_FEED = 0x0a;
/** The most bytes of a head. A key has 400 characters at most. */
const MOST_HEAD_BYTES = 1_024;

interface Head {
  readonly key: string;
  readonly version: string;
  /** The epoch milliseconds at which the record ends; undefined if it has no end. */
  readonly until?: number | undefined;
}

/** A record to write, or one that was read. */
export interface FileRecord extends Head {
  readonly value: Uint8Array;
}

/** A record's head, as it is in a file. */
export interface RecordHead extends Head {
  /** The length of the value. */
  readonly bytes: number;
  readonly sum: number;
}

/** Thrown if a file isn't one of this format, or if the record in it isn't whole. */
export class NotARecord extends Error {}
/** Thrown if a file was written in a version of the format that this code doesn't know. */
export class NewerFormat extends Error {}

const sumOf = ({ key, version, until }: Head, value: Uint8Array): number =>
  crc32(value, crc32(`${key}\n${version}\n${until ?? ''}\n`));

/** Returns the bytes of a file of these records. */
export function encodeRecords(records: readonly FileRecord[]): Buffer {
  const parts: Uint8Array[] = [FIRST_LINE];
  for (const { key, version, until, value } of records) {
    const head: RecordHead = {
      key,
      version,
      until,
      bytes: value.byteLength,
      sum: sumOf({ key, version, until }, value),
    };
    parts.push(Buffer.from(`${JSON.stringify(head)}\n`), value, LINE_END);
  }
  return Buffer.concat(parts);
}
const LINE_END = Buffer.from('\n');

/**
 * Returns the head of a record.
 * @param file the file's first bytes
 * @throws NotARecord, NewerFormat
 */
export function headIn(file: Buffer, key: string): RecordHead {
  return find(file, key).head;
}

/**
 * Returns a record.
 * @param file the whole file
 * @throws NotARecord, NewerFormat
 */
export function recordIn(file: Buffer, key: string): FileRecord {
  const { head, start } = find(file, key);
  const value = file.subarray(start, start + head.bytes);
  if (value.byteLength < head.bytes)
    throw new NotARecord(`${head.bytes - value.byteLength} bytes are missing`);
  if (sumOf(head, value) !== head.sum) throw new NotARecord('its checksum is wrong');
  return { ...head, value };
}

/** Returns the keys of a file's records. @throws NotARecord, NewerFormat */
export const keysIn = (file: Buffer): string[] => [...heads(file)].map(({ head }) => head.key);

function find(file: Buffer, key: string): { head: RecordHead; start: number } {
  for (const found of heads(file)) if (found.head.key === key) return found;
  throw new NotARecord('it is the file of another record');
}

function* heads(file: Buffer): Generator<{ head: RecordHead; start: number }> {
  for (let at = firstHeadOf(file); at < file.byteLength;) {
    const found = headAt(file, at);
    yield found;
    at = found.start + found.head.bytes + 1;
  }
}

/** Returns the place of the first head. */
function firstHeadOf(file: Buffer): number {
  if (file.subarray(0, FIRST_LINE.byteLength).equals(FIRST_LINE)) return FIRST_LINE.byteLength;
  const [, version] = /^stepwright-records (\d{1,6})\n/.exec(file.toString('latin1', 0, 40)) ?? [];
  if (Number(version) > VERSION)
    throw new NewerFormat(
      `it has version ${version} of the format, and this worker knows version ${VERSION}`,
    );
  throw new NotARecord(file.byteLength === 0 ? 'it is empty' : 'it was not written by a store');
}

function headAt(file: Buffer, at: number): { head: RecordHead; start: number } {
  const end = file.subarray(at, at + MOST_HEAD_BYTES).indexOf(LINE_FEED);
  const head = end < 0 ? undefined : parse(file.toString('utf8', at, at + end));
  if (!head) throw new NotARecord('a head in it is damaged');
  return { head, start: at + end + 1 };
}

function parse(text: string): RecordHead | undefined {
  try {
    const { key, version, until, bytes, sum } = JSON.parse(text) as Partial<RecordHead>;
    if (typeof key !== 'string' || typeof version !== 'string' || typeof sum !== 'number') return undefined;
    if (!Number.isSafeInteger(bytes) || bytes === undefined || bytes < 0) return undefined;
    return { key, version, until, bytes, sum };
  } catch {
    return undefined;
  }
}
