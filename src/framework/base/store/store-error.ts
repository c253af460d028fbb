import type { ObjectStore } from './store.js';

/**
 * The reason why a store didn't do what it was asked.
 * - `unavailable`: it didn't answer, or answered that it can't now. Another attempt may succeed.
 * - `full`: there is no room. Another attempt may succeed later.
 * - `denied`: it isn't there, or access to it isn't allowed. Somebody has to change that.
 * - `too-large`: the record has more bytes than `maxBytes`.
 * - `damaged`: the record is there, but isn't one that this store wrote whole.
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

/** The longest key, in characters. */
export const MOST_KEY_CHARACTERS = 400;
const PART = /^[A-Za-z0-9_-][A-Za-z0-9._=-]*$/;

/**
 * Checks a key: parts of the characters `A-Z a-z 0-9 . _ = -` with `/` between them. A part doesn't begin with `.` or
 * `=`.
 * @throws StoreError of kind `bad-key`
 */
export function checkKey(key: string): void {
  if (isKey(key)) return;
  const shown = JSON.stringify(key.length > 100 ? `${key.slice(0, 100)}…` : key);
  throw new StoreError(
    'bad-key',
    `${shown} is no key of a store: expected at most ${MOST_KEY_CHARACTERS} characters, in parts of A-Z a-z 0-9 . _ = - with / between them`,
  );
}

/** Returns true if {@link checkKey} accepts the key. */
export const isKey = (key: string): boolean =>
  key.length <= MOST_KEY_CHARACTERS && key.split('/').every((part) => PART.test(part));

/** Checks the size of a record. @throws StoreError of kind `too-large` */
export function checkSize(
  { name, maxBytes }: Pick<ObjectStore, 'name' | 'maxBytes'>,
  key: string,
  { byteLength }: Pick<Uint8Array, 'byteLength'>,
): void {
  if (byteLength <= maxBytes) return;
  throw new StoreError(
    'too-large',
    `${key} has ${byteLength} bytes, and ${name} takes at most ${maxBytes} a record`,
  );
}
