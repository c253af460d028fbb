import type { AsyncResource } from 'node:async_hooks';
import { link, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { turn } from '../../../base/time/turn.js';
import { codeOf, storeErrorOf } from './fs-error.js';
import { type Folder, syncFolder, writeFlushed } from './folder.js';
import type { Held } from './folder-lock.js';
import type { Place } from './file-names.js';
import { readHeads, readWhole } from './read-file.js';
import { encodeRecords, type FileRecord, headIn, NotARecord, recordIn } from './record-file.js';
import { long, short } from './turns.js';

/** The settings of a store in a folder. */
export interface DirectorySettings {
  /** The most bytes of one record. */
  readonly maxBytes: number;
  readonly warn: (message: string) => void;
  readonly now: () => number;
  /** The context in which changes are made, since those of several tasks are made together. */
  readonly context: AsyncResource;
}

/** A change of one record. */
export interface Change {
  readonly kind: 'put' | 'put-if-absent' | 'replace' | 'delete' | 'delete-if' | 'expire' | 'set-aside';
  readonly key: string;
  readonly place: Place;
  /** The record to write. */
  readonly record?: FileRecord;
  /** The version that the record must have. */
  readonly expected?: string;
}

interface Waiting extends Change {
  /** The file aside that has the new record. */
  readonly file?: string | undefined;
  /** True if several changes share the file. */
  readonly shared?: boolean;
  readonly settle: (done: boolean) => void;
  readonly fail: (error: unknown) => void;
}

/** The most changes that are made together. */
const MOST_TOGETHER = 64;
/** A larger record gets a file of its own. */
const MOST_SHARED_BYTES = 16 * 1024;

/**
 * Makes the changes of one process, those that wait together in one go: their records are written into one file, which
 * is flushed once and gets a name for each of them; then the folder of the names is flushed once. A large record is
 * written before its change waits, so that small ones don't wait for it.
 */
export class Commits {
  readonly #folder: Folder;
  readonly #now: () => number;
  readonly #warn: (message: string) => void;
  readonly #context: AsyncResource;
  #waiting: Waiting[] = [];
  #runs = false;

  constructor(folder: Folder, { now, warn, context }: DirectorySettings) {
    this.#folder = folder;
    this.#now = now;
    this.#warn = warn;
    this.#context = context;
  }

  /** Makes a change. Returns false if the record isn't as the change expects it. */
  async make(change: Change): Promise<boolean> {
    const { record, place } = change;
    try {
      if (!record) return await this.#wait(change);
      await this.#folder.make(place.folder);
      if (record.value.byteLength <= MOST_SHARED_BYTES && this.#folder.hasLinks)
        return await this.#wait(change);
      const file = this.#folder.newFile();
      await writeFlushed(file, encodeRecords([record]), long);
      return await this.#wait(change, file);
    } catch (error) {
      throw storeErrorOf(error, this.#folder.root);
    }
  }

  #wait(change: Change, file?: string): Promise<boolean> {
    return new Promise((settle, fail) => {
      this.#waiting.push({ ...change, file, settle, fail });
      if (this.#runs) return;
      this.#runs = true;
      turn.after(() => void this.#context.runInAsyncScope(() => this.#run()));
    });
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#nextGroup();
      try {
        await this.#makeTogether(group);
      } catch (error) {
        failAll(group, error);
      } finally {
        const files = new Set(group.flatMap(({ file }) => file ?? []));
        for (const file of files) await remove(file).catch(() => false);
      }
    }
    this.#runs = false;
  }

  /** Takes the first changes that wait, at most one of a key. */
  #nextGroup(): Waiting[] {
    const keys = new Set<string>();
    const group: Waiting[] = [];
    const rest: Waiting[] = [];
    for (const each of this.#waiting) {
      const fits = group.length < MOST_TOGETHER && !keys.has(each.key);
      keys.add(each.key);
      (fits ? group : rest).push(each);
    }
    this.#waiting = rest;
    return group;
  }

  async #makeTogether(group: readonly Waiting[]): Promise<void> {
    await this.#writeShared(group.filter(({ record, file }) => record && !file));
    const done = new Map<Waiting, boolean>();
    const others = await this.#linkNew(group, done);
    if (others.length > 0) await this.#changeLocked(others, done);
    const changed = [...done.keys()].filter((each) => done.get(each) === true);
    for (const folder of new Set(changed.map(({ place }) => place.folder))) await this.#sync(folder, changed);
    for (const [change, isDone] of done) change.settle(isDone);
  }

  /** Flushes a folder of records. The changes in it fail if that does. */
  async #sync(folder: string, changed: readonly Waiting[]): Promise<void> {
    try {
      await syncFolder(join(this.#folder.records, folder));
    } catch (error) {
      failAll(
        changed.filter(({ place }) => place.folder === folder),
        error,
      );
    }
  }

  /** Writes new records into one file aside. */
  async #writeShared(changes: readonly Waiting[]): Promise<void> {
    const records = changes.flatMap(({ record }) => record ?? []);
    if (records.length === 0) return;
    const file = this.#folder.newFile();
    await writeFlushed(file, encodeRecords(records));
    for (const each of changes) Object.assign(each, { file, shared: records.length > 1 });
  }

  /** Gives new records their names where nothing has the name. Returns the other changes. */
  async #linkNew(changes: readonly Waiting[], done: Map<Waiting, boolean>): Promise<Waiting[]> {
    const others: Waiting[] = [];
    for (const each of changes) {
      if (each.kind !== 'put-if-absent' || !this.#folder.hasLinks) others.push(each);
      else
        try {
          if (await this.#link(each)) done.set(each, true);
          else others.push(each);
        } catch (error) {
          this.#folder.forget();
          each.fail(error);
        }
    }
    return others;
  }

  /** Returns false if something has the name. */
  async #link({ file = '', place }: Waiting): Promise<boolean> {
    try {
      await short.run(() => link(file, this.#pathOf(place)));
      return true;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      return false;
    }
  }

  /** Makes changes while no other process makes any. */
  async #changeLocked(changes: readonly Waiting[], done: Map<Waiting, boolean>): Promise<void> {
    try {
      await this.#folder.lock.hold(async (held) => {
        for (const each of changes) await this.#change(each, held, done);
      });
    } catch (error) {
      // New records that have their names already don't depend on the lock.
      failAll(changes, error);
    }
  }

  async #change(change: Waiting, held: Held, done: Map<Waiting, boolean>): Promise<void> {
    try {
      const found = await this.#find(change);
      held.check();
      done.set(change, await this.#apply(change, found));
    } catch (error) {
      this.#folder.forget();
      change.fail(error);
    }
  }

  /** Returns what is there of the record that a change depends on. */
  async #find({ kind, key, place }: Change): Promise<Found> {
    if (kind === 'put' || kind === 'delete') return NOTHING;
    const path = this.#pathOf(place);
    try {
      const file = await (kind === 'set-aside' ? readWhole(path, undefined, short) : readHeads(path, short));
      if (!file) return NOTHING;
      const { version, until = Number.POSITIVE_INFINITY } = (kind === 'set-aside' ? recordIn : headIn)(
        file,
        key,
      );
      return until > this.#now() ? { version } : { isOver: true };
    } catch (error) {
      if (!(error instanceof NotARecord)) throw error;
      const to = await this.#folder.setAside(path);
      this.#warn(`${path} is not a record of this store (${error.message}). It was moved to ${to}`);
      return NOTHING;
    }
  }

  async #apply(change: Waiting, { version, isOver = false }: Found): Promise<boolean> {
    const path = this.#pathOf(change.place);
    const isExpected = version !== undefined && version === change.expected;
    switch (change.kind) {
      case 'put':
        return this.#install(change, path);
      case 'put-if-absent':
        return version === undefined && this.#install(change, path);
      case 'replace':
        return isExpected && this.#install(change, path);
      case 'delete':
        return remove(path);
      case 'delete-if':
        return isExpected && remove(path);
      case 'expire':
        return isOver && remove(path);
      default:
        return false;
    }
  }

  /** Gives a record its name, which may be that of another record. */
  async #install({ file = '', shared = false }: Waiting, path: string): Promise<boolean> {
    // A rename does nothing if both names lead to the same file, so the name that is given must be a new one.
    const named = shared ? this.#folder.newFile() : file;
    if (shared) await short.run(() => link(file, named));
    await short.run(() => rename(named, path));
    return true;
  }

  #pathOf({ folder, name }: Place): string {
    return join(this.#folder.records, folder, name);
  }
}

/** The version of a record; nothing if there is none. */
interface Found {
  readonly version?: string;
  /** True if the record's time to live is over. */
  readonly isOver?: boolean;
}
const NOTHING: Found = {};

const failAll = (changes: readonly Waiting[], error: unknown): void => {
  for (const each of changes) each.fail(error);
};

/** Returns false if there is no such file. */
async function remove(path: string): Promise<boolean> {
  try {
    await short.run(() => unlink(path));
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
