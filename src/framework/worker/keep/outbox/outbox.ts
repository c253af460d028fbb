import type { Abortable } from '../../../base/abort.js';
import { StoreError } from '../../../base/store/store-error.js';
import { within } from '../../../base/time/wait.js';
import type { OutboxStatus } from '../../../base/worker-status.js';
import { type LeasesWorld, type Left, WorkerLeases } from '../leases.js';
import { LimitedStore } from '../limited-store.js';
import type { StoreTrouble } from '../../../base/store/store-events.js';
import { KEY_PREFIX, tokenKey } from '../record.js';
import { RecordReader } from '../record-reader.js';
import { Deletions } from './deletions.js';
import { encodeOutcome, type KeptOutcome } from './kept-outcome.js';
import { LeftOutcomes } from './left-outcomes.js';

/** The end of the report of a kept outcome. */
export type OutboxEnd =
  /** The service accepted it, or no longer wants the task. The record is deleted. */
  | 'over'
  /** It was given up. The record stays for a day, and isn't offered again by itself. */
  | 'given-up'
  /** The worker stops. Another worker offers it. */
  | 'left';

/** The end of the report of an outcome that another worker had left behind. */
export type OfferEnd =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'lost'; readonly error: Error };

/** Is told of what happens to the outcomes in an outbox. No method may throw. */
export interface OutboxListener extends StoreTrouble {
  /** An outcome is in the store. `keepMs`: the time that this took. */
  readonly kept: (kept: KeptOutcome, keepMs: number) => void;
  /** The report of an outcome is sent although the outcome isn't in the store, or isn't yet. */
  readonly unkept: (kept: KeptOutcome, error: Error) => void;
  /** This worker has taken over what another one had left. */
  readonly taken: (left: Left, outcomes: number) => void;
  /** The report of an outcome that another worker had left has ended. */
  readonly offered: (kept: KeptOutcome, end: OfferEnd) => void;
}

/** The parts of a worker that its outbox uses. */
export interface OutboxWorld extends LeasesWorld {
  readonly listener: OutboxListener;
  /**
   * Reports an outcome that another worker had left, until the service accepts it, no longer wants the task, or the
   * report is given up. Returns undefined if this worker has no connection for its activity.
   * @param signal aborts if the worker stops
   */
  readonly offer: (kept: KeptOutcome, signal: Abortable) => Promise<OfferEnd> | undefined;
}

/** The longest time for which a report waits for its outcome to be in the store. */
const KEEP_LIMIT_MS = 1_000;
/** The longest time for which a worker that stops waits for its outbox. */
const STOP_LIMIT_MS = 3_000;
/** An outcome whose report was given up stays in the store for this long. */
const GIVEN_UP_TTL_MS = 24 * 3_600_000;
/** The part of the key of an outcome whose report was given up, in place of the id of a lease. */
export const GIVEN_UP = 'given-up';
/** The most outcomes that are on their way to the store at once. */
const MOST_PUTS = 1_000;

/** Says that an outcome is in the store, that it certainly isn't, or that this isn't known. */
type PutEnd = { readonly is: 'kept' } | { readonly is: 'absent' | 'unknown'; readonly error: StoreError };

interface Entry {
  readonly key: string;
  readonly kept: KeptOutcome;
  readonly put: Promise<PutEnd>;
  /** Undefined until `put` has resolved. */
  end: PutEnd | undefined;
}

/**
 * Keeps the outcomes of tasks in a store from the moment they are decided until the service has accepted them, so that
 * a worker's death loses none. Takes over and reports what dead workers have left there.
 */
export class Outbox {
  readonly #world: OutboxWorld;
  readonly #store: LimitedStore;
  readonly #leases: WorkerLeases;
  readonly #reader: RecordReader;
  readonly #deletions: Deletions;
  readonly #entries = new Map<string, Entry>();
  /** True if records of this worker's are left in the store that it has no entries for. */
  #hasLeft = false;
  #puts = 0;
  /** True after a call has failed to keep an outcome, until another has succeeded. */
  #fails = false;

