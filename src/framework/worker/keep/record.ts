import { createHash } from 'node:crypto';
import { isPlainObject } from '../../base/plain-object.js';

/** The kinds of records. A kind's records are those whose keys begin with the prefix. */
export const KEY_PREFIX = {
  outcome: 'outcomes/',
  worker: 'workers/',
  deferred: 'deferred/',
  checkpoint: 'checkpoints/',
  once: 'once/',
} as const;

export type RecordKind = keyof typeof KEY_PREFIX;

/** The version of records that this release writes, and the highest that it reads. */
const RECORD_VERSION = 1;

/** The fields of a record, besides `v` and `kind`. */
export type RecordFields = Readonly<Record<string, unknown>>;

/** Names the record of a checkpoint, and the task that has taken it. */
export interface CheckpointRef {
  readonly key: string;
  /** The hash of the task's token, which the task has written into the record. */
  readonly by: string;
}

/**
 * A record as it was read.
 * - `read`: its fields, also those that this release doesn't know. Pass all of them on if the record is written again.
 * - `newer`: a later release wrote it in a form that this one doesn't know. It is left as it is.
 * - `foreign`: it isn't a record of this kind. `reason` says why, without any of its content.
 */
export type ReadRecord =
  | { readonly is: 'read'; readonly fields: RecordFields }
  | { readonly is: 'newer'; readonly v: number }
  | { readonly is: 'foreign'; readonly reason: string };

/** Writes a record as JSON in UTF-8, with its version and kind first. */
export const encodeRecord = (kind: RecordKind, fields: RecordFields): Uint8Array =>
  Buffer.from(JSON.stringify({ ...fields, v: RECORD_VERSION, kind }));

/** Reads a record that `encodeRecord` has written, of this release or another. Never throws. */
export function decodeRecord(kind: RecordKind, value: Uint8Array): ReadRecord {
  const read = parsed(value);
  if (!isPlainObject(read)) return { is: 'foreign', reason: 'it is no JSON object' };
  const { v, kind: found, ...fields } = read;
  if (typeof v !== 'number' || !Number.isSafeInteger(v) || v < 1)
    return { is: 'foreign', reason: 'it has no version `v`' };
  if (v > RECORD_VERSION) return { is: 'newer', v };
  return found === kind ? { is: 'read', fields } : { is: 'foreign', reason: `its kind is not "${kind}"` };
}

function parsed(value: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(value));
  } catch {
    return undefined;
  }
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
