/** A record as a store returns it. */
export interface Stored {
  readonly value: Uint8Array;
  /** Names this state of the record: each write of the record gives it another version. */
  readonly version: string;
}

/** Options of a call. */
export interface StoreOptions {
  /** Ends the wait for the store. Whether a change was made is then not known. */
  readonly signal?: AbortSignal | undefined;
  /** Of a write: the record is no longer returned after this many milliseconds. @default it has no end */
  readonly ttlMs?: number | undefined;
  /**
   * Of `get`: a record of more bytes than this rejects with a `StoreError` of kind `too-large`, if possible before they
   * are read. @default the store's own `maxBytes`
   */
  readonly maxBytes?: number | undefined;
  /** Of `list`: lists only keys after this one. @default from the first key on */
  readonly after?: string | undefined;
}

/** A part of the keys of a store. */
export interface KeyPage {
  /** The keys, sorted by their bytes. */
  readonly keys: readonly string[];
  /** Pass it as `after` to get the keys that follow; undefined if there are none. */
  readonly next?: string | undefined;
}

/**
 * Keeps records. Several processes may use it at once.
 *
 * A change that has resolved is durable: every later read by any process shows it, whatever ends meanwhile. A read
 * returns a whole record or none. A record whose time to live is over is not returned, and counts as absent; it may be
 * listed until the store removes it, at any time after that. Times are the dates of the machines that use the store.
 *
 * Every method rejects with a `StoreError` if the store can't do what was asked, and with the signal's reason if
 * that aborted first. A change that has rejected may have been made nevertheless, unless the error's kind is `full`,
 * `too-large`, `bad-key` or `damaged`.
 */
export interface Store {
  /** Names the store and its place in messages, such as `directory /var/lib/stepwright`. Contains no secret. */
  readonly name: string;
  /**
   * The address of the store, such as `s3://bucket/prefix`. With `/` and a key behind it, it is the address of that
   * record, which means the same to every process that uses the store. A store without it can't hold payloads.
   */
  readonly uri?: string;
  /** The most bytes of one record. */
  readonly maxBytes: number;
  /** Writes a record, and replaces the one that has this key. Returns the new version. */
  put(key: string, value: Uint8Array, options?: StoreOptions): Promise<string>;
  /**
   * Writes a record if there is none with this key. Returns its version; undefined if there is one. Of several that do
   * so at once, one succeeds.
   */
  putIfAbsent(key: string, value: Uint8Array, options?: StoreOptions): Promise<string | undefined>;
  /**
   * Writes a record if the one with this key still has this version. Returns the new version; undefined if the record
   * has another version or is gone. Of several that replace the same version, one succeeds.
   */
  replace(
    key: string,
    value: Uint8Array,
    version: string,
    options?: StoreOptions,
  ): Promise<string | undefined>;
  /** Returns the record with this key; undefined if there is none. */
  get(key: string, options?: StoreOptions): Promise<Stored | undefined>;
  /** Removes the record with this key. Does nothing if there is none. */
  delete(key: string, options?: StoreOptions): Promise<void>;
  /** Removes the record if it still has this version. Returns false if it has another version or is gone. */
  deleteIf(key: string, version: string, options?: StoreOptions): Promise<boolean>;
  /** Lists the keys that begin with `prefix`, some at a time. */
  list(prefix: string, options?: StoreOptions): Promise<KeyPage>;
}