  constructor(world: OutboxWorld) {
    this.#world = world;
    const { clock, log, listener } = world;
    this.#store = new LimitedStore(world.store, { clock, trouble: listener });
    this.#reader = new RecordReader(log);
    this.#deletions = new Deletions(this.#store, clock);
    this.#leases = new WorkerLeases({
      ...world,
      store: this.#store,
      use: 'outbox',
      records: KEY_PREFIX.outcome,
      reserved: [GIVEN_UP],
      onTaken: (left) => this.#offerLeft(left),
    });
  }

  get state(): OutboxStatus {
    let waiting = 0;
    for (const { end } of this.#entries.values()) if (end?.is === 'kept') waiting++;
    return { keeps: !this.#fails && this.#leases.own !== undefined, waiting };
  }

  start(): void {
    this.#leases.start();
  }

  /** Stops after the last report. Takes at most 3 s, and never rejects. */
  async stop(): Promise<void> {
    const end = async (): Promise<void> => {
      await this.#leases.halt();
      await this.#deletions.done();
      const isEmpty = this.#entries.size === 0 && this.#deletions.size === 0 && !this.#hasLeft;
      await this.#leases.stop({ isEmpty });
    };
    await within(this.#world.clock, STOP_LIMIT_MS, end());
    this.#deletions.close();
    this.#store.close();
  }

  /**
   * Keeps an outcome. Resolves when it is in the store and its report may be sent. If it can't be kept, or not within a
   * second, it resolves nevertheless, and that is told. Never rejects.
   */
  async keep(kept: KeptOutcome): Promise<void> {
    const error = await this.#keep(kept);
    if (error) this.#world.listener.unkept(kept, error);
  }

  /** Ends what `keep` has begun, because the report has ended. Returns true if the outcome is in the store. */
  ended(token: string, end: OutboxEnd): boolean {
    const entry = this.#entries.get(token);
    if (entry && end !== 'left') void this.#end(token, entry, end);
    return entry?.end?.is === 'kept';
  }

  async #keep(kept: KeptOutcome): Promise<Error | undefined> {
    const { clock } = this.#world;
    const until = clock.now() + KEEP_LIMIT_MS;
    // The first tasks may end before the store holds the worker's lease.
    if (this.#leases.own === undefined) await within(clock, KEEP_LIMIT_MS, this.#leases.tried);
    const { own } = this.#leases;
    const { name } = this.#store;
    if (own === undefined)
      return new StoreError('unavailable', `${name} holds no lease of this worker, so it keeps nothing`);
    if (this.#puts >= (this.#fails ? 1 : MOST_PUTS))
      return new StoreError('unavailable', `${name} takes no outcomes: ${this.#puts} wait for it`);
    const entry = this.#begin(`${KEY_PREFIX.outcome}${own}/${tokenKey(kept.token)}`, kept);
    // While the store fails, one outcome after another tries it, and no report waits for it.
    if (!this.#fails) await within(clock, until - clock.now(), entry.put);
    if (!entry.end) return new StoreError('unavailable', `${name} has not taken the outcome yet`);
    return entry.end.is === 'kept' ? undefined : entry.end.error;
  }

  #begin(key: string, kept: KeptOutcome): Entry {
    const entry: Entry = {
      ...{ key, kept, end: undefined },
      put: this.#put(key, kept).then((end) => (entry.end = end)),
    };
    this.#entries.set(kept.token, entry);
    return entry;
  }

  async #put(key: string, kept: KeptOutcome): Promise<PutEnd> {
    const { clock, listener } = this.#world;
    const begunAt = clock.now();
    this.#puts++;
    try {
      const version = await this.#store.putIfAbsent(key, encodeOutcome(kept));
      this.#fails = false;
      if (version === undefined) return { is: 'absent', error: isThere(key) };
      listener.kept(kept, clock.now() - begunAt);
      return { is: 'kept' };
    } catch (thrown) {
      const error = thrown as StoreError;
      if (error.kind !== 'too-large') this.#fails = true;
      return { is: error.kind === 'unavailable' ? 'unknown' : 'absent', error };
    } finally {
      this.#puts--;
    }
  }

  async #end(token: string, { key, kept, put }: Entry, end: 'over' | 'given-up'): Promise<void> {
    const { is } = await put;
    // Such a record may still be written after it was deleted.
    if (is === 'unknown') this.#hasLeft = true;
    this.#entries.delete(token);
    if (is === 'absent') return;
    try {
      if (end === 'given-up') await this.#giveUp(kept);
      this.#deletions.add(key);
    } catch {
      this.#hasLeft = true;
    }
  }

  /**
   * Writes an outcome where it stays for a day and isn't offered by itself. The record says where its task comes from,
   * so that the command `outbox` doesn't offer it to another endpoint.
   * @throws StoreError
   */
  async #giveUp(kept: KeptOutcome): Promise<void> {
    const key = `${KEY_PREFIX.outcome}${GIVEN_UP}/${tokenKey(kept.token)}`;
    const { scopes } = this.#world;
    await this.#store.putIfAbsent(key, encodeOutcome(kept, { scopes }), { ttlMs: GIVEN_UP_TTL_MS });
  }

  #offerLeft(left: Left): Promise<boolean> {
    const giveUp = (kept: KeptOutcome): Promise<void> => this.#giveUp(kept);
    const world = { ...this.#world, store: this.#store, reader: this.#reader, giveUp };
    return new LeftOutcomes(left, world).offerAll();
  }
}

const isThere = (key: string): StoreError =>
  new StoreError('unavailable', `${key} is in the store already, and is not replaced`);
