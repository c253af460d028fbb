import { StoreError } from '../../../base/store/store-error.js';
import type { Store } from '../../../base/store/store.js';
import { encodeOutcome, type KeptOutcome, readCheckpointRef, readOutcome } from '../outbox/kept-outcome.js';
import {
  type CheckpointRef,
  encodeRecord,
  KEY_PREFIX,
  keyPart,
  type RecordFields,
  tokenKey,
} from '../record.js';
import type { RecordReader } from '../record-reader.js';
import { allKeys, keyPages } from '../store-calls.js';

/** A deferred task as the store keeps it. All times are epoch milliseconds. */
export interface DeferredRecord {
  /** Names the task for those who complete it. */
  readonly id: string;
  readonly token: string;
  /** The handler's name, `Class.method`. */
  readonly handler: string;
  readonly activityArn: string;
  /** The interval of its heartbeats; `false` if its handler has none. */
  readonly heartbeatMs: number | false;
  readonly deferredAt: number;
  /** The time at which the task fails if nobody has completed it. */
  readonly until: number;
  /** The checkpoint to remove once the service has accepted a success. @default the task has none */
  readonly checkpoint?: CheckpointRef | undefined;
}

type Outcome = KeptOutcome['outcome'];

/** The parts of keys after the prefix that are no ids of leases. */
const BY_ID = 'ids';
const DECIDED = 'decided';
export const DEFERRED_RESERVED = [BY_ID, DECIDED] as const;
/** Records stay for this long after the task's `until`, so that nothing is removed while it may still be needed. */
const SPARE_MS = 24 * 3_600_000;
const PREFIX = KEY_PREFIX.deferred;
/** The attempts to write a record that others write at the same time. */
const MOST_TRIES = 10;

/**
 * The records of deferred tasks in a store. A task has two: one by its id, for those who complete it, and one below the
 * lease of the worker that sends its heartbeats. A third one has its outcome from the moment that somebody decides it
 * until the service has accepted it.
 */
export class DeferredRecords {
  readonly #store: Store;
  readonly #reader: RecordReader;

  constructor(store: Store, reader: RecordReader) {
    this.#store = store;
    this.#reader = reader;
  }

  /**
   * Keeps a task below a lease. Takes the place of an earlier task with the same id.
   * @param isWanted asks the service before that. Where it says no, the other task is the later one, and stays
   * @throws StoreError
   */
  async keep(
    task: DeferredRecord,
    lease: string,
    { now, isWanted }: { readonly now: number; readonly isWanted: () => Promise<boolean> },
  ): Promise<void> {
    const value = encodeRecord('deferred', { ...task });
    const ttlMs = task.until - now + SPARE_MS;
    await this.#store.put(`${PREFIX}${lease}/${tokenKey(task.token)}`, value, { ttlMs });
    const key = idKey(task.id);
    for (let tries = 1; tries <= MOST_TRIES; tries++) {
      if ((await this.#store.putIfAbsent(key, value, { ttlMs })) !== undefined) return;
      const found = await this.#store.get(key);
      if (!found) continue;
      if (this.#parse(key, found.value)?.token === task.token || !(await isWanted())) return;
      if ((await this.#store.replace(key, value, found.version, { ttlMs })) !== undefined) return;
    }
    throw new StoreError('unavailable', `${key} is written by others all the time`);
  }

  /** Returns the task with this id; undefined if there is none. @throws StoreError */
  async find(id: string): Promise<DeferredRecord | undefined> {
    return this.#read(idKey(id));
  }

  /** Returns all tasks that can be completed. @throws StoreError */
  async *all(): AsyncGenerator<DeferredRecord> {
    yield* this.#below(BY_ID);
  }

  /** Returns the tasks below a lease. @throws StoreError */
  async heldBy(lease: string): Promise<DeferredRecord[]> {
    const tasks: DeferredRecord[] = [];
    for await (const task of this.#below(lease)) tasks.push(task);
    return tasks;
  }

  /** Removes a task that is over, so that it can't be completed. @throws StoreError */
  async remove({ id, token }: DeferredRecord, lease?: string): Promise<void> {
    const found = await this.#store.get(idKey(id));
    // Another task with the same id may have taken its place.
    const isThis = found && this.#parse(idKey(id), found.value)?.token === token;
    if (isThis) await this.#store.deleteIf(idKey(id), found.version);
    if (lease !== undefined) await this.#store.delete(`${PREFIX}${lease}/${tokenKey(token)}`);
  }

  /**
   * Decides the outcome of a task, unless that was done before.
   * @returns the outcome that is decided, and true if it is this one
   * @throws StoreError
   */
  async decide(
    task: DeferredRecord,
    outcome: Outcome,
    now: number,
  ): Promise<{ readonly outcome: Outcome; readonly isFirst: boolean }> {
    const { token, handler, activityArn, heartbeatMs, checkpoint, until } = task;
    const about = { token, handler, activityArn, heartbeatMs, checkpoint };
    const value = encodeOutcome({ ...about, decidedAt: now, outcome });
    const key = decidedKey(task);
    const ttlMs = Math.max(until - now, 0) + SPARE_MS;
    if ((await this.#store.putIfAbsent(key, value, { ttlMs })) !== undefined)
      return { outcome, isFirst: true };
    const before = await this.decided(key);
    return { outcome: before?.outcome ?? outcome, isFirst: before === undefined };
  }

  /** Returns the keys of outcomes that were decided and are not accepted yet, as far as is known. @throws StoreError */
  async decidedKeys(): Promise<string[]> {
    return allKeys(this.#store, `${PREFIX}${DECIDED}/`);
  }

  /** Returns a decided outcome by its key; undefined if there is none. @throws StoreError */
  async decided(key: string): Promise<KeptOutcome | undefined> {
    const found = await this.#store.get(key);
    const fields = found && this.#reader.read('outcome', key, found.value);
    return fields && readOutcome(fields);
  }

  /** Removes a decided outcome, because the service has accepted it or no longer wants the task. @throws StoreError */
  forget(task: Pick<DeferredRecord, 'token'>): Promise<void> {
    return this.#store.delete(decidedKey(task));
  }

  async *#below(part: string): AsyncGenerator<DeferredRecord> {
    for await (const keys of keyPages(this.#store, `${PREFIX}${part}/`))
      for (const key of keys) {
        const task = await this.#read(key);
        if (task) yield task;
      }
  }

  async #read(key: string): Promise<DeferredRecord | undefined> {
    const found = await this.#store.get(key);
    return found && this.#parse(key, found.value);
  }

  #parse(key: string, value: Uint8Array): DeferredRecord | undefined {
    const fields = this.#reader.read('deferred', key, value);
    return fields && readTask(fields);
  }
}

const idKey = (id: string): string => `${PREFIX}${BY_ID}/${keyPart(id)}`;
const decidedKey = ({ token }: Pick<DeferredRecord, 'token'>): string =>
  `${PREFIX}${DECIDED}/${tokenKey(token)}`;

function readTask(fields: RecordFields): DeferredRecord | undefined {
  const { id, token, handler, activityArn, heartbeatMs, deferredAt, until } = fields;
  if (typeof id !== 'string' || typeof token !== 'string' || typeof handler !== 'string') return undefined;
  if (typeof activityArn !== 'string' || typeof deferredAt !== 'number' || typeof until !== 'number')
    return undefined;
  const everyMs = typeof heartbeatMs === 'number' && heartbeatMs > 0 ? heartbeatMs : false;
  const checkpoint = readCheckpointRef(fields['checkpoint']);
  return { id, token, handler, activityArn, heartbeatMs: everyMs, deferredAt, until, checkpoint };
}
