import { createHash } from 'node:crypto';
import { isPlainObject } from '../../base/plain-object.js';
import { show } from '../../base/show.js';
import { type Stored, StoreError } from '../../base/store.js';

/** The kinds of records. A kind's records are those whose keys begin with the prefix. */
export const KEY_PREFIX = {
  outcome: 'outcomes/',
  deferred: 'deferred/',
  checkpoint: 'checkpoints/',
  once: 'once/',
} as const;

export type RecordKind = keyof typeof KEY_PREFIX;

/** Records of tasks that end some day, though nobody knows when, stay for longer than any execution. */
export const LONGEST_MS = 400 * 24 * 3_600_000;

/** The version of records that this release writes and reads. */
const RECORD_VERSION = 1;

/** The fields of a record. */
export type RecordFields = Readonly<Record<string, unknown>>;

/** Names the record of a checkpoint, and the task that has taken it. */
export interface CheckpointRef {
  readonly key: string;
  /** The hash of the task's token, which the task has written into the record. */
  readonly by: string;
}

/** Writes a record as JSON in UTF-8. */
export const encodeRecord = (kind: RecordKind, fields: RecordFields): Uint8Array =>
  Buffer.from(JSON.stringify({ ...fields, v: RECORD_VERSION, kind }));

/** Reads a record that `encodeRecord` has written. @throws StoreError of kind `damaged` if it isn't one */
export function decodeRecord(kind: RecordKind, key: string, { value }: Stored): RecordFields {
  const read = parsed(value);
  if (!isPlainObject(read) || read['kind'] !== kind)
    throw new StoreError('damaged', `${key} is not a record of kind ${kind}`);
  if (read['v'] !== RECORD_VERSION)
    throw new StoreError(
      'damaged',
      `${key} was written by another release of Stepwright (version ${show(read['v'])})`,
    );
  return read;
}

function parsed(value: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(value));
  } catch {
    return undefined;
  }
}

/** The type of a field that may hold it. */
export const isText = (value: unknown): value is string => typeof value === 'string';

/** Reads the checkpoint of a task from another record of the task. */
export function readCheckpointRef(value: unknown): CheckpointRef | undefined {
  if (!isPlainObject(value)) return undefined;
  const { key, by } = value;
  return isText(key) && key.startsWith(KEY_PREFIX.checkpoint) && isText(by) ? { key, by } : undefined;
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
/** The most characters of a text that a key shows. A key of a store has two such parts, and 200 characters at most. */
const SHOWN = 60;

/**
 * Makes a part of a key from any text: the text's first characters, for people to read, and 32 hexadecimal digits of
 * its SHA-256, so that different texts have different keys.
 */
export function keyPart(text: string): string {
  const shown = text
    .slice(0, SHOWN)
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]/g, '_');
  return `${shown.replace(/^\./, '_')}-${hashOf(text).slice(0, 32)}`;
}

/** Makes a part of a key from a task's token: its SHA-256. The token can't be read from it. */
export const tokenKey = (token: string): string => hashOf(token);

/** A task that the service is asked about. */
export interface AskedTask {
  readonly token: string;
  readonly activityArn: string;
  /** Where the task comes from. */
  readonly scope: string;
}

/** What the service says about a task. `unknown`: it didn't answer, or this worker can't ask it. */
export type Wanted = 'wanted' | 'gone' | 'unknown';

/** Asks the service by a heartbeat if it still wants a task. Never rejects. */
export type Ask = (task: AskedTask) => Promise<Wanted>;
