import type { Clock } from '../../../base/time/clock.js';
import { StoreError } from '../../../base/store/store-error.js';
import type { Left } from '../leases.js';
import type { LimitedStore } from '../limited-store.js';
import { KEY_PREFIX } from '../record.js';
import type { RecordReader } from '../record-reader.js';
import { allKeys, quietly } from '../store-calls.js';
import { type KeptOutcome, readOutcome } from './kept-outcome.js';
import type { OutboxWorld } from './outbox.js';

/** If records of a dead worker can't be read, another attempt follows after this time. */
const AGAIN_MS = 10_000;
/** The most outcomes of a dead worker that are read or reported at once. */
const MOST_AT_ONCE = 64;

/** The parts of an outbox with which it offers what another worker has left. */
export interface LeftWorld extends Pick<OutboxWorld, 'listener' | 'offer'> {
  readonly store: LimitedStore;
  readonly clock: Clock;
  readonly reader: RecordReader;
  /** Writes an outcome whose report was given up where it stays for a day. @throws StoreError */
  readonly giveUp: (kept: KeptOutcome) => Promise<void>;
}

/** The outcomes that another worker has left in the store. */
export class LeftOutcomes {
  readonly #left: Left;
  readonly #world: LeftWorld;
  readonly #prefix: string;
  /** The keys of records that this worker can't read or offer. They are left as they are. */
  readonly #unfit = new Set<string>();
  /** The keys of records that the service is done with, and that aren't deleted yet. */
  readonly #over = new Set<string>();
  #isTold = false;

  constructor(left: Left, world: LeftWorld) {
    this.#left = left;
    this.#world = world;
    this.#prefix = `${KEY_PREFIX.outcome}${left.id}/`;
  }

  /**
   * Reports all of them. Resolves to true when none is left; to false if some have to be left as they are, or when
   * the worker stops. Never rejects.
   */
  async offerAll(): Promise<boolean> {
    const { signal } = this.#left;
    while (!signal.aborted) {
      const keys = await this.#list();
      const todo = keys?.filter((key) => !this.#unfit.has(key));
      if (keys && todo?.length === 0) return keys.length === 0;
      const done = todo ? await this.#offerEach(todo) : false;
      if (!done) await this.#world.clock.sleep(AGAIN_MS, signal);
    }
    return false;
  }

  async #list(): Promise<string[] | undefined> {
    const keys = await quietly(allKeys(this.#world.store, this.#prefix));
    if (!keys) return undefined;
    if (!this.#isTold) this.#world.listener.taken(this.#left, keys.length);
    this.#isTold = true;
    return keys;
  }

  /** Reports these outcomes, several at once. Resolves to false if the store has failed for one of them. */
  async #offerEach(keys: readonly string[]): Promise<boolean> {
    const waiting = [...keys];
    let done = true;
    const offerNext = async (): Promise<void> => {
      for (let key = waiting.shift(); key !== undefined; key = waiting.shift())
        if (!this.#left.signal.aborted) done = (await this.#offer(key)) && done;
    };
    await Promise.all(Array.from({ length: Math.min(MOST_AT_ONCE, keys.length) }, offerNext));
    return done;
  }

  /** Reports one outcome. Resolves to false if the store has failed. */
  async #offer(key: string): Promise<boolean> {
    const { store } = this.#world;
    try {
      if (!this.#over.has(key)) {
        const kept = await this.#read(key);
        if (!kept || !(await this.#report(key, kept))) return true;
      }
      await store.delete(key);
      return true;
    } catch (error) {
      if (!(error instanceof StoreError) || error.kind === 'damaged') this.#unfit.add(key);
      return false;
    }
  }

  async #read(key: string): Promise<KeptOutcome | undefined> {
    const { store, reader } = this.#world;
    const found = await store.get(key);
    if (!found) return undefined;
    const fields = reader.read('outcome', key, found.value);
    const kept = fields && readOutcome(fields);
    if (!kept) this.#unfit.add(key);
    return kept;
  }

  /** Reports one outcome. Resolves to true if its record is to be deleted. */
  async #report(key: string, kept: KeptOutcome): Promise<boolean> {
    const { offer, listener, giveUp } = this.#world;
    const { signal } = this.#left;
    const end = await offer(kept, signal);
    if (!end) this.#unfit.add(key);
    if (!end || (end.kind === 'lost' && signal.aborted)) return false;
    listener.offered(kept, end);
    if (end.kind === 'lost') await giveUp(kept);
    this.#over.add(key);
    return true;
  }
}
