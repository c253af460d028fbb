import { Abort, type Abortable } from '../../base/abort.js';
import { checkKey } from '../../base/store/store-error.js';
import type { Stored } from '../../base/store/store.js';
import { withResolvers } from '../../base/time/wait.js';
import type { Logger } from '../../base/log/log.js';
import { LAPSE_MS, Lease, type LeaseWorld, RENEW_MS } from './lease.js';
import { KEY_PREFIX, keyPart, type RecordFields } from './record.js';
import { RecordReader } from './record-reader.js';
import type { LimitedStore } from './limited-store.js';
import { allKeys, quietly } from './store-calls.js';

/** A lease that a worker has left behind, and this one has taken over. */
export interface Left {
  /** The id of the lease: its records have keys that begin with the prefix, this id and `/`. */
  readonly id: string;
  /** The name of the worker that has left them; undefined if that isn't known. */
  readonly workerName: string | undefined;
  /** Aborts when the worker stops or when another has taken over the lease. */
  readonly signal: Abortable;
}

/** The parts of a worker that its outbox and its deferred tasks both use. */
export interface LeasesWorld extends Omit<LeaseWorld, 'holder'> {
  readonly random: () => number;
  readonly log: Logger;
  readonly workerName: string;
  /**
   * Names where tasks of this worker come from: endpoint, account and region. Only a worker that has all of another's
   * takes over what that one has left.
   */
  readonly scopes: readonly string[];
}

/** The settings of a worker's leases. */
export interface LeasesOptions extends LeasesWorld {
  readonly store: LimitedStore;
  /** The use that the leases are for, such as `outbox`: a part of their keys. */
  readonly use: string;
  /** The prefix of the records that belong to leases, with `/` at its end: the id of the lease follows it. */
  readonly records: string;
  /** Parts of `records` after the prefix that are no ids of leases. @default none */
  readonly reserved?: readonly string[];
  /**
   * Called when a lease was taken over. Resolves to true when nothing is left of what belonged to it; to false if
   * something has to be left as it is, so that this worker doesn't take over the lease again.
   */
  readonly onTaken: (left: Left) => Promise<boolean>;
}

/** If a lease can't be begun, another attempt follows after this time. */
const RETRY_MS = 2_000;
/** Records without a lease are looked for at this interval. */
const ORPHANS_MS = 300_000;
/**
 * The most leases of others that a worker watches, since each costs a read every 10 s. In a larger fleet each watches
 * those that follow its own.
 */
const MOST_WATCHED = 32;
/** A lease that hasn't changed for longer than this is watched on, whichever leases have come since. */
const SUSPECT_MS = 1.5 * RENEW_MS;

interface Seen {
  readonly version: string;
  readonly since: number;
}

/**
 * The leases of a worker in a store: its own, and those of dead workers whose records it has taken over. It renews them
 * all, and watches those of other workers for one that has lapsed.
 */
export class WorkerLeases {
  readonly #options: LeasesOptions;
  readonly #world: LeaseWorld;
  readonly #prefix: string;
  readonly #reader: RecordReader;
  readonly #stopped = new Abort();
  #own: Lease | undefined;
  readonly #taken = new Map<Lease, Abort>();
  readonly #emptying = new Set<Promise<void>>();
  readonly #seen = new Map<string, Seen>();
  /** The keys of leases whose records this worker can't deal with. */
  readonly #skipped = new Set<string>();
  #orphansAt = Number.NEGATIVE_INFINITY;
  readonly #tried = withResolvers<void>();

  constructor(options: LeasesOptions) {
    this.#options = options;
    const { store, clock, use, log, workerName, random } = options;
    this.#world = { store, clock, holder: `${keyPart(workerName)}-${randomPart(random)}` };
    this.#prefix = `${KEY_PREFIX.worker}${use}/`;
    this.#reader = new RecordReader(log);
  }

  /** The id under which records may be written now; undefined while the store holds no lease of this worker. */
  get own(): string | undefined {
    return this.#own && this.#idOf(this.#own.key);
  }

