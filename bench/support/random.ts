/** A number from 0 to below 1 that depends on nothing but these: the same in every run and on every machine. */
export function roll(seed: number, ...what: readonly (string | number)[]): number {
  let hash = 0x811c9dc5 ^ seed;
  for (const char of what.join('|')) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** A stream of such numbers, for whatever takes a `random`. */
export function randomOf(seed: number): () => number {
  let index = 0;
  return () => roll(seed, index++);
}
