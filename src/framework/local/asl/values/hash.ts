import { createHash } from 'node:crypto';

/** Node's names of the hash algorithms, by their names in the states language. */
const ALGORITHMS = new Map([
  ['MD5', 'md5'],
  ['SHA-1', 'sha1'],
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
]);

export const HASH_NAMES = [...ALGORITHMS.keys()].join(', ');

/** Returns the digest of a text in hexadecimal; undefined where the states language has no such algorithm. */
export function hashText(text: string, algorithm: string): string | undefined {
  const known = ALGORITHMS.get(algorithm);
  return known === undefined ? undefined : createHash(known).update(text).digest('hex');
}
