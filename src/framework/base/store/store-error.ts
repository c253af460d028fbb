import type { Store } from './store.js';

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
