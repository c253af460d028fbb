import { createHash } from 'node:crypto';
import { isPlainObject } from '../../base/json.js';
import { show } from '../../base/show.js';
import { type Stored, StoreError } from '../../base/store.js';

/** The kinds of records. A kind's records are those whose keys begin with the prefix. */
export const KEY_PREFIX = {
  outcome: 'outcomes/',
  deferred: 'deferred/',
  checkpoint: 'checkpoints/',
  once: 'once/',
} as const;

type RecordKind = keyof typeof KEY_PREFIX;

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

/** An outcome as a record holds it. */
export type RecordedOutcome =
  | { readonly status: 'succeeded'; readonly output: string }
  | { readonly status: 'failed'; readonly error: string; readonly cause: string };

/** The outcome of a task as the outbox keeps it: what another worker needs to report it. */
export interface KeptOutcome {
  readonly token: string;
  /** The handler's name, `Class.method`. */
  readonly handler: string;
  readonly activityArn: string;
  /** Where the task comes from. Only workers of this scope report the outcome. */
  readonly scope: string;
  /** The interval of the task's heartbeats; `false` if its handler has none. */
  readonly heartbeatMs: number | false;
  /** The date at which the outcome was decided, in epoch milliseconds. */
  readonly decidedAt: number;
  /** The checkpoint to remove once the service has accepted a success. @default the task has none */
  readonly checkpoint?: CheckpointRef | undefined;
  readonly outcome: RecordedOutcome;
}

/** Writes a kept outcome as a record. */
export const encodeOutcome = ({ outcome, ...task }: KeptOutcome): Uint8Array =>
  encodeRecord('outcome', { ...task, ...outcome });

/** Returns the outcome of a record's fields; undefined if they aren't those of an outcome. */
export function readOutcome(fields: RecordFields): KeptOutcome | undefined {
  const { token, handler, activityArn, scope, heartbeatMs, decidedAt } = fields;
  const outcome = readEnd(fields);
  if (!isText(token) || !isText(handler) || !isText(activityArn) || !isText(scope) || !outcome)
    return undefined;
  return {
    token,
    handler,
    activityArn,
    scope,
    outcome,
    checkpoint: readCheckpointRef(fields['checkpoint']),
    heartbeatMs: typeof heartbeatMs === 'number' && heartbeatMs > 0 ? heartbeatMs : false,
    decidedAt: typeof decidedAt === 'number' ? decidedAt : 0,
  };
}

/** Returns the outcome that is among the fields of a record; undefined if there is none. */
export function readEnd({ status, output, error, cause }: RecordFields): RecordedOutcome | undefined {
  if (status === 'succeeded') return isText(output) ? { status, output } : undefined;
  return status === 'failed' && isText(error) && isText(cause) ? { status, error, cause } : undefined;
}
