import { types } from 'node:util';
import type { Logger } from '../../base/log/log.js';
import { within } from '../../base/time/wait.js';
import { TaskAborted, type TaskContext } from '../../declare/task-context.js';
import { type LimitedStore, retried } from './limited-store.js';
import {
  type CheckpointRef,
  decodeRecord,
  encodeRecord,
  isText,
  KEY_PREFIX,
  keyPart,
  tokenKey,
  type Wanted,
} from './record.js';
import { show } from '../../base/show.js';
import { StoreError, type Store } from '../../base/store.js';
import type { Clock } from '../../base/time/clock.js';
import { type Checkpoint, CheckpointError, type SavedProgress } from '../../declare/checkpoint.js';
import type { Constructor } from '../../declare/class.js';

/** The longest time for which a worker that stops waits for the store. */
const STOP_LIMIT_MS = 3_000;

/** The checkpoints of one handler's tasks. */
export class Checkpoints {
  readonly #removals = new Set<Promise<void>>();

  constructor(
    private readonly keeping: CheckpointKeeping & { readonly store: LimitedStore },
    private readonly log: Logger,
  ) {}

  /**
   * Makes the checkpoint of a task. @param onTaken called when the task uses it for the first time, with the record that
   * it takes
   */
  make(onTaken?: (ref: CheckpointRef) => void): TaskCheckpoint {
    return new TaskCheckpoint(this.keeping, onTaken);
  }

  /** Returns the checkpoint of a task; undefined if a test has given the task another one. */
  of({ checkpoint }: TaskContext): TaskCheckpoint | undefined {
    return checkpoint instanceof TaskCheckpoint ? checkpoint : undefined;
  }

  /**
   * Removes the checkpoint of a task, because the service has accepted the task's success. Returns at once; `close`
   * waits for it.
   */
  accepted(ref: CheckpointRef): void {
    const removal = this.#remove(ref).finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }

  /** Removes what is left of finished work. Takes at most 3 s, and never rejects. */
  async close(): Promise<void> {
    await within(this.keeping.clock, STOP_LIMIT_MS, Promise.all(this.#removals));
    this.keeping.store.close();
  }

  async #remove(ref: CheckpointRef): Promise<void> {
    const { handler, store } = this.keeping;
    try {
      await retried(() => removeCheckpoint(store, ref), { ...this.keeping, signal: store.closed });
    } catch (error) {
      const message = 'the checkpoint of finished work could not be removed; it stays for the time in `keep`';
      this.log.warn({ err: error, handler, key: ref.key }, message);
    }
  }
}

/** The parts that the checkpoints of a handler's tasks use. */
interface CheckpointKeeping {
  /** The handler's name, `Class.method`. */
  readonly handler: string;
  readonly store: Store;
  readonly keyOf: (input: unknown) => unknown;
  readonly keepMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  /** Asks the service if it still wants a task. */
  readonly ask: (task: TaskContext) => Promise<Wanted>;
  /** Makes a valid instance of a class from JSON. @throws CheckpointError of kind `unreadable` */
  readonly read: (value: unknown, type: Constructor<object>) => unknown;
}

/**
 * The checkpoint of one task. The first call writes the hash of the task's token into the record. Each write replaces
 * the version that this task has written before, so that it fails once a later task has taken the record.
 */
export class TaskCheckpoint implements Checkpoint {
  readonly #keeping: CheckpointKeeping;
  readonly #onTaken: ((ref: CheckpointRef) => void) | undefined;
  #task: { readonly context: TaskContext; readonly input: unknown } | undefined;
  /**
   * The record that this task has taken, here or in the thread or process that runs it; undefined if it has taken none.
   */
  ref: CheckpointRef | undefined;
  #taking: Promise<void> | undefined;
  #version = '';
  /** The JSON of the value that was saved last; undefined if there is none. */
  #text: string | undefined;
  #newest = '';
  /** The write that is under way, and the one after it, which writes the newest value. */
  #writing: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** @param onTaken called when the record's key is known, before it is written */
  constructor(keeping: CheckpointKeeping, onTaken?: (ref: CheckpointRef) => void) {
    this.#keeping = keeping;
    this.#onTaken = onTaken;
  }

  /** Records that the task has taken a record in the thread or process that runs it. */
  adopt(ref: CheckpointRef): void {
    this.ref = ref;
  }

  /** Gives the checkpoint its task and its valid input. To be called before the handler. */
  begin(context: TaskContext, input: unknown): void {
    this.#task = { context, input };
  }

  async load<T extends object>(type?: Constructor<T>): Promise<T | undefined> {
    await this.#take();
    await (this.#next ?? this.#writing)?.catch(() => {});
    const value: unknown = this.#text === undefined ? undefined : JSON.parse(this.#text);
    return (value === undefined || !type ? value : await this.#keeping.read(value, type)) as T;
  }

  async save(value: unknown, progress?: SavedProgress): Promise<void> {
    const { context } = this.#begun;
    const text = jsonOf(value);
    if (progress) context.progress(progress.fraction, progress.message);
    this.#newest = text;
    await (this.#next ??= this.#write());
  }

  get #begun(): { readonly context: TaskContext; readonly input: unknown } {
    if (this.#task) return this.#task;
    throw new TypeError('task.checkpoint is available once the input of the task is validated');
  }

  /** The key of the record, and the text that names this task in it. @throws TypeError if `key` returns no text */
  get #own(): CheckpointRef {
    if (this.ref) return this.ref;
    const { handler, keyOf } = this.#keeping;
    const { context, input } = this.#begun;
    const name = keyOf(input);
    if (typeof name !== 'string' || name === '')
      throw new TypeError(
        `the option checkpoint.key of ${handler} must return the name of the piece of work, a text that is not empty; it returned ${show(name)}`,
      );
    this.ref = {
      key: `${KEY_PREFIX.checkpoint}${keyPart(handler)}/${keyPart(name)}`,
      by: tokenKey(context.token),
    };
    this.#onTaken?.(this.ref);
    return this.ref;
  }

  /** Writes the newest value, after the write that is under way. */
  async #write(): Promise<void> {
    await this.#writing?.catch(() => {});
    this.#writing = this.#next;
    this.#next = undefined;
    await this.#take();
    // A newer value may come while the store fails.
    await this.#retried(() => this.#put(this.#newest));
  }

  async #put(text: string): Promise<void> {
    const { store, keepMs } = this.#keeping;
    const { key, by } = this.#own;
    for (;;) {
      const version = await store.replace(key, recordOf(by, text), this.#version, { ttlMs: keepMs });
      if (version !== undefined) {
        this.#version = version;
        this.#text = text;
        return;
      }
      // An earlier write that got no answer may have been done nevertheless.
      const stored = await store.get(key);
      if (!stored || decodeRecord('checkpoint', key, stored)['by'] !== by)
        throw new CheckpointError(
          'taken',
          stored
            ? 'a later task of the same piece of work has taken over the checkpoint: nothing more is saved for this one'
            : 'the checkpoint is gone: a task of the same piece of work has succeeded, or it was not written for longer than `keep`',
        );
      this.#version = stored.version;
    }
  }

  /** Takes the record for this task. All calls share one attempt, until that fails. */
  #take(): Promise<void> {
    this.#taking ??= this.#retried(() => this.#tryToTake()).catch((error: unknown) => {
      this.#taking = undefined;
      throw unreadable(error);
    });
    return this.#taking;
  }

