import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { StoreError } from '../../../base/store/store-error.js';

/**
 * An encrypted record: these four bytes, of which the last is the format's version, the length of the key's id and the
 * id, then the nonce, the tag, and the encrypted value.
 */
const FORMAT = Buffer.from('SWE\u0001');
const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts and decrypts records, with AES-256-GCM. A record that was moved to another key of its store can't be read. */
export class Cipher {
  readonly #keys: ReadonlyMap<string, KeyObject>;
  readonly #current: string;

  constructor(keys: Readonly<Record<string, Uint8Array>>, current: string) {
    this.#keys = new Map(Object.entries(keys).map(([id, key]) => [id, createSecretKey(key)]));
    this.#current = current;
  }

  encrypt(key: string, value: Uint8Array): Buffer {
    const head = Buffer.concat([FORMAT, Buffer.of(this.#current.length), Buffer.from(this.#current)]);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#keyOf(this.#current, key), nonce);
    cipher.setAAD(bound(head, key));
    const encrypted = [cipher.update(value), cipher.final()];
    return Buffer.concat([head, nonce, cipher.getAuthTag(), ...encrypted]);
  }

  /** @throws StoreError of kind `denied` if its key isn't known, `damaged` if it was changed */
  decrypt(key: string, record: Uint8Array): Buffer {
    const bytes = Buffer.from(record.buffer, record.byteOffset, record.byteLength);
    const headEnd = headEndOf(key, bytes);
    const start = headEnd + NONCE_BYTES + TAG_BYTES;
    const id = bytes.toString('latin1', FORMAT.length + 1, headEnd);
    if (!/^[\w.-]+$/.test(id)) throw damaged(key, "the id of its key isn't one");
    const nonce = bytes.subarray(headEnd, headEnd + NONCE_BYTES);
    const decipher = createDecipheriv(ALGORITHM, this.#keyOf(id, key), nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(bound(bytes.subarray(0, headEnd), key));
    decipher.setAuthTag(bytes.subarray(headEnd + NONCE_BYTES, start));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(start)), decipher.final()]);
    } catch (error) {
      throw damaged(key, `it was changed, or encrypted with another key of the id ${id}`, error);
    }
  }

  #keyOf(id: string, key: string): KeyObject {
    const found = this.#keys.get(id);
    if (found) return found;
    const known = [...this.#keys.keys()].join(', ');
    throw new StoreError(
      'denied',
      `the record ${key} is encrypted with the key ${id}, and the keys here are ${known}: add ${id} to keys`,
    );
  }
}

/** The data that a record is bound to: the head, and the key of the store that it lies at. */
const bound = (head: Buffer, key: string): Buffer => Buffer.concat([head, Buffer.from(key)]);

const damaged = (key: string, why: string, cause?: unknown): StoreError =>
  new StoreError('damaged', `the record ${key} can't be decrypted: ${why}`, { cause });

/** Returns the end of a record's head. */
function headEndOf(key: string, bytes: Buffer): number {
  const [version = 0, length = 0] = bytes.subarray(FORMAT.length - 1);
  if (!bytes.subarray(0, 3).equals(FORMAT.subarray(0, 3)))
    throw damaged(key, 'it is not an encrypted record');
  if (version > 1)
    throw new StoreError(
      'denied',
      `the record ${key} has version ${version} of the format: update this worker`,
    );
  const end = FORMAT.length + 1 + length;
  if (bytes.length < end + NONCE_BYTES + TAG_BYTES) throw damaged(key, 'bytes of it are missing');
  return end;
}
