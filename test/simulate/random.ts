import { mulberry32 } from '../support/random.js';

/** A stream of numbers from 0 to below 1 that a seed and a name decide: the same in every run and on every machine. */
export function stream(seed: number, name: string): () => number {
  let state = 0x811c9dc5 ^ seed;
  for (const char of name) state = Math.imul(state ^ char.charCodeAt(0), 0x01000193);
  return mulberry32(state);
}

/** Returns a source of random bytes that a seed and a name decide. */
export function byteStream(seed: number, name: string): (size: number) => Buffer {
  const next = stream(seed, name);
  return (size) => Buffer.from(Array.from({ length: size }, () => Math.floor(next() * 256)));
}

/**
 * Lets a seed decide the ids that the SDK gives to its calls, until the function that is returned is called.
 */
export function seedIds(seed: number): () => void {
  const bytes = byteStream(seed, 'ids');
  crypto.randomUUID = () => {
    const [one, two, three, four, five] = [4, 2, 2, 2, 6].map((size) => bytes(size).toString('hex'));
    return `${one}-${two}-${three}-${four}-${five}`;
  };
  // The real one is a method of the prototype.
  return () => void Reflect.deleteProperty(crypto, 'randomUUID');
}

/** Draws from one stream. */
export class Dice {
  readonly next: () => number;

  constructor(seed: number, name: string) {
    this.next = stream(seed, name);
  }

  /** Returns a whole number of this span, both ends included. */
  between(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  /** Returns true with this chance, from 0 to 1. */
  chance(share: number): boolean {
    return this.next() < share;
  }

  /** @throws RangeError for an empty list */
  pick<T>(list: readonly T[]): T {
    const picked = list[Math.floor(this.next() * list.length)];
    if (picked === undefined) throw new RangeError('there is nothing to pick from');
    return picked;
  }

  /** Picks a key with a chance in proportion to its weight. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries<number>(weights) as [K, number][];
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) if ((left -= weight) < 0) return key;
    return this.pick(entries)[0];
  }
}
