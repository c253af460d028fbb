import { createHash } from 'node:crypto';

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

const ALGORITHMS = ['MD5', 'SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'];
export const HASH_NAMES = ALGORITHMS.join(', ');

/** Returns the digest of a text in hexadecimal; undefined if the Amazon States Language doesn't have the algorithm. */
export function hashText(text: string, algorithm: string): string | undefined {
  if (!ALGORITHMS.includes(algorithm)) return undefined;
  return createHash(algorithm.replace('-', '')).update(text).digest('hex');
}

const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * The error message for a timestamp in a definition that doesn't have the format of RFC 3339. Recorded from the live
 * service.
 */
export const NO_TIMESTAMP = 'String does not match RFC3339 timestamp';

/**
 * Parses a timestamp of the Amazon States Language. Returns epoch milliseconds. The text must have a `T`, an offset or
 * `Z`, and a date that exists; its fraction of a second may have any length. Returns undefined for any other text.
 */
export function parseTimestamp(text: string): number | undefined {
  const [, year, month, day, hour] = RFC_3339.exec(text) ?? [];
  if (year === undefined || Number(hour) > 23) return undefined;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  const ms = Date.parse(text.replace(/(\.\d{3})\d+/, '$1'));
  return Number.isNaN(ms) ? undefined : ms;
}