  async #tryToTake(): Promise<void> {
    const { store, keepMs } = this.#keeping;
    const { key, by } = this.#own;
    for (let version: string | undefined; version === undefined;) {
      const stored = await store.get(key);
      const fields = stored && decodeRecord('checkpoint', key, stored);
      const text = isText(fields?.['json']) ? fields['json'] : undefined;
      // This task may be the one that was cut off, and the record a later task's.
      if (stored && fields?.['by'] !== by) await this.#askIfWanted();
      const record = recordOf(by, text);
      if (!stored) version = await store.putIfAbsent(key, record, { ttlMs: keepMs });
      else if (fields?.['by'] === by) ({ version } = stored);
      else version = await store.replace(key, record, stored.version, { ttlMs: keepMs });
      this.#version = version ?? '';
      this.#text = text;
    }
  }

  /** @throws the signal's reason if the service no longer wants the task; StoreError if it doesn't answer */
  async #askIfWanted(): Promise<void> {
    const { context } = this.#begun;
    const wanted = await this.#keeping.ask(context);
    if (wanted === 'wanted') return;
    context.signal.throwIfAborted();
    if (wanted === 'gone') throw new TaskAborted('gone', 'the service no longer wants this task');
    throw new StoreError(
      'unavailable',
      'the checkpoint is taken over only if the service says that it wants this task, and it did not answer',
    );
  }

  #retried<T>(run: () => Promise<T>): Promise<T> {
    const { clock, random } = this.#keeping;
    return retried(run, { clock, random, signal: this.#begun.context.signal });
  }
}

/** Removes the checkpoint of a task, if no later task has taken it. @throws StoreError */
export async function removeCheckpoint(store: Store, { key, by }: CheckpointRef): Promise<void> {
  for (;;) {
    const stored = await store.get(key);
    if (!stored || decodeRecord('checkpoint', key, stored)['by'] !== by) return;
    if (await store.deleteIf(key, stored.version)) return;
  }
}

/** Writes a record. `json`: the JSON of the saved value; undefined if there is none. */
const recordOf = (by: string, json: string | undefined): Uint8Array =>
  encodeRecord('checkpoint', { by, json });

const unreadable = (error: unknown): unknown =>
  error instanceof StoreError && error.kind === 'damaged'
    ? new CheckpointError('unreadable', `the checkpoint can not be read: ${error.message}`, { cause: error })
    : error;

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
