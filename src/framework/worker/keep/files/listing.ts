import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyPage } from '../../../base/store/store.js';
import type { Commits } from './commits.js';
import { keyOf, mayContain, type Place, placeOf } from './file-names.js';
import { codeOf } from './fs-error.js';
import { readHeads } from './read-file.js';
import { headIn, keysIn, NotARecord } from './record-file.js';

/** The most keys of one page. */
const PAGE = 1_000;
/** The records whose heads are read together. */
const AT_ONCE = 16;

interface Named {
  readonly key: string;
  readonly place: Place;
}

/** Finds records by what their files are called. A file that isn't a record's is moved out of the way. */
export class Listing {
  readonly #records: string;
  readonly #commits: Commits;
  readonly #now: () => number;

  constructor(records: string, commits: Commits, now: () => number) {
    this.#records = records;
    this.#commits = commits;
    this.#now = now;
  }

  async page(prefix: string, after: string): Promise<KeyPage> {
    const named = (await this.named(prefix)).filter(({ key }) => key.startsWith(prefix) && key > after);
    named.sort((a, b) => (a.key < b.key ? -1 : 1));
    const keys: string[] = [];
    for (let at = 0; at < named.length; at += AT_ONCE) {
      const found = await Promise.all(named.slice(at, at + AT_ONCE).map((each) => this.#isThere(each)));
      keys.push(...named.slice(at, at + AT_ONCE).flatMap(({ key }, i) => (found[i] === true ? [key] : [])));
      if (keys.length >= PAGE && at + AT_ONCE < named.length) return { keys, next: keys.at(-1) };
    }
    return { keys };
  }

  /** Returns the records that may have keys with this prefix. */
  async named(prefix: string): Promise<Named[]> {
    const folders = (await readdir(this.#records)).filter((folder) => mayContain(folder, prefix));
    const named = await Promise.all(folders.map((folder) => this.#namedIn(folder)));
    return named.flat();
  }

  /** Returns the end of a record's time to live; undefined if it has none, or if there is no such record. */
  async endOf({ key, place }: Named): Promise<number | undefined> {
    const file = await readHeads(join(this.#records, place.folder, place.name));
    return file && headIn(file, key).until;
  }

  async #namedIn(folder: string): Promise<Named[]> {
    const names = await readdir(join(this.#records, folder)).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return [];
      throw error;
    });
    const named: Named[] = [];
    for (const name of names.filter((each) => !each.startsWith('.'))) {
      const place = { folder, name };
      const key = keyOf(place) ?? (await this.#keyInFile(place));
      if (key !== undefined) named.push({ key, place });
    }
    return named;
  }

  /** Returns the key of a record whose file's name doesn't have all of it. */
  async #keyInFile(place: Place): Promise<string | undefined> {
    return this.#unlessForeign({ key: '', place }, undefined, async () => {
      const file = await readHeads(join(this.#records, place.folder, place.name));
      const isAt = ({ folder, name }: Place): boolean => folder === place.folder && name === place.name;
      const key = file && keysIn(file).find((each) => isAt(placeOf(each)));
      if (file && key === undefined) throw new NotARecord();
      return key;
    });
  }

  async #isThere({ key, place }: Named): Promise<boolean> {
    const found = await this.#unlessForeign({ key, place }, true, async () => {
      const file = await readHeads(join(this.#records, place.folder, place.name));
      return file && (headIn(file, key).until ?? Number.POSITIVE_INFINITY) > this.#now();
    });
    return found === true;
  }

  /** Reads a file, and moves it out of the way if it isn't one of records. */
  async #unlessForeign<T>(
    { key, place }: Named,
    unread: T | undefined,
    read: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      // A record that can't be read is there: a read of it says what is wrong.
      if (!(error instanceof NotARecord)) return unread;
      await this.#commits.make({ kind: 'set-aside', key, place });
      return undefined;
    }
  }
}
