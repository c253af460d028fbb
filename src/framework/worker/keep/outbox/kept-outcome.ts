import { isPlainObject } from '../../../base/plain-object.js';
import { type CheckpointRef, encodeRecord, KEY_PREFIX, type RecordFields } from '../record.js';

/** The outcome of a task as the outbox keeps it: what another worker needs to report it. */
export interface KeptOutcome {
  readonly token: string;
  /** The handler's name, `Class.method`. */
  readonly handler: string;
  readonly activityArn: string;
  /** The interval of the task's heartbeats; `false` if its handler has none. */
  readonly heartbeatMs: number | false;
  /** The time at which the outcome was decided, in epoch milliseconds. It is for people: nobody goes by it. */
  readonly decidedAt: number;
  /** The checkpoint to remove once the service has accepted a success. @default the task has none */
  readonly checkpoint?: CheckpointRef | undefined;
  readonly outcome:
    | { readonly status: 'succeeded'; readonly output: string }
    | { readonly status: 'failed'; readonly error: string; readonly cause: string };
}

/** Writes a kept outcome as a record. @param more fields that were read with it and that this release doesn't know */
export function encodeOutcome({ outcome, ...task }: KeptOutcome, more: RecordFields = {}): Uint8Array {
  const { status } = outcome;
  const said =
    status === 'succeeded'
      ? { status, output: outcome.output }
      : { status, error: outcome.error, cause: outcome.cause };
  return encodeRecord('outcome', { ...more, ...task, ...said });
}

/** Returns the outcome of a record's fields; undefined if they aren't those of an outcome. */
export function readOutcome(fields: RecordFields): KeptOutcome | undefined {
  const { token, handler, activityArn, heartbeatMs, decidedAt } = fields;
  const checkpoint = readCheckpointRef(fields['checkpoint']);
  const outcome = readEnd(fields);
  if (!isText(token) || !isText(handler) || !isText(activityArn) || !outcome) return undefined;
  return {
    ...{ token, handler, activityArn, checkpoint, outcome },
    heartbeatMs: typeof heartbeatMs === 'number' && heartbeatMs > 0 ? heartbeatMs : false,
    decidedAt: typeof decidedAt === 'number' ? decidedAt : 0,
  };
}

function readEnd({ status, output, error, cause }: RecordFields): KeptOutcome['outcome'] | undefined {
  if (status === 'succeeded') return isText(output) ? { status, output } : undefined;
  return status === 'failed' && isText(error) && isText(cause) ? { status, error, cause } : undefined;
}

const isText = (value: unknown): value is string => typeof value === 'string';

/** Reads the checkpoint of a task from another record of the task. */
export function readCheckpointRef(value: unknown): CheckpointRef | undefined {
  if (!isPlainObject(value)) return undefined;
  const { key, by } = value;
  return isText(key) && key.startsWith(KEY_PREFIX.checkpoint) && isText(by) ? { key, by } : undefined;
}
