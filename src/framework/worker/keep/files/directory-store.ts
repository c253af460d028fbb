import { AsyncResource } from 'node:async_hooks';
import fs from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  checkKey,
  checkSize,
  isKey,
  type Store,
  StoreError,
  type StoreOptions,
} from '../../../base/store.js';
import { systemClock, wallTime } from '../../../base/time/clock.js';
import { unlessAborted } from '../../../base/time/wait.js';
import {
  codeOf,
  encodeFile,
  flushFolder,
  type Head,
  inTurn,
  isAbsent,
  linkTo,
  namesIn,
  NotARecord,
  readRecord,
  type RecordFile,
  storeErrorOf,
  unlessThere,
} from './record-file.js';
import { FolderLock, FREE, uniqueId } from './folder-lock.js';

/** The folder that holds everything. Its name is that of the format: another format has another name. */
const FORMAT = 'records-2';
/** Records whose time is over are looked for at most once in this time. */
const SWEEP_MS = 60_000;
/** The most records that are looked at together. */
const SWEPT_AT_ONCE = 1_000;
/** A file that lies aside for longer belongs to no process any more. */
const LEFT_MS = 3_600_000;

/** Decides by the head of the record that is there, if there is one, if a change may be made. */
type Allows = (head: Head | undefined) => boolean;

/**
 * The store that `directory` returns: a file for each record, which is written aside and flushed first. `link` gives a
 * new record its name; every other change is made under a lock. The folder is flushed before a call resolves.
 */
export class DirectoryStore implements Store {
  readonly name: string;
  readonly uri: string;
  readonly #root: string;
  readonly #records: string;
  readonly #aside: string;
  readonly #lock: FolderLock;
  readonly #warn: (message: string) => void;
  readonly #now: () => number;
  readonly #warned = new Set<string>();
  readonly #made = new Set<string>();
  #opened: Promise<void> | undefined;
  #sweepAt = Number.NEGATIVE_INFINITY;
  #swept = 0;
  // A store is made where the config is read, and used by tasks.
  readonly #context = new AsyncResource('stepwright:directory');

  constructor(
    root: string,
    readonly maxBytes: number,
    warn: (message: string) => void,
    now: () => number,
  ) {
    this.name = `directory ${root}`;
    this.uri = `directory:${encodeURI(root)}`;
    this.#root = root;
    this.#records = join(root, FORMAT, 'records');
    this.#aside = join(root, FORMAT, 'aside');
    this.#lock = new FolderLock(join(root, FORMAT, 'lock'));
    this.#warn = warn;
    this.#now = now;
  }

