import { checkKey, checkSize } from '../../base/store/store-error.js';
import type {
  GetOptions,
  KeyPage,
  ObjectStore,
  PutOptions,
  ReadOptions,
  Store,
  Stored,
  StoreFinding,
} from '../../base/store/store.js';
import type { Cipher } from './files/cipher.js';

/** Options of {@link encrypted}. */
export interface EncryptionOptions {
  /** The keys by their ids. Each has 32 bytes. Records that were written with any of them can be read. */
  readonly keys: Readonly<Record<string, Uint8Array>>;
  /** The id of the key that new records are encrypted with. */
  readonly current: string;
}

/** The bytes by which a record becomes longer, at most. */
const ADDED_BYTES = 97;

/**
 * Returns a store whose records are encrypted before they reach another store, with AES-256-GCM. A record that was
 * changed, or moved to another key, is rejected as `damaged`; one whose key isn't in `keys`, as `denied`. Keys, lengths
 * and times of records are not hidden, and an older state of a record that somebody puts back is not noticed.
 *
 * To change the key, add the new one to `keys` in every worker first, then make it `current`. Remove the old one when no
 * record is left of it. Use a key for at most 4 billion writes.
 * @throws TypeError if a key hasn't 32 bytes, or `current` isn't the id of one
 */
export function encrypted(store: Store, options: EncryptionOptions): Store;
export function encrypted(store: ObjectStore, options: EncryptionOptions): ObjectStore;
export function encrypted(store: ObjectStore | Store, options: EncryptionOptions): ObjectStore | Store {
  check(options);
  return 'replace' in store ? new EncryptedStore(store, options) : new EncryptedObjects(store, options);
}

function check({ keys, current }: EncryptionOptions): void {
  const fail = (what: string): never => {
    throw new TypeError(`encrypted(): ${what}`);
  };
  for (const [id, key] of Object.entries(keys)) {
    if (!/^[A-Za-z0-9._-]{1,64}$/.test(id))
      fail(`expected the id of a key to be 1 to 64 of A-Z a-z 0-9 . _ -, got ${JSON.stringify(id)}`);
    if (!(key instanceof Uint8Array) || key.byteLength !== 32)
      fail(
        `expected keys.${id} to be 32 bytes, such as Buffer.from(text, 'base64') of what \`openssl rand -base64 32\` prints, got ${lengthOf(key)}`,
      );
  }
  if (!Object.hasOwn(keys, current))
    fail(
      `expected current to be the id of one of keys (${Object.keys(keys).join(', ') || 'there is none'}), got ${JSON.stringify(current)}`,
    );
}

const lengthOf = (key: unknown): string =>
  key instanceof Uint8Array ? `${key.byteLength} bytes` : typeof key;

class EncryptedObjects<S extends ObjectStore = ObjectStore> implements ObjectStore {
  readonly name: string;
  readonly uri?: string;
  readonly maxBytes: number;
  protected readonly store: S;
  readonly #options: EncryptionOptions;
  #cipher: Promise<Cipher> | undefined;

  constructor(store: S, options: EncryptionOptions) {
    this.name = `encrypted ${store.name}`;
    if (store.uri !== undefined) this.uri = store.uri;
    this.maxBytes = store.maxBytes - ADDED_BYTES;
    this.store = store;
    // The caller may clear its copy of the keys.
    const keys = Object.entries(options.keys).map(([id, key]) => [id, new Uint8Array(key)] as const);
    this.#options = { keys: Object.fromEntries(keys), current: options.current };
  }

  async put(key: string, value: Uint8Array, options?: PutOptions): Promise<string> {
    return this.store.put(key, await this.encrypt(key, value, options), options);
  }

  async putIfAbsent(key: string, value: Uint8Array, options?: PutOptions): Promise<string | undefined> {
    return this.store.putIfAbsent(key, await this.encrypt(key, value, options), options);
  }

  async examine(options?: ReadOptions): Promise<readonly StoreFinding[]> {
    return (await this.store.examine?.(options)) ?? [];
  }

  async get(key: string, options: GetOptions = {}): Promise<Stored | undefined> {
    const { maxBytes = this.maxBytes } = options;
    const found = await this.store.get(key, { ...options, maxBytes: maxBytes + ADDED_BYTES });
    if (!found) return undefined;
    const value = (await this.#load()).decrypt(key, found.value);
    checkSize({ name: 'this read', maxBytes }, key, value);
    return { value, version: found.version };
  }

  delete(key: string, options?: ReadOptions): Promise<void> {
    return this.store.delete(key, options);
  }

  list(prefix: string, options?: ReadOptions & { readonly after?: string | undefined }): Promise<KeyPage> {
    return this.store.list(prefix, options);
  }

  protected async encrypt(key: string, value: Uint8Array, options?: PutOptions): Promise<Uint8Array> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    checkSize(this, key, value);
    // The caller may change its bytes before the module is loaded.
    const copy = new Uint8Array(value);
    return (await this.#load()).encrypt(key, copy);
  }

  #load(): Promise<Cipher> {
    this.#cipher ??= import('./files/cipher.js').then(
      ({ Cipher }) => new Cipher(this.#options.keys, this.#options.current),
    );
    return this.#cipher;
  }
}

class EncryptedStore extends EncryptedObjects<Store> implements Store {
  async replace(
    key: string,
    value: Uint8Array,
    version: string,
    options?: PutOptions,
  ): Promise<string | undefined> {
    return this.store.replace(key, await this.encrypt(key, value, options), version, options);
  }

  deleteIf(key: string, version: string, options?: ReadOptions): Promise<boolean> {
    return this.store.deleteIf(key, version, options);
  }
}
