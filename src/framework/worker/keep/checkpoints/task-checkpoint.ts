import { types } from 'node:util';
import { StoreError } from '../../../base/store/store-error.js';
import type { Store, Stored } from '../../../base/store/store.js';
import { show } from '../../../base/show.js';
import type { Clock } from '../../../base/time/clock.js';
import { within } from '../../../base/time/wait.js';
import {
  type Checkpoint,
  CheckpointError,
  type LoadOptions,
  type SavedProgress,
} from '../../../declare/checkpoint.js';
import type { Constructor } from '../../../declare/class.js';
import type { TaskContext } from '../../../declare/task-context.js';
import {
  type CheckpointRef,
  decodeRecord,
  encodeRecord,
  KEY_PREFIX,
  keyPart,
  type RecordFields,
  tokenKey,
} from '../record.js';
import { retried } from '../store-calls.js';

/** The parts that the checkpoints of a handler's tasks use. */
export interface CheckpointWorld {
  /** The handler's name, `Class.method`. */
  readonly handler: string;
  readonly store: Store;
  readonly keyOf: (input: unknown) => unknown;
  readonly keepMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  /** Makes a valid instance of a class from JSON. @throws CheckpointError of kind `unreadable` */
  readonly read: (value: unknown, type: Constructor<object>) => unknown;
}

/** The record as this task has written it last. */
interface Held {
  version: string;
  /** The fields of the record besides its value. */
  readonly fields: RecordFields;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The longest wait for the heartbeat that asks if the service still wants a task. */
const ASK_MS = 2_000;

/**
 * The checkpoint of one task. The first call takes the record: it writes the number of the run, and the hash of the
 * task's token, into it. From then on each write replaces the version that this task has written before. So nothing
 * is written once a later task has taken the record.
 */
export class TaskCheckpoint implements Checkpoint {
  readonly #world: CheckpointWorld;
  readonly #onTaken: ((ref: CheckpointRef) => void) | undefined;
  #task: { readonly context: TaskContext; readonly input: unknown } | undefined;
  #ref: CheckpointRef | undefined;
  #taking: Promise<Held> | undefined;
  /** The value in the record when this task took it, until it was loaded; undefined if there was none. */
  #first: { readonly record: unknown } | undefined;
  #newest = '';
  readonly #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  /** @param onTaken called when the record's key is known, before it is written */
  constructor(world: CheckpointWorld, onTaken?: (ref: CheckpointRef) => void) {
    this.#world = world;
    this.#onTaken = onTaken;
  }

  /** The record that this task has taken; undefined if it has taken none. */
  get ref(): CheckpointRef | undefined {
    return this.#ref;
  }

  /** Records that the task has taken a record in the thread or process that runs it. */
  adopt(ref: CheckpointRef): void {
    this.#ref = ref;
  }

  /** Gives the checkpoint its task and its valid input. To be called before the handler. */
  begin(context: TaskContext, input: unknown): void {
    this.#task = { context, input };
  }

