import type { Abortable } from '../../../base/abort.js';
import { StoreError } from '../../../base/store/store-error.js';
import type { Store, Stored } from '../../../base/store/store.js';
import type { Cancel, Clock } from '../../../base/time/clock.js';
import { RENEW_MS } from '../lease.js';
import { decodeRecord, encodeRecord, type RecordFields } from '../record.js';
import { retried } from '../store-calls.js';

/** The parts that the records of work use. */
export interface OnceWorld {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: () => number;
  /** The time for which the record of finished work is kept, in milliseconds. */
  readonly keepMs: number;
  /** Aborts when the worker has stopped: then nothing is renewed, and no call is repeated. */
  readonly signal: Abortable;
}

/** Names a piece of work, and the task that works on it. */
export interface WorkRef {
  readonly key: string;
  /** The hash of the task's token. */
  readonly by: string;
}

/** The record of running work is kept at least this long, however short `keep` is. */
const LEAST_KEEP_MS = 600_000;

/** The record of work that a task has begun. */
export const runningRecord = ({ by }: WorkRef): Uint8Array => encodeRecord('once', { state: 'running', by });

/** The time to live of the record of running work. */
export const runningTtl = ({ keepMs }: OnceWorld): number => Math.max(keepMs, LEAST_KEEP_MS);

/** Returns the fields of a record of work. @throws StoreError if it isn't one that this release can read */
export function readWork({ value }: Stored, key: string): RecordFields {
  const read = decodeRecord('once', value);
  if (read.is === 'read') return read.fields;
  const why =
    read.is === 'newer' ? `a later release of Stepwright wrote it (version ${read.v})` : read.reason;
  throw new StoreError('damaged', `the record ${key} can not be read: ${why}`);
}

/**
 * A piece of work that this task has begun. Its record's version changes every 10 s, which shows others that the task
 * is alive.
 */
export class RunningWork {
  readonly #world: OnceWorld;
  readonly #ref: WorkRef;
  #version: string;
  #isLost = false;
  #cancel: Cancel | undefined;
  /** Resolves when the last call to the store has ended: each call needs the version that the one before has made. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(world: OnceWorld, ref: WorkRef, version: string) {
    this.#world = world;
    this.#ref = ref;
    this.#version = version;
    if (world.signal.aborted) return;
    world.signal.addEventListener('abort', this.#stopRenewing);
    this.#renewLater();
  }

  /** True if another task has taken over the work, because this one's renewals did not reach the store for 30 s. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /**
   * Records how the work has ended.
   * @returns false if another task has taken over the work, so that nothing was recorded
   * @throws StoreError if the store could not be reached for a minute
   */
  async finish(outcome: RecordFields): Promise<boolean> {
    this.#stopRenewing();
    const record = encodeRecord('once', { ...outcome, by: this.#ref.by });
    const { keepMs } = this.#world;
    await this.#inTurn(() => retried(() => this.#replace(record, keepMs), this.#world));
    return !this.#isLost;
  }

  /** Removes the record, so that the work can begin anew at once. @throws StoreError */
  async free(): Promise<void> {
    this.#stopRenewing();
    const { store } = this.#world;
    await this.#inTurn(() => retried(() => store.deleteIf(this.#ref.key, this.#version), this.#world));
  }

  readonly #stopRenewing = (): void => {
    this.#cancel?.();
    this.#world.signal.removeEventListener('abort', this.#stopRenewing);
  };

  #renewLater(): void {
    this.#cancel = this.#world.clock.after(RENEW_MS, () => {
      // If the store can't be reached, the next renewal may be in time.
      void this.#inTurn(() => this.#replace(runningRecord(this.#ref), runningTtl(this.#world))).catch(
        () => {},
      );
      this.#renewLater();
    });
  }

  async #replace(record: Uint8Array, ttlMs: number): Promise<void> {
    const { store } = this.#world;
    const { key, by } = this.#ref;
    for (;;) {
      const version = await store.replace(key, record, this.#version, { ttlMs });
      if (version !== undefined) return void (this.#version = version);
      // An earlier write that got no answer may have been done nevertheless.
      const stored = await store.get(key);
      if (!stored || readWork(stored, key)['by'] !== by) return this.#lose();
      this.#version = stored.version;
    }
  }

  #lose(): void {
    this.#isLost = true;
    this.#stopRenewing();
  }

  #inTurn<T>(call: () => Promise<T>): Promise<T | undefined> {
    const result = this.#turn.then(() => (this.#isLost ? undefined : call()));
    this.#turn = result.catch(() => {});
    return result;
  }
}
