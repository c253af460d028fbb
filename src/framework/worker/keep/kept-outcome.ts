import { type CheckpointRef, encodeRecord, isText, readCheckpointRef, type RecordFields } from './record.js';

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
    ...{ token, handler, activityArn, scope, outcome, checkpoint: readCheckpointRef(fields['checkpoint']) },
    heartbeatMs: typeof heartbeatMs === 'number' && heartbeatMs > 0 ? heartbeatMs : false,
    decidedAt: typeof decidedAt === 'number' ? decidedAt : 0,
  };
}

/** Returns the outcome that is among the fields of a record; undefined if there is none. */
export function readEnd({ status, output, error, cause }: RecordFields): RecordedOutcome | undefined {
  if (status === 'succeeded') return isText(output) ? { status, output } : undefined;
  return status === 'failed' && isText(error) && isText(cause) ? { status, error, cause } : undefined;
}
