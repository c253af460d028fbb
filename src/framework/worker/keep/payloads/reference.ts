import { isPlainObject } from '../../../base/plain-object.js';

/** The key that makes an object stand for a payload. */
export const REFERENCE_KEY = '$stepwright';

/**
 * A payload by its address, its SHA-256 and its length. Its form is fixed, since other languages read and write it, and
 * lies in executions that may be a year old: docs/payloads.md.
 */
export interface Reference {
  /** The address of the store, then `/payloads/`, then the hash. */
  readonly uri: string;
  /** The SHA-256 of the payload's bytes, in 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** The number of the payload's bytes, which are JSON in UTF-8. */
  readonly bytes: number;
}

/** Returns the key of a payload in its store. The same payload has the same key, so that a retry writes no second one. */
export const payloadKey = (sha256: string): string => `payloads/${sha256}`;

/** Returns the reference's object as it is sent: the fields beside it first, for people to read. */
export const referenceObject = (beside: object, { uri, sha256, bytes }: Reference): object => ({
  ...beside,
  [REFERENCE_KEY]: { uri, sha256, bytes },
});

const SHA256 = /^[0-9a-f]{64}$/;

/** Reads the value of a key {@link REFERENCE_KEY}. Fields that it doesn't know are ignored. */
export function readReference(value: unknown): Reference | undefined {
  if (!isPlainObject(value)) return undefined;
  const { uri, sha256, bytes } = value;
  if (typeof uri !== 'string' || typeof sha256 !== 'string' || !SHA256.test(sha256)) return undefined;
  return typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes >= 0
    ? { uri, sha256, bytes }
    : undefined;
}

/** True if a JSON text may have a reference in it. JSON can write each character of a key with an escape. */
export const mayHoldReference = (text: string): boolean =>
  text.includes(REFERENCE_KEY) || text.includes('\\u');

/** True if JSON text that `JSON.stringify` has written has a key {@link REFERENCE_KEY}, at any depth. */
export const hasReferenceKey = (text: string): boolean => text.includes(`"${REFERENCE_KEY}":`);
