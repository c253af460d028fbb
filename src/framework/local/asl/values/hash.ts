import { createHash } from 'node:crypto';

/** Node's names of the hashes of the states language. */
const ALGORITHMS = new Map([
  ['MD5', 'md5'],
  ['SHA-1', 'sha1'],
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
]);

export const HASH_NAMES = [...ALGORITHMS.keys()].join(', ');

/** Returns the digest in hexadecimal; undefined where there is no such algorithm. */
export function hashText(text: string, algorithm: string): string | undefined {
  const known = ALGORITHMS.get(algorithm);
  return known === undefined ? undefined : createHash(known).update(text).digest('hex');
}