  async load<T extends object>(
    type?: Constructor<T>,
    { unreadable = 'fail' }: LoadOptions = {},
  ): Promise<T | undefined> {
    const ignores = unreadable === 'ignore';
    try {
      const value = await this.#load(ignores);
      return (value === undefined || !type ? value : await this.#world.read(value, type)) as T;
    } catch (error) {
      if (!ignores || !(error instanceof CheckpointError) || error.kind === 'taken') throw error;
      this.#begun.context.log.warn({ err: error }, 'the checkpoint can not be read; the work begins anew');
      return undefined;
    }
  }

  async save(value: unknown, progress?: SavedProgress): Promise<void> {
    const { context } = this.#begun;
    const text = jsonOf(value);
    if (progress) context.progress(progress.fraction, progress.message);
    return new Promise((resolve, reject) => {
      this.#newest = text;
      this.#waiting.push({ resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  get #begun(): { readonly context: TaskContext; readonly input: unknown } {
    if (this.#task) return this.#task;
    throw new TypeError('task.checkpoint is available once the input of the task is validated');
  }

  async #load(ignores: boolean): Promise<unknown> {
    await this.#take(ignores);
    if (this.#first) {
      const { record } = this.#first;
      this.#first = undefined;
      return record;
    }
    await this.#writing;
    const stored = await this.#retried(() => this.#world.store.get(this.#own.key));
    const fields = this.#ownFields(stored);
    return fields ? fields['value'] : this.#endTaken(stored !== undefined);
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) await this.#write();
    this.#writing = undefined;
  }

  /** Writes the newest value. Tells those who wait for it, or for a value before it, how that has ended. */
  async #write(): Promise<void> {
    const waiting: Waiting[] = [];
    try {
      const held = await this.#take(false);
      await this.#retried(async () => {
        // A newer value may have come while the store was in trouble.
        waiting.push(...this.#waiting.splice(0));
        await this.#put(held, this.#newest);
      });
      for (const { resolve } of waiting) resolve();
    } catch (error) {
      waiting.push(...(waiting.length > 0 ? [] : this.#waiting.splice(0)));
      for (const { reject } of waiting) reject(error);
    }
  }

  async #put(held: Held, text: string): Promise<void> {
    const { store, keepMs } = this.#world;
    const { key } = this.#own;
    const record = withValue(encodeRecord('checkpoint', held.fields), text);
    for (;;) {
      const version = await store.replace(key, record, held.version, { ttlMs: keepMs });
      if (version !== undefined) {
        held.version = version;
        this.#first = undefined;
        return;
      }
      // An earlier write that got no answer may have been done nevertheless.
      const stored = await store.get(key);
      if (!stored || !this.#ownFields(stored)) return this.#endTaken(stored !== undefined);
      held.version = stored.version;
    }
  }

  /** Takes the record for this task. All calls share one attempt, until that fails because of the store. */
  #take(ignores: boolean): Promise<Held> {
    if (this.#taking) return this.#taking;
    const taking = this.#retried(() => this.#tryToTake(ignores));
    this.#taking = taking;
    taking.catch(() => (this.#taking = undefined));
    return taking;
  }

  async #tryToTake(ignores: boolean): Promise<Held> {
    const { store, keepMs } = this.#world;
    const { key, by } = this.#own;
    for (;;) {
      const stored = await this.#stored(ignores);
      const { value, ...before } = stored ? fieldsOf(stored, ignores) : {};
      const isOwn = before['by'] === by;
      // This task may be the one that was cut off, and the record a later task's.
      if (stored && !isOwn) await this.#askIfWanted();
      const fields = isOwn ? before : { ...before, run: runOf(before) + 1, by };
      const record = encodeRecord('checkpoint', value === undefined ? fields : { ...fields, value });
      const options = { ttlMs: keepMs };
      const version = isOwn
        ? stored?.version
        : stored
          ? await store.replace(key, record, stored.version, options)
          : await store.putIfAbsent(key, record, options);
      if (version === undefined) continue;
      this.#first = { record: value };
      return { version, fields };
    }
  }

  /** Returns the record; undefined if there is none, or if it is damaged and `ignores` is true. */
  async #stored(ignores: boolean): Promise<Stored | undefined> {
    const { store } = this.#world;
    const { key } = this.#own;
    try {
      return await store.get(key);
    } catch (error) {
      if (!(error instanceof StoreError) || error.kind !== 'damaged') throw error;
      if (!ignores)
        throw new CheckpointError('unreadable', `the checkpoint ${key} is damaged`, { cause: error });
      await store.delete(key);
      return undefined;
    }
  }

  /** The key of the record, and the text that names this task in it. @throws TypeError if `key` returns no text */
  get #own(): CheckpointRef {
    if (this.#ref) return this.#ref;
    const { handler, keyOf } = this.#world;
    const { context, input } = this.#begun;
    const name = keyOf(input);
    if (typeof name !== 'string' || name === '')
      throw new TypeError(
        `the option checkpoint.key of ${handler} must return the name of the piece of work, a text that is not empty; it returned ${show(name)}`,
      );
    const key = `${KEY_PREFIX.checkpoint}${keyPart(handler)}/${keyPart(name)}`;
    this.#ref = { key, by: tokenKey(context.token) };
    this.#onTaken?.(this.#ref);
    return this.#ref;
  }

  /** Returns the fields of the record if this task has written it last. */
  #ownFields(stored: Stored | undefined): RecordFields | undefined {
    const read = stored && decodeRecord('checkpoint', stored.value);
    return read?.is === 'read' && read.fields['by'] === this.#own.by ? read.fields : undefined;
  }

  /** Throws because the record isn't this task's any more. @param isThere false if the record is gone */
  async #endTaken(isThere: boolean): Promise<never> {
    await this.#askIfWanted();
    throw new CheckpointError(
      'taken',
      isThere
        ? 'a later task of the same piece of work has taken over the checkpoint: nothing more is saved for this one'
        : 'the checkpoint is gone: a task of the same piece of work has succeeded, or it was not written for longer than `keep`',
    );
  }

  /** Asks the service if it still wants the task. @throws the signal's reason if it doesn't */
  async #askIfWanted(): Promise<void> {
    await within(this.#world.clock, ASK_MS, this.#begun.context.heartbeat());
  }

  async #retried<T>(run: () => Promise<T>): Promise<T> {
    const { clock, random } = this.#world;
    return retried(run, { clock, random, signal: this.#begun.context.signal });
  }
}

/** Returns the fields of a record. @throws CheckpointError if it isn't a checkpoint that this release can read */
function fieldsOf({ value }: Stored, ignores: boolean): RecordFields {
  const read = decodeRecord('checkpoint', value);
  if (read.is === 'read') return read.fields;
  if (read.is === 'foreign' && ignores) return {};
  const why =
    read.is === 'newer' ? `a later release of Stepwright wrote it (version ${read.v})` : read.reason;
  throw new CheckpointError('unreadable', `the checkpoint can not be read: ${why}`);
}

const runOf = ({ run }: RecordFields): number => (typeof run === 'number' ? run : 0);

/** Adds the text of a value to a record, so that the value isn't written to JSON twice. */
const withValue = (record: Uint8Array, text: string): Uint8Array =>
  Buffer.concat([record.subarray(0, -1), Buffer.from(`,"value":${text}}`)]);

/** Returns a value as JSON. @throws TypeError for what JSON can't express */
function jsonOf(value: unknown): string {
  const text = JSON.stringify(value, (key, each: unknown) => {
    if (types.isMap(each) || types.isSet(each))
      throw new TypeError(
        `task.checkpoint.save: ${key || 'the value'} is a Map or a Set, which JSON has no form for; save [...it]`,
      );
    return each;
  }) as string | undefined;
  if (text === undefined)
    throw new TypeError(`task.checkpoint.save: expected a value that JSON can express, got ${show(value)}`);
  return text;
}