  /** Makes the store's folders if they are not there. @throws StoreError if this process can't use them */
  open(): Promise<void> {
    return this.#try(undefined, undefined, () =>
      inTurn(() => fs.access(this.#aside, fs.constants.R_OK | fs.constants.W_OK)),
    );
  }

  readonly put: Store['put'] = async (key, value, options = {}) => {
    const version = await this.#write(key, value, options, (aside) => this.#rename(aside, key, ALWAYS));
    if (version === undefined) throw new StoreError('unavailable', `${this.name}: ${key} was not written`);
    return version;
  };

  readonly putIfAbsent: Store['putIfAbsent'] = (key, value, options = {}) =>
    this.#write(key, value, options, async (aside) => {
      for (;;) {
        const linked = await linkTo(this.#pathOf(key), aside);
        if (linked === 'done') return 'linked';
        const there = await this.#head(key);
        if (there && !this.#isOver(there)) return undefined;
        // Where there are links, others give a new record its name without the lock.
        const isFree: Allows = (head) => (head ? this.#isOver(head) : linked === 'none');
        if (await this.#rename(aside, key, isFree)) return 'renamed';
      }
    });

  readonly replace: Store['replace'] = (key, value, version, options = {}) =>
    this.#write(key, value, options, (aside) => this.#rename(aside, key, this.#is(version)));

  readonly get: Store['get'] = (key, { signal, maxBytes = this.maxBytes } = {}) =>
    this.#try(key, signal, async (path) => {
      const found = await this.#read(path, key, maxBytes);
      // Of a volume that is gone, nothing is known.
      if (!found) await inTurn(() => fs.access(this.#records));
      if (!found || this.#isOver(found.head)) return undefined;
      return { value: found.value, version: found.head.version };
    });

  readonly delete: Store['delete'] = async (key, options = {}) => {
    await this.#remove(key, (head) => head !== undefined, options);
  };

  readonly deleteIf: Store['deleteIf'] = (key, version, options = {}) =>
    this.#remove(key, this.#is(version), options);

  readonly list: Store['list'] = (prefix, { signal, after = '' } = {}) =>
    this.#try(undefined, signal, async () => {
      const keys = await this.#keys(prefix);
      return { keys: keys.filter((key) => key.startsWith(prefix) && key > after).toSorted() };
    });

  /** Writes a record aside, and lets `place` give it its name. Returns its version; undefined if it didn't get it. */
  async #write(
    key: string,
    value: Uint8Array,
    { signal, ttlMs = Number.POSITIVE_INFINITY }: StoreOptions,
    place: (aside: string) => Promise<'renamed' | 'linked' | undefined>,
  ): Promise<string | undefined> {
    const until = ttlMs === Number.POSITIVE_INFINITY ? undefined : this.#now() + ttlMs;
    const version = uniqueId();
    const file = encodeFile({ key, version, until, bytes: value.byteLength }, value);
    return this.#try(key, signal, async (path) => {
      checkSize(this, key, value.byteLength);
      const aside = join(this.#aside, uniqueId());
      await this.#makeFolder(dirname(path));
      let placed: 'renamed' | 'linked' | undefined;
      try {
        await inTurn(() => fs.writeFile(aside, file, { mode: 0o600, flag: 'wx', flush: true }));
        placed = await place(aside);
        if (!placed) return undefined;
      } finally {
        // What can't be removed now is removed later.
        if (placed !== 'renamed') await inTurn(() => fs.unlink(aside)).catch(() => undefined);
      }
      await flushFolder(dirname(path));
      this.#sweepSometimes();
      return version;
    });
  }

  #remove(key: string, allows: Allows, { signal }: StoreOptions): Promise<boolean> {
    return this.#try(key, signal, async (path) => {
      const isDone = await this.#change(key, allows, fs.unlink);
      // Of a volume that is gone, nothing is known.
      await (isDone ? flushFolder(dirname(path)) : inTurn(() => fs.access(this.#records)));
      return isDone;
    });
  }

  async #rename(aside: string, key: string, allows: Allows): Promise<'renamed' | undefined> {
    return (await this.#change(key, allows, (path) => fs.rename(aside, path))) ? 'renamed' : undefined;
  }

