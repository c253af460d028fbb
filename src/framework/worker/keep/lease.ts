import type { Store } from '../../base/store/store.js';
import type { Clock } from '../../base/time/clock.js';
import { decodeRecord, encodeRecord, type RecordFields } from './record.js';

/** A lease is renewed at this interval. */
export const RENEW_MS = 10_000;
/** A lease whose record hasn't changed for this long, by the clock of whoever looks at it, has lapsed. */
export const LAPSE_MS = 30_000;

/** The parts of a worker that its leases use. */
export interface LeaseWorld {
  readonly store: Store;
  readonly clock: Clock;
  /** Names this worker among all that share the store. It shows that a lease is held by this worker. */
  readonly holder: string;
}

/**
 * A lease that this worker holds: a record whose version it changes every 10 s. Nobody compares the clocks of two
 * machines: another worker takes over what belongs to the lease after it has seen the same version for 30 s.
 */
export class Lease {
  readonly key: string;
  readonly #world: LeaseWorld;
  readonly #fields: RecordFields;
  #version: string;
  #isLost = false;
  /** Resolves when the last call to the store has ended: each call needs the version that the one before has made. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(world: LeaseWorld, key: string, fields: RecordFields, version: string) {
    this.key = key;
    this.#world = world;
    this.#fields = fields;
    this.#version = version;
  }

  /** Begins a lease. Resolves to undefined if there is one with this key. @throws StoreError */
  static async begin(world: LeaseWorld, key: string, fields: RecordFields): Promise<Lease | undefined> {
    const version = await world.store.putIfAbsent(key, recordOf(world, fields));
    return version === undefined ? undefined : new Lease(world, key, fields, version);
  }

  /**
   * Takes over a lease that has lapsed. Of several workers that try it, one succeeds; for the others it resolves to
   * undefined.
   * @param version the version that hasn't changed
   * @throws StoreError
   */
  static async take(
    world: LeaseWorld,
    key: string,
    fields: RecordFields,
    version: string,
  ): Promise<Lease | undefined> {
    const taken = await world.store.replace(key, recordOf(world, fields), version);
    return taken === undefined ? undefined : new Lease(world, key, fields, taken);
  }

  /** True once another worker holds the lease, or its record is gone. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Changes the version. If that shows that another holds the lease now, `isLost` is true then. @throws StoreError */
  renew(): Promise<void> {
    return this.#replace(recordOf(this.#world, this.#fields));
  }

  /** Lets others take over at once what belongs to the lease. @throws StoreError */
  release(): Promise<void> {
    return this.#replace(recordOf(this.#world, this.#fields, { released: true }));
  }

  /** Removes the lease, because nothing belongs to it. @throws StoreError */
  remove(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#world.store.deleteIf(this.key, this.#version);
    });
  }

  #replace(value: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      const { store } = this.#world;
      let version = await store.replace(this.key, value, this.#version);
      if (version === undefined && (await this.#isStillHeld()))
        version = await store.replace(this.key, value, this.#version);
      if (version === undefined) this.#isLost = true;
      else this.#version = version;
    });
  }

  /** Looks for a renewal of this worker's whose answer it has not got, and takes that one's version. */
  async #isStillHeld(): Promise<boolean> {
    const found = await this.#world.store.get(this.key);
    if (!found || heldBy(found.value) !== this.#world.holder) return false;
    this.#version = found.version;
    return true;
  }

  #inTurn(call: () => Promise<void>): Promise<void> {
    const result = this.#turn.then(async () => {
      if (!this.#isLost) await call();
    });
    this.#turn = result.catch(() => {});
    return result;
  }
}

/** Writes the record of a lease. `until` is for people: nobody goes by it. */
function recordOf({ clock, holder }: LeaseWorld, fields: RecordFields, more: RecordFields = {}): Uint8Array {
  const until = new Date(clock.now() + LAPSE_MS).toISOString();
  return encodeRecord('worker', { ...fields, ...more, holder, until });
}

function heldBy(value: Uint8Array): unknown {
  const record = decodeRecord('worker', value);
  return record.is === 'read' ? record.fields['holder'] : undefined;
}
