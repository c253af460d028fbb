/** A record as a store returns it. */
export interface Stored {
  readonly value: Uint8Array;
  /** Names this state of the record: each write of the record gives it another version. */
  readonly version: string;
}

/** Options of a write. */
export interface PutOptions {
  /** The record is no longer returned after this many milliseconds. @default it has no end */
  readonly ttlMs?: number | undefined;
  /** Ends the wait for the store. Whether the record was written is then not known. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of a call that writes nothing. */
export interface ReadOptions {
  /** Ends the wait for the store. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `get`. */
export interface GetOptions extends ReadOptions {
  /**
   * Rejects with a `StoreError` of kind `too-large` if the record has more bytes than this, if possible before they are
   * read. @default the store's own `maxBytes`
   */
  readonly maxBytes?: number | undefined;
}

/** A part of the keys of a store. */
export interface KeyPage {
  /** The keys, sorted by their bytes. */
  readonly keys: readonly string[];
  /** Pass it as `after` to get the keys that follow; undefined if there are none. */
  readonly next?: string | undefined;
}

/** Something that was found at the service behind a store. */
export interface StoreFinding {
  /**
   * `ok`: as expected. `fault`: records can't be kept. `warning`: it works, but somebody should know. `unknown`: it could
   * not be checked, and `got` says why.
   */
  readonly verdict: 'ok' | 'fault' | 'warning' | 'unknown';
  readonly expected: string;
  readonly got: string;
  /** The advice; absent if the verdict is `ok`. */
  readonly fix?: string;
}

/**
 * Keeps records that are written once, such as large payloads. Several processes may use it at once.
 *
 * A write that has resolved is durable: every later read by any process returns it, whatever ends meanwhile. A read
 * returns a whole record or none. A record whose time to live is over is neither returned nor listed; the store may
 * remove it at any time after that.
 *
 * Every method rejects with a `StoreError` if the store can't do what was asked, and with the signal's reason if
 * that aborted first.
 */
export interface ObjectStore {
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
  put(key: string, value: Uint8Array, options?: PutOptions): Promise<string>;
  /** Writes a record if there is none with this key. Returns its version; undefined if there is one. */
  putIfAbsent(key: string, value: Uint8Array, options?: PutOptions): Promise<string | undefined>;
  /** Returns the record with this key; undefined if there is none. */
  get(key: string, options?: GetOptions): Promise<Stored | undefined>;
  /** Removes the record with this key. Does nothing if there is none. */
  delete(key: string, options?: ReadOptions): Promise<void>;
  /**
   * Lists the keys that begin with `prefix`, some at a time.
   * @param options `after`: lists only keys after this one
   */
  list(prefix: string, options?: ReadOptions & { readonly after?: string | undefined }): Promise<KeyPage>;
  /**
   * Looks at the settings of the service behind the store, for the command `doctor`, and changes nothing. The doctor
   * itself tries to write, read and remove a record.
   */
  examine?(options?: ReadOptions): Promise<readonly StoreFinding[]>;
}

/** An {@link ObjectStore} whose records may also be replaced by several processes at once, and none loses a write. */
export interface Store extends ObjectStore {
  /**
   * Writes a record if the one with this key still has this version. Returns the new version; undefined if the record
   * has another version or is gone. Of several that replace the same version, one succeeds.
   */
  replace(key: string, value: Uint8Array, version: string, options?: PutOptions): Promise<string | undefined>;
  /** Removes the record if it still has this version. Returns false if it has another version or is gone. */
  deleteIf(key: string, version: string, options?: ReadOptions): Promise<boolean>;
}