  /** Makes a change under the lock, unless the record that is there then forbids it. */
  #change(key: string, allows: Allows, change: (path: string) => Promise<void>): Promise<boolean> {
    const path = this.#pathOf(key);
    return this.#lock.run(async () => {
      if (!allows(await this.#head(key))) return false;
      await inTurn(() => change(path));
      return true;
    });
  }

  /** Makes the folder of records unless this process has made it. */
  async #makeFolder(path: string): Promise<void> {
    if (this.#made.has(path)) return;
    await inTurn(() => fs.mkdir(path, { mode: 0o700 })).catch(unlessThere);
    await flushFolder(this.#records);
    this.#made.add(path);
  }

  #is(version: string): Allows {
    return (head) => head?.version === version && !this.#isOver(head);
  }

  #isOver({ until = Number.POSITIVE_INFINITY }: Head): boolean {
    return until <= this.#now();
  }

  #pathOf(key: string): string {
    const slash = key.indexOf('/');
    return join(this.#records, key.slice(0, slash), key.slice(slash + 1).replaceAll('/', ','));
  }

  async #head(key: string): Promise<Head | undefined> {
    return (await this.#read(this.#pathOf(key), key))?.head;
  }

  /** Returns undefined if there is no such record. */
  async #read(path: string, key: string, maxBytes?: number): Promise<RecordFile | undefined> {
    try {
      return await readRecord(path, key, maxBytes);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      if (!(error instanceof NotARecord)) throw error;
      this.#warnOf(path, error.message);
      const text = `${this.name}: ${path} is not a record: ${error.message}`;
      throw new StoreError('damaged', text, { cause: error });
    }
  }

  /** Returns the keys of all folders that may have some with this prefix. */
  async #keys(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for (const part of await namesIn(this.#records)) {
      if (!`${part}/`.startsWith(prefix) && !prefix.startsWith(`${part}/`)) continue;
      for (const name of await namesIn(join(this.#records, part))) {
        const key = `${part}/${name.replaceAll(',', '/')}`;
        if (isKey(key)) keys.push(key);
        else this.#warnOf(join(this.#records, part, name), 'it has not the name of one');
      }
    }
    return keys;
  }

  #warnOf(path: string, why: string): void {
    if (this.#warned.has(path)) return;
    this.#warned.add(path);
    const text = `${this.name}: ${path} is not a record (${why}). It is left alone: move it away`;
    this.#context.runInAsyncScope(() => this.#warn(text));
  }

  #sweepSometimes(): void {
    const now = systemClock.now();
    if (now < this.#sweepAt) return;
    this.#sweepAt = now + SWEEP_MS;
    // If it fails, the next calls say so.
    this.#context.runInAsyncScope(() => void this.#sweep().catch(() => {}));
  }

  /** Removes what was left aside, and what is over of some records that follow those of the last sweep. */
  async #sweep(): Promise<void> {
    for (const name of await namesIn(this.#aside)) {
      const path = join(this.#aside, name);
      // Its writer may remove it meanwhile.
      const found = await inTurn(() => fs.stat(path)).catch(() => undefined);
      if (found && wallTime() - found.mtimeMs > LEFT_MS) await inTurn(() => fs.unlink(path));
    }
    const keys = await this.#keys('');
    const from = this.#swept < keys.length ? this.#swept : 0;
    this.#swept = from + SWEPT_AT_ONCE;
    const isOver: Allows = (head) => head !== undefined && this.#isOver(head);
    for (const key of keys.slice(from, this.#swept))
      if (isOver(await this.#head(key).catch(() => undefined))) await this.#change(key, isOver, fs.unlink);
  }

  async #try<T>(
    key: string | undefined,
    signal: AbortSignal | undefined,
    call: (path: string) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    if (key !== undefined) checkKey(key);
    this.#opened ??= open(this.#root);
    const begun = this.#opened.then(() => call(this.#pathOf(key ?? '/')));
    // After a failure the next call tries again: the folder may be there by then.
    this.#opened.catch(() => (this.#opened = undefined));
    return unlessAborted(
      signal,
      begun.catch((error: unknown) => {
        throw storeErrorOf(error, this.name);
      }),
    );
  }
}

const ALWAYS: Allows = () => true;

/**
 * Makes a store's folders if they are not there: under another name, so that they get theirs in one step.
 * @throws StoreError of kind `denied` if the folder holds another format
 */
async function open(root: string): Promise<void> {
  await fs.mkdir(root, { mode: 0o700 }).catch(unlessThere);
  const names = await fs.readdir(root);
  const other = names.find((name) => name !== FORMAT && /^records(-\d+)?$/.test(name));
  if (other !== undefined)
    throw new StoreError(
      'denied',
      `directory ${root} has records of another release of Stepwright (${join(root, other)}), which this one can't read. Name another folder, or remove these records if nobody needs them`,
    );
  if (names.includes(FORMAT)) return;
  const prepared = join(root, `new-${uniqueId()}`);
  try {
    for (const name of ['', 'records', 'aside', 'lock'])
      await fs.mkdir(join(prepared, name), { mode: 0o700 });
    await fs.writeFile(join(prepared, 'lock', FREE), '', { mode: 0o600, flush: true });
    for (const name of ['lock', '']) await flushFolder(join(prepared, name));
    await fs.rename(prepared, join(root, FORMAT));
  } catch (error) {
    await fs.rm(prepared, { recursive: true, force: true }).catch(() => undefined);
    // Another process may have been first.
    if (codeOf(error) !== 'ENOTEMPTY') unlessThere(error);
  }
  await flushFolder(root);
}
