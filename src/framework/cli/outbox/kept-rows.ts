import { tokenHash } from '../../base/token-hash.js';
import { StoreError } from '../../base/store/store-error.js';
import type { Store } from '../../base/store/store.js';
import { type KeptOutcome, readOutcome } from '../../worker/keep/outbox/kept-outcome.js';
import { decodeRecord, KEY_PREFIX } from '../../worker/keep/record.js';
import { keyPages } from '../../worker/keep/store-calls.js';

/** The most records that are read at once. */
const MOST_AT_ONCE = 16;

/** An outcome as the list of the outbox shows it: without its token and its value. */
export interface KeptRow {
  /** The short hash of the token, as in the log; of a record that can't be read, the beginning of its key's last part. */
  readonly id: string;
  readonly key: string;
  /** The id of the lease that it belongs to, or `given-up`. */
  readonly lease: string;
  /** Undefined if the record can't be read. */
  readonly task: ShownTask | undefined;
}

interface ShownTask extends Pick<KeptOutcome, 'handler' | 'activityArn' | 'decidedAt'> {
  readonly status: 'succeeded' | 'failed';
  /** The name of the error; undefined for a success. */
  readonly error: string | undefined;
}

/** An outcome as it was read again, to be reported. */
export interface FoundOutcome {
  readonly kept: KeptOutcome;
  /** The endpoint, account and region of the worker that gave it up; empty if the record doesn't say. */
  readonly scopes: readonly string[];
}

/** Reads what the outbox holds, the oldest first. @throws StoreError */
export async function readRows(store: Store): Promise<KeptRow[]> {
  const rows: KeptRow[] = [];
  for await (const keys of keyPages(store, KEY_PREFIX.outcome))
    for (let at = 0; at < keys.length; at += MOST_AT_ONCE) {
      const some = keys.slice(at, at + MOST_AT_ONCE).map((key) => readRow(store, key));
      rows.push(...(await Promise.all(some)).flatMap((row) => row ?? []));
    }
  return rows.toSorted((a, b) => (a.task?.decidedAt ?? 0) - (b.task?.decidedAt ?? 0));
}

/**
 * Reads an outcome with its token and its value. Resolves to undefined if it is gone by now, to `unreadable` if the
 * record isn't one that this release reads.
 * @throws StoreError
 */
export async function readKept(store: Store, key: string): Promise<FoundOutcome | 'unreadable' | undefined> {
  try {
    const found = await store.get(key);
    if (!found) return undefined;
    const record = decodeRecord('outcome', found.value);
    const kept = record.is === 'read' ? readOutcome(record.fields) : undefined;
    if (record.is !== 'read' || !kept) return 'unreadable';
    return { kept, scopes: scopesIn(record.fields['scopes']) };
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'damaged') return 'unreadable';
    throw error;
  }
}

/** Returns the texts of a record's field `scopes`. */
export const scopesIn = (scopes: unknown): string[] =>
  Array.isArray(scopes) ? scopes.filter((scope): scope is string => typeof scope === 'string') : [];

async function readRow(store: Store, key: string): Promise<KeptRow | undefined> {
  const found = await readKept(store, key);
  if (!found) return undefined;
  const [, lease = '', hash = ''] = key.split('/');
  if (found === 'unreadable') return { id: hash.slice(0, 8), key, lease, task: undefined };
  const { token, handler, activityArn, decidedAt, outcome } = found.kept;
  const error = outcome.status === 'failed' ? outcome.error : undefined;
  const task = { handler, activityArn, decidedAt, status: outcome.status, error };
  return { id: tokenHash(token), key, lease, task };
}
