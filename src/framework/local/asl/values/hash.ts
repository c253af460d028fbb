import { createHash } from 'node:crypto';

/** The hashes of the states language, and what Node calls them. */
const ALGORITHMS = new Map([
  ['MD5', 'md5'],
  ['SHA-1', 'sha1'],
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
]);

export const HASH_NAMES = [...ALGORITHMS.keys()].join(', ');

/** The digest in hexadecimal, or undefined where there is no such algorithm. */
export function hashText(text: string, algorithm: string): string | undefined {
  const known = ALGORITHMS.get(algorithm);
  return known === undefined ? undefined : createHash(known).update(text).digest('hex');
}
