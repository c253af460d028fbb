import { createHash } from 'node:crypto';

/** Returns a number from 0 (included) to 1 (excluded). The same seed always gives the same number. */
export function seeded(seed: number): number {
  return createHash('sha256').update(String(seed)).digest().readUInt32BE(0) / 2 ** 32;
}

/** Returns a function that returns `first`, and then other numbers that follow from it, from 0 to 1 (excluded). */
export function generator(first: number): () => number {
  let next = first;
  return () => {
    const value = next;
    next = javaRandom(Math.floor(value * 2 ** 48));
    return value;
  };
}

/** Returns a version 4 UUID. */
export function uuid(random: () => number): string {
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');
  const variant = (8 + Math.floor(random() * 4)).toString(16);
  return `${hex(8)}-${hex(4)}-4${hex(3)}-${variant}${hex(3)}-${hex(12)}`;
}

const MULTIPLIER = 0x5_deec_e66dn;
const MASK = (1n << 48n) - 1n;

/**
 * Returns the first number that Java's `java.util.Random` returns from `nextDouble()` for this seed. A fractional seed
 * is rounded towards zero. Seen in responses of the live service.
 */
export function javaRandom(seed: number): number {
  let state = (BigInt(Math.trunc(seed)) ^ MULTIPLIER) & MASK;
  const next = (bits: bigint): bigint => {
    state = (state * MULTIPLIER + 0xbn) & MASK;
    return state >> (48n - bits);
  };
  return Number((next(26n) << 27n) + next(27n)) * 2 ** -53;
}
