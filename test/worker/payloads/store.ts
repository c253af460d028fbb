import { createHash } from 'node:crypto';
import type { Store } from 'stepwright';
import { memoryStore } from 'stepwright/testing';

/** A store in memory that counts its reads and writes, and whose methods can be replaced. */
export interface CountedStore extends Store {
  readonly reads: string[];
  readonly writes: string[];
}

export function countedStore(replaced: Partial<Store> = {}, now?: () => number): CountedStore {
  const store = memoryStore(now && { now });
  const reads: string[] = [];
  const writes: string[] = [];
  return Object.assign(store, replaced, {
    reads,
    writes,
    get: counted(reads, replaced.get ?? store.get.bind(store)),
    put: counted(writes, replaced.put ?? store.put.bind(store)),
  });
}

const counted =
  <Rest extends readonly unknown[], T>(keys: string[], call: (key: string, ...rest: Rest) => T) =>
  (key: string, ...rest: Rest): T => {
    keys.push(key);
    return call(key, ...rest);
  };

export const sha256 = (bytes: string | Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

/** The reference to a payload, as a program in another language writes it. */
export const referenceTo = (json: string, base = 'memory:'): { $stepwright: object } => ({
  $stepwright: {
    uri: `${base}/payloads/${sha256(json)}`,
    sha256: sha256(json),
    bytes: Buffer.byteLength(json),
  },
});

/** Puts a payload, as a program in another language does. */
export async function kept(store: Store, value: unknown, base?: string): Promise<{ $stepwright: object }> {
  const json = JSON.stringify(value);
  await store.put(`payloads/${sha256(json)}`, Buffer.from(json));
  return referenceTo(json, base);
}
