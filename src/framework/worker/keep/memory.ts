import { checkKey, checkSize, type Store, type Stored, type StoreOptions } from '../../base/store.js';
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
  const { now = wallTime, maxBytes = 64 * 1024 * 1024 } = options;
  const records = new Map<string, Kept>();
  let versions = 0;

  const find = (key: string, { signal }: StoreOptions = {}): Kept | undefined => {
    signal?.throwIfAborted();
    checkKey(key);
    const found = records.get(key);
    if (!found || found.until > now()) return found;
    records.delete(key);
    return undefined;
  };
  const write = (key: string, value: Uint8Array, { ttlMs }: StoreOptions = {}): string => {
    checkSize({ name: 'memory', maxBytes }, key, value.byteLength);
    const version = String(++versions);
    const until = now() + (ttlMs ?? Number.POSITIVE_INFINITY);
    records.set(key, { value: Uint8Array.from(value), version, until });
    return version;
  };
  return {
    name: 'memory',
    uri: 'memory:',
    maxBytes,
    put: async (key, value, options) => {
      find(key, options);
      return write(key, value, options);
    },
    putIfAbsent: async (key, value, options) => (find(key, options) ? undefined : write(key, value, options)),
    replace: async (key, value, version, options) =>
      find(key, options)?.version === version ? write(key, value, options) : undefined,
    get: async (key, options) => {
      const found = find(key, options);
      const most = { name: 'this read', maxBytes: options?.maxBytes ?? maxBytes };
      if (found) checkSize(most, key, found.value.byteLength);
      return found && { value: Uint8Array.from(found.value), version: found.version };
    },
    delete: async (key, options) => {
      find(key, options);
      records.delete(key);
    },
    deleteIf: async (key, version, options) => find(key, options)?.version === version && records.delete(key),
    list: async (prefix, { after = '', signal } = {}) => {
      signal?.throwIfAborted();
      const found = [...records.keys()].filter((key) => key.startsWith(prefix) && key > after);
      const keys = found.filter((key) => find(key)).toSorted();
      return keys.length <= PAGE ? { keys } : { keys: keys.slice(0, PAGE), next: keys[PAGE - 1] };
    },
  };
}
