import { join } from 'node:path';
import { checkKey, checkSize, StoreError } from '../../../base/store/store-error.js';
import type {
  GetOptions,
  KeyPage,
  PutOptions,
  ReadOptions,
  Store,
  Stored,
} from '../../../base/store/store.js';
import { unlessAborted } from '../../../base/time/wait.js';
import { type Change, Commits, type DirectorySettings } from './commits.js';
import { placeOf } from './file-names.js';
import { Folder } from './folder.js';
import { storeErrorOf } from './fs-error.js';
import { Listing } from './listing.js';
import { uniqueId } from './process-name.js';
import { readWhole } from './read-file.js';
import { headIn, NotARecord, recordIn } from './record-file.js';
import { Sweep } from './sweep.js';

interface Opened {
  readonly folder: Folder;
  readonly commits: Commits;
  readonly listing: Listing;
  readonly sweep: Sweep;
}

/** The store that `directory` returns. */
export class DirectoryStore implements Store {
  readonly name: string;
  readonly maxBytes: number;
  readonly #root: string;
  readonly #settings: DirectorySettings;
  #opened: Promise<Opened> | undefined;

  constructor(root: string, settings: DirectorySettings) {
    this.name = `directory ${root}`;
    this.maxBytes = settings.maxBytes;
    this.#root = root;
    this.#settings = settings;
  }

  async put(key: string, value: Uint8Array, options: PutOptions = {}): Promise<string> {
    const version = await this.#write('put', key, value, options);
    if (version === undefined) throw new StoreError('unavailable', `${this.name}: ${key} was not written`);
    return version;
  }

  async putIfAbsent(key: string, value: Uint8Array, options: PutOptions = {}): Promise<string | undefined> {
    return this.#write('put-if-absent', key, value, options);
  }

  async replace(
    key: string,
    value: Uint8Array,
    version: string,
    options: PutOptions = {},
  ): Promise<string | undefined> {
    return this.#write('replace', key, value, options, version);
  }

  async delete(key: string, options: ReadOptions = {}): Promise<void> {
    await this.#change({ kind: 'delete', key }, options);
  }

  async deleteIf(key: string, version: string, options: ReadOptions = {}): Promise<boolean> {
    return this.#change({ kind: 'delete-if', key, expected: version }, options);
  }

  async get(key: string, { signal, maxBytes }: GetOptions = {}): Promise<Stored | undefined> {
    signal?.throwIfAborted();
    checkKey(key);
    return this.#try(signal, (opened) => this.#read(opened, key, maxBytes ?? Number.POSITIVE_INFINITY));
  }

  async list(
    prefix: string,
    { signal, after = '' }: ReadOptions & { readonly after?: string | undefined } = {},
  ): Promise<KeyPage> {
    signal?.throwIfAborted();
    return this.#try(signal, ({ listing }) => listing.page(prefix, after));
  }

  async #write(
    kind: Change['kind'],
    key: string,
    value: Uint8Array,
    options: PutOptions,
    expected?: string,
  ): Promise<string | undefined> {
    options.signal?.throwIfAborted();
    checkKey(key);
    checkSize(this, key, value);
    const until = this.#endOf(options.ttlMs);
    const record = { key, version: uniqueId(), until, value };
    const isDone = await this.#change({ kind, key, record, expected }, options);
    return isDone ? record.version : undefined;
  }

  #endOf(ttlMs: number | undefined): number | undefined {
    if (ttlMs === undefined || ttlMs === Number.POSITIVE_INFINITY) return undefined;
    return this.#settings.now() + ttlMs;
  }

  async #change(change: Omit<Change, 'place'>, { signal }: ReadOptions): Promise<boolean> {
    signal?.throwIfAborted();
    checkKey(change.key);
    return this.#try(signal, async ({ commits, sweep }) => {
      const isDone = await commits.make({ ...change, place: placeOf(change.key) });
      sweep.afterWrite(change.record?.until !== undefined);
      return isDone;
    });
  }

  async #read({ folder, commits }: Opened, key: string, maxBytes: number): Promise<Stored | undefined> {
    const place = placeOf(key);
    const path = join(folder.records, place.folder, place.name);
    try {
      const file = await readWhole(path, (heads) =>
        this.#checkLength(key, headIn(heads, key).bytes, maxBytes),
      );
      if (!file) {
        // Of a volume that is gone, nothing is known.
        await folder.checkPresence();
        return undefined;
      }
      const { value, version, until = Number.POSITIVE_INFINITY } = recordIn(file, key);
      return until > this.#settings.now() ? { value, version } : undefined;
    } catch (error) {
      if (!(error instanceof NotARecord)) throw error;
      await commits.make({ kind: 'set-aside', key, place });
      throw new StoreError(
        'damaged',
        `${this.name}: ${path} is not a whole record: ${error.message}. It was moved to ${folder.damaged}`,
      );
    }
  }

  #checkLength(key: string, bytes: number, most: number): void {
    if (bytes <= most) return;
    throw new StoreError('too-large', `${key} has ${bytes} bytes, and this read takes at most ${most}`);
  }

  #try<T>(signal: AbortSignal | undefined, call: (opened: Opened) => Promise<T>): Promise<T> {
    const begun = this.#open()
      .then(call)
      .catch((error: unknown) => {
        throw storeErrorOf(error, this.#root);
      });
    return unlessAborted(signal, begun);
  }

  #open(): Promise<Opened> {
    this.#opened ??= this.#openFolder().catch((error: unknown) => {
      // The next call tries again: the folder may have been made by then.
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  async #openFolder(): Promise<Opened> {
    const { now, warn } = this.#settings;
    const folder = await Folder.open(this.#root, warn);
    const commits = new Commits(folder, this.#settings);
    const listing = new Listing(folder.records, commits, now);
    return { folder, commits, listing, sweep: new Sweep(listing, commits, now) };
  }
}
