import { createHash } from 'node:crypto';
import { StoreError, type Store, type StoreMonitor } from '../../base/store.js';
import { fullJitter } from '../../base/time/wait.js';
import type { Clock } from '../../base/time/clock.js';
import { LimitedStore, mayPass } from './limited-store.js';
import { isPlainObject } from '../../base/json.js';

/** Thrown if a payload can't be read or written. */
export class PayloadUnavailable extends Error {
  override readonly name = 'PayloadUnavailable';
}

/** The longest time for one call of the store: 64 MB at 10 Mbit/s take 54 s. */
const CALL_LIMIT_MS = 60_000;
const ATTEMPTS = 4;
const FIRST_WAIT_MS = 500;
const MOST_WAIT_MS = 8_000;

/** The payloads in a store: written under their hash, and checked by it when they are read. */
export class PayloadStore {
  readonly name: string;
  /** The most bytes of one payload that the store takes. */
  readonly maxBytes: number;
  readonly #base: string;
  readonly #store: LimitedStore;
  readonly #random: () => number;

  /** @param keepMs the time for which a payload is kept after it was last written, in milliseconds */
  constructor(
    store: Store,
    private readonly keepMs: number,
    world: { readonly clock: Clock; readonly random: () => number; readonly stores: StoreMonitor },
  ) {
    this.name = store.name;
    this.maxBytes = store.maxBytes;
    this.#base = store.uri ?? '';
    this.#random = world.random;
    this.#store = new LimitedStore(store, 'payloads', world, CALL_LIMIT_MS);
  }

  /** True if this store itself would give a payload this reference. No other reference is followed. */
  isOwn({ uri, sha256 }: Reference): boolean {
    return uri === this.#uriOf(sha256);
  }

  /** The beginning of the addresses of this store's payloads. */
  get prefix(): string {
    return this.#uriOf('');
  }

  /**
   * Writes a payload. It is durable when this resolves. A payload that is there already is written again, so that its
   * age, by which old ones are deleted, starts again.
   * @throws PayloadUnavailable if the store can't take it; the signal's reason if that aborts first
   */
  async write(payload: Uint8Array, signal: AbortSignal): Promise<Reference> {
    const sha256 = hashOf(payload);
    await this.#attempt(`the output can't be put into ${this.name}`, signal, () =>
      this.#store.put(payloadKey(sha256), payload, { signal, ttlMs: this.keepMs }),
    );
    return { uri: this.#uriOf(sha256), sha256, bytes: payload.byteLength };
  }

  /**
   * Reads a payload, and checks its length and its hash.
   * @throws PayloadUnavailable if it isn't there, isn't the one that was meant, or can't be read; the signal's reason
   * if that aborts first
   */
  async read(reference: Reference, signal: AbortSignal): Promise<Uint8Array> {
    const { uri, sha256, bytes } = reference;
    const found = await this.#attempt(`the payload ${uri} can't be read`, signal, () =>
      this.#store.get(payloadKey(sha256), { signal, maxBytes: bytes }),
    );
    if (!found)
      throw new PayloadUnavailable(
        `the payload ${uri} isn't there: it was deleted, its time is over (\`payloads.keep\`), or it was never written`,
      );
    const { value } = found;
    if (value.byteLength !== bytes)
      throw new PayloadUnavailable(
        `the payload ${uri} has ${value.byteLength} bytes, and its reference says ${bytes}`,
      );
    if (hashOf(value) !== sha256)
      throw new PayloadUnavailable(`the payload ${uri} was changed: its SHA-256 is another`);
    return value;
  }

  /** Leaves no timer. */
  close(): void {
    this.#store.close();
  }

  #uriOf(sha256: string): string {
    return `${this.#base}/${payloadKey(sha256)}`;
  }

  async #attempt<T>(what: string, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await call();
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (!(error instanceof StoreError)) throw error;
        if (attempt === ATTEMPTS || !mayPass(error)) throw unavailable(what, error, attempt);
      }
      await this.#store.wait(fullJitter(attempt, FIRST_WAIT_MS, MOST_WAIT_MS, this.#random), signal);
      signal.throwIfAborted();
    }
  }
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function unavailable(what: string, error: StoreError, attempts: number): PayloadUnavailable {
  const tried = attempts === 1 ? '' : ` (${attempts} attempts)`;
  return new PayloadUnavailable(`${what}${tried}: ${error.message}`, { cause: error });
}

/** The key that makes an object stand for a payload. */
export const REFERENCE_KEY = '$stepwright';

/**
 * A payload by its address, its SHA-256 and its length. Its form is fixed, since other languages read and write it, and
 * lies in executions that may be a year old: docs/payloads.md.
 */
export interface Reference {
  /** The address of the store, then `/payloads/`, then the hash. */
  readonly uri: string;
  /** The SHA-256 of the payload's bytes, in 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** The number of the payload's bytes, which are JSON in UTF-8. */
  readonly bytes: number;
}

/**
 * Returns the key of a payload in its store. The same payload has the same key, so that a retry writes no second one.
 */
export const payloadKey = (sha256: string): string => `payloads/${sha256}`;

/** Returns the reference's object as it is sent: the fields beside it first, for people to read. */
export const referenceObject = (beside: object, { uri, sha256, bytes }: Reference): object => ({
  ...beside,
  [REFERENCE_KEY]: { uri, sha256, bytes },
});

const SHA256 = /^[0-9a-f]{64}$/;

/** Reads the value of a key {@link REFERENCE_KEY}. Fields that it doesn't know are ignored. */
export function readReference(value: unknown): Reference | undefined {
  if (!isPlainObject(value)) return undefined;
  const { uri, sha256, bytes } = value;
  if (typeof uri !== 'string' || typeof sha256 !== 'string' || !SHA256.test(sha256)) return undefined;
  return typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes >= 0
    ? { uri, sha256, bytes }
    : undefined;
}

/** True if a JSON text may have a reference in it. JSON can write each character of a key with an escape. */
export const mayHoldReference = (text: string): boolean =>
  text.includes(REFERENCE_KEY) || text.includes('\\u');

/** True if JSON text that `JSON.stringify` has written has a key {@link REFERENCE_KEY}, at any depth. */
export const hasReferenceKey = (text: string): boolean => text.includes(`"${REFERENCE_KEY}":`);
