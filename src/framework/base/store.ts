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
  /** The milliseconds after which a written record is no longer returned. @default it has no end */
  readonly ttlMs?: number | undefined;
  /**
   * The most bytes of a record that `get` returns. For a larger one it rejects with a `StoreError` of kind `too-large`,
   * if possible before the bytes are read. @default the store's own `maxBytes`
   */
  readonly maxBytes?: number | undefined;
  /** The key after which `list` begins. @default it begins with the first key */
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
   * has another version or is gone. Of several that replace the same version, one succeeds. Undefined may also be the
   * answer to a change that was made: a store that repeats a request whose response was lost finds its own new version.
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

/**
 * The reason why a store didn't do what it was asked.
 * - `unavailable`: it didn't answer, or answered that it can't now. Another attempt may succeed.
 * - `full`: there is no room. Another attempt may succeed later.
 * - `denied`: it isn't there, or access to it isn't allowed. Somebody has to change that.
 * - `too-large`: the record has more bytes than `maxBytes`.
 * - `damaged`: something is there that isn't a record. It is left alone.
 * - `bad-key`: the key isn't one that `checkKey` accepts.
 */
export type StoreErrorKind = 'unavailable' | 'full' | 'denied' | 'too-large' | 'damaged' | 'bad-key';

/** Thrown by the methods of a store. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly kind: StoreErrorKind;

  constructor(kind: StoreErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** The longest key, in characters. A file's name has at most 255. */
export const MOST_KEY_CHARACTERS = 200;
const KEY = /^[a-z0-9_-][a-z0-9._-]*(\/[a-z0-9_-][a-z0-9._-]*)+$/;

/**
 * Checks a key: two parts or more, with `/` between them, of the characters `a-z 0-9 . _ -`. A part doesn't begin with
 * a dot. There are no capitals, because some file systems ignore the case of names.
 * @throws StoreError of kind `bad-key`
 */
export function checkKey(key: string): void {
  if (isKey(key)) return;
  const shown = JSON.stringify(key.length > 100 ? `${key.slice(0, 100)}…` : key);
  throw new StoreError(
    'bad-key',
    `${shown} is no key of a store: expected at most ${MOST_KEY_CHARACTERS} characters, in two parts or more of a-z 0-9 . _ - with / between them`,
  );
}

/** Returns true if {@link checkKey} accepts the key. */
export const isKey = (key: string): boolean => key.length <= MOST_KEY_CHARACTERS && KEY.test(key);

/** Checks the size of a record. @throws StoreError of kind `too-large` */
export function checkSize(limit: Pick<Store, 'name' | 'maxBytes'>, key: string, bytes: number): void {
  if (bytes <= limit.maxBytes) return;
  const text = `${key} has ${bytes} bytes, and ${limit.name} takes at most ${limit.maxBytes} a record`;
  throw new StoreError('too-large', text);
}

/** The kinds of calls that a store may answer while it fails others. */
export type StoreCall = 'read' | 'write' | 'delete';

/** The uses that a worker makes of stores. */
export const STORE_USES = ['payloads', 'outbox', 'checkpoint', 'idempotent', 'deferred'] as const;
export type StoreUse = (typeof STORE_USES)[number];

/** The events of a worker's stores and their payloads. */
export interface StoreEvents {
  /** Calls to a store have begun to fail. Emitted once, until they have not failed for 30 s. */
  'store:failed': { readonly use: StoreUse; readonly call: StoreCall; readonly error: Error };
  'store:recovered': { readonly use: StoreUse; readonly call: StoreCall; readonly afterMs: number };
}

/** An event of a store. */
export type StoreEvent = {
  [E in keyof StoreEvents]: { readonly event: E } & StoreEvents[E];
}[keyof StoreEvents];

/**
 * Receives the events of all stores of a worker, whatever they are used for. Stores are opened before there is a worker,
 * which replaces the listener later.
 */
export class StoreMonitor {
  /** The listener, which may be replaced. */
  tell: (event: StoreEvent) => void;

  constructor(tell: (event: StoreEvent) => void) {
    this.tell = tell;
  }
}
