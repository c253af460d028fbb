import { createHash } from 'node:crypto';

/** The hash algorithms: the key is the name in the Amazon States Language, the value is Node's name. */
const ALGORITHMS = new Map([
  ['MD5', 'md5'],
  ['SHA-1', 'sha1'],
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
]);

export const HASH_NAMES = [...ALGORITHMS.keys()].join(', ');

/** Returns the digest of a text in hexadecimal; undefined if the Amazon States Language doesn't have the algorithm. */
export function hashText(text: string, algorithm: string): string | undefined {
  const known = ALGORITHMS.get(algorithm);
  return known === undefined ? undefined : createHash(known).update(text).digest('hex');
}
