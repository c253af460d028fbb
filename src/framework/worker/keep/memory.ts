import { checkKey, checkSize } from '../../base/store/store-error.js';
import type { KeyPage, Store, Stored, StoreOptions } from '../../base/store/store.js';
import { wallTime } from '../../base/time/clock.js';

interface Kept extends Stored {
  readonly until: number;
}

/** The keys that one call of `list` returns at most. */
const PAGE = 1_000;

/**
 * A store in this process's memory, for tests. Its records are gone with the process.
 * @param options `now`: the time by which records end. `maxBytes`: the most bytes of a record
 */
export function memoryStore(options: { now?: () => number; maxBytes?: number } = {}): Store {
  return new MemoryStore(options.now ?? wallTime, options.maxBytes ?? 64 * 1024 * 1024);
}

class MemoryStore implements Store {
  readonly name = 'memory';
  readonly uri = 'memory:';
  readonly maxBytes: number;
  readonly #now: () => number;
  readonly #records = new Map<string, Kept>();
  #versions = 0;

  constructor(now: () => number, maxBytes: number) {
    this.#now = now;
    this.maxBytes = maxBytes;
  }

  async put(key: string, value: Uint8Array, options: StoreOptions = {}): Promise<string> {
    options.signal?.throwIfAborted();
    checkKey(key);
    checkSize(this, key, value.byteLength);
    const version = String(++this.#versions);
    const until = this.#now() + (options.ttlMs ?? Number.POSITIVE_INFINITY);
    this.#records.set(key, { value: Uint8Array.from(value), version, until });
    return version;
  }

  async putIfAbsent(key: string, value: Uint8Array, options?: StoreOptions): Promise<string | undefined> {
    options?.signal?.throwIfAborted();
    return this.#find(key) ? undefined : this.put(key, value, options);
  }

  async replace(
    key: string,
    value: Uint8Array,
    version: string,
    options?: StoreOptions,
  ): Promise<string | undefined> {
    options?.signal?.throwIfAborted();
    return this.#find(key)?.version === version ? this.put(key, value, options) : undefined;
  }

  async get(key: string, options: StoreOptions = {}): Promise<Stored | undefined> {
    options.signal?.throwIfAborted();
    const found = this.#find(key);
    if (found)
      checkSize(
        { name: 'this read', maxBytes: options.maxBytes ?? this.maxBytes },
        key,
        found.value.byteLength,
      );
    return found && { value: Uint8Array.from(found.value), version: found.version };
  }

  async delete(key: string, options: StoreOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    checkKey(key);
    this.#records.delete(key);
  }

  async deleteIf(key: string, version: string, options: StoreOptions = {}): Promise<boolean> {
    options.signal?.throwIfAborted();
    return this.#find(key)?.version === version && this.#records.delete(key);
  }

  async list(prefix: string, options: StoreOptions = {}): Promise<KeyPage> {
    options.signal?.throwIfAborted();
    const { after = '' } = options;
    const found = [...this.#records.keys()].filter((key) => key.startsWith(prefix) && key > after);
    const keys = found.filter((key) => this.#find(key)).toSorted();
    return keys.length <= PAGE ? { keys } : { keys: keys.slice(0, PAGE), next: keys[PAGE - 1] };
  }

  #find(key: string): Kept | undefined {
    checkKey(key);
    const found = this.#records.get(key);
    if (found && found.until <= this.#now()) {
      this.#records.delete(key);
      return undefined;
    }
    return found;
  }
}