  /** Resolves when the worker's own lease has begun, or the first attempt to begin it has failed. */
  get tried(): Promise<void> {
    return this.#tried.promise;
  }

  /** Begins the worker's own lease, and begins to watch those of others. */
  start(): void {
    void this.#keepRenewing();
    void this.#keepLooking();
  }

  /**
   * Takes over nothing more, and aborts the signals of what was taken over. Resolves when every call of `onTaken` has
   * ended.
   */
  async halt(): Promise<void> {
    this.#stopped.abort(undefined);
    for (const end of this.#taken.values()) end.abort(undefined);
    await Promise.all(this.#emptying);
  }

  /**
   * Stops. What belongs to taken leases can be taken over by others at once.
   * @param options `isEmpty`: true if nothing belongs to the worker's own lease. The lease is then removed
   */
  async stop({ isEmpty }: { readonly isEmpty: boolean }): Promise<void> {
    void this.halt();
    const own = this.#own;
    await Promise.all([
      ...Array.from(this.#taken.keys(), (lease) => quietly(lease.release())),
      own && quietly(isEmpty ? own.remove() : own.release()),
    ]);
  }

  async #keepRenewing(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stopped.aborted) {
      const begunAt = clock.now();
      await Promise.all([this.#renewOwn(), ...Array.from(this.#taken.keys(), (lease) => this.#renew(lease))]);
      const everyMs = this.#own ? RENEW_MS : RETRY_MS;
      await clock.sleep(Math.max(begunAt + everyMs - clock.now(), 0), this.#stopped);
    }
  }

  async #renewOwn(): Promise<void> {
    if (this.#own) await quietly(this.#own.renew());
    if (this.#own && !this.#own.isLost) return;
    this.#own = undefined;
    if (this.#stopped.aborted) return;
    const { workerName, scopes, random } = this.#options;
    const key = `${this.#prefix}${keyPart(workerName)}-${randomPart(random)}`;
    const lease = await quietly(Lease.begin(this.#world, key, { name: workerName, scopes }));
    if (lease) this.#own = lease;
    this.#tried.resolve();
  }

  async #renew(lease: Lease): Promise<void> {
    await quietly(lease.renew());
    if (lease.isLost) this.#taken.get(lease)?.abort(undefined);
  }

  /** Looks at all leases every 10 s, and in between at those that may have lapsed. */
  async #keepLooking(): Promise<void> {
    const { clock } = this.#options;
    let lookAt = Number.NEGATIVE_INFINITY;
    while (!this.#stopped.aborted) {
      const now = clock.now();
      if (now >= lookAt) {
        lookAt = now + RENEW_MS;
        await quietly(this.#look());
      } else
        await this.#checkAll(
          [...this.#seen].flatMap(([key, { since }]) => (since + LAPSE_MS <= now ? key : [])),
        );
      const lapses = Array.from(this.#seen.values(), ({ since }) => since + LAPSE_MS);
      await clock.sleep(Math.max(Math.min(lookAt, ...lapses) - clock.now(), 1_000), this.#stopped);
    }
  }

  async #checkAll(keys: readonly string[]): Promise<void> {
    await Promise.all(keys.map((key) => quietly(this.#check(key))));
  }

  async #look(): Promise<void> {
    const keys = await allKeys(this.#options.store, this.#prefix);
    const { clock } = this.#options;
    if (clock.now() - this.#orphansAt >= ORPHANS_MS) {
      await this.#findOrphans(new Set(keys));
      this.#orphansAt = clock.now();
    }
    const watched = new Set(this.#watched(keys));
    for (const key of this.#seen.keys()) if (!watched.has(key)) this.#seen.delete(key);
    await this.#checkAll([...watched]);
  }

  /**
   * Returns the keys that this worker watches: those that may be about to lapse, those that follow its own, and then
   * those at the beginning. They are ordered by their random parts: workers that die together, as in a deploy, often
   * have names that follow each other, and would otherwise be watched by none but each other.
   */
  #watched(keys: readonly string[]): string[] {
    const held = new Set([this.#own, ...this.#taken.keys()].map((lease) => lease?.key));
    const others = keys.filter((key) => !held.has(key) && !this.#skipped.has(key)).map(byRandomPart);
    const own = byRandomPart(this.#own?.key ?? '');
    const after = others.filter((each) => each.order > own.order);
    const before = others.filter((each) => each.order <= own.order);
    const next = [after, before]
      .flatMap((each) => each.toSorted((a, b) => (a.order < b.order ? -1 : 1)))
      .slice(0, MOST_WATCHED);
    const now = this.#options.clock.now();
    const suspects = others.filter(({ key }) => now - (this.#seen.get(key)?.since ?? now) > SUSPECT_MS);
    return [...suspects, ...next].map(({ key }) => key);
  }

  async #check(key: string): Promise<void> {
    const { store, clock } = this.#options;
    const sentAt = clock.now();
    const found = await store.get(key);
    if (!found) return void this.#seen.delete(key);
    const fields = this.#reader.read('worker', key, found.value);
    if (!fields || !this.#isOurs(fields)) return void this.#skipped.add(key);
    const seen = this.#seen.get(key);
    const isSame = seen?.version === found.version;
    if (!isSame) this.#seen.set(key, { version: found.version, since: clock.now() });
    if (fields['released'] === true || (isSame && sentAt - seen.since >= LAPSE_MS))
      await this.#take(key, fields, found);
  }

  #isOurs({ scopes }: RecordFields): boolean {
    if (!Array.isArray(scopes)) return false;
    return scopes.every((scope) => this.#options.scopes.some((own) => own === scope));
  }

  async #take(key: string, fields: RecordFields, { version }: Stored): Promise<void> {
    if (this.#stopped.aborted) return;
    this.#seen.delete(key);
    const { released: _, ...kept } = fields;
    const lease = await Lease.take(this.#world, key, kept, version);
    if (!lease) return;
    const ended = new Abort();
    if (this.#stopped.aborted) ended.abort(undefined);
    this.#taken.set(lease, ended);
    const { name } = fields;
    const emptying = this.#empty(lease, {
      id: this.#idOf(key),
      workerName: typeof name === 'string' ? name : undefined,
      signal: ended,
    });
    this.#emptying.add(emptying);
    void emptying.finally(() => this.#emptying.delete(emptying));
  }

  async #empty(lease: Lease, left: Left): Promise<void> {
    const isEmpty = await this.#options.onTaken(left);
    // If the worker stops meanwhile, `stop` releases the lease.
    if (this.#stopped.aborted) return;
    this.#taken.delete(lease);
    if (lease.isLost) return;
    if (isEmpty) await quietly(lease.remove());
    else this.#skipped.add(lease.key);
  }

  /**
   * Begins a lease for records that have none, which nobody renews, so that it lapses. There are such records if a
   * worker's call to the store arrived after another had taken over its lease and found nothing left.
   */
  async #findOrphans(leases: ReadonlySet<string>): Promise<void> {
    const { records, reserved = [], store, clock } = this.#options;
    const ids = new Set(
      (await allKeys(store, records)).map((key) => key.slice(records.length).split('/')[0]),
    );
    for (const id of ids) {
      const key = `${this.#prefix}${id}`;
      if (id === undefined || reserved.includes(id) || leases.has(key) || this.#own?.key === key) continue;
      checkKey(key);
      await Lease.begin({ store, clock, holder: 'nobody' }, key, { scopes: [] });
    }
  }

  #idOf(key: string): string {
    return key.slice(this.#prefix.length);
  }
}

/** Returns a key with a text by which keys are in the same random order for each worker. */
const byRandomPart = (key: string): { key: string; order: string } => ({
  key,
  order: `${key.slice(key.lastIndexOf('-') + 1)} ${key}`,
});

const randomPart = (random: () => number): string =>
  Array.from({ length: 2 }, () => Math.floor(random() * 2 ** 48).toString(36)).join('');
