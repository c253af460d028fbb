import { Abort, type Abortable } from '../../base/abort.js';
import type { Logger } from '../../base/log/log.js';
import { StoreError } from '../../base/store.js';
import type { Clock } from '../../base/time/clock.js';
import { within } from '../../base/time/wait.js';
import type { OutboxStatus } from '../../base/worker-status.js';
import type { Emit, TaskRef } from '../../declare/worker-events.js';
import {
  decodeRecord,
  encodeOutcome,
  type KeptOutcome,
  KEY_PREFIX,
  readOutcome,
  type RecordedOutcome,
  tokenKey,
} from './record.js';
import { allKeys, type LimitedStore, quietly } from './limited-store.js';

/** How the report of an ended process's outcome has ended. */
export type OfferEnd =
  | { readonly kind: 'accepted'; readonly outcome: RecordedOutcome }
  | { readonly kind: 'gone' }
  | { readonly kind: 'lost'; readonly error: Error };

/** The parts of a worker that its outbox uses. */
interface OutboxOptions {
  readonly store: LimitedStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** The scopes of this worker. It offers nothing of another's. */
  readonly scopes: ReadonlySet<string>;
  readonly emit: Emit;
  /**
   * Reports an outcome, and sends its task's heartbeats meanwhile. Returns undefined if this worker has no connection
   * for its activity. @param signal aborts if the worker stops
   */
  readonly offer: (kept: KeptOutcome, signal: Abortable) => Promise<OfferEnd> | undefined;
}

/** The longest time for which a report waits for its outcome to be in the store. */
const KEEP_LIMIT_MS = 1_000;
/** The longest time for which a worker that stops waits for its outbox. */
const STOP_LIMIT_MS = 3_000;
/** The most outcomes that are on their way to the store at once. */
const MOST_PUTS = 1_000;
/** The most outcomes that are read at once. All that were read are offered at once, as the limits of reports allow. */
const MOST_READS = 16;
/** The least time between two looks at the store. */
const SCAN_MS = 25_000;
/** A look comes later by a random part of this, so that workers that started together don't look together. */
const SPREAD_MS = 5_000;
/** The time after a look that has failed. */
const AGAIN_MS = 5_000;
/** A store may still make a write so long after it gave no answer. */
const LATE_WRITE_MS = 3_600_000;
/** After its task was found gone, a record may still be removed by who has delivered it. */
const REMOVAL_MS = 1_000;
/** An outcome that is older is offered once more, and removed. */
const DAY_MS = 24 * 3_600_000;

interface Entry {
  readonly key: string;
  readonly since: number;
  /** Resolves to undefined when the outcome is in the store, else to the reason why it is not known to be. */
  readonly put: Promise<StoreError | undefined>;
  /** True if the store was not asked, because its calls fail. */
  readonly isRefused: boolean;
  isKept: boolean;
}

/**
 * Keeps the outcomes of tasks in a store until the service has accepted them. Offers those of processes that have
 * ended: at the start, every record that isn't its own; later, those that two looks in a row have found. Two workers
 * may offer the same outcome, since the service takes it once.
 */
export class Outbox {
  readonly #stopped = new Abort();
  /** The outcomes that this worker is reporting, by the tokens of their tasks. */
  readonly #own = new Map<string, Entry>();
  /** The keys that the last look has found, with the time since which each is known. */
  #seen = new Map<string, number>();
  /** The keys of records that this worker can't offer. */
  readonly #unfit = new Set<string>();
  /** The keys of records that only have to be removed, with the time until which one may still be written. */
  readonly #over = new Map<string, number>();
  readonly #removals = new Set<Promise<unknown>>();
  #puts = 0;
  /** True after a call has failed to keep an outcome, until another has succeeded. */
  #fails = false;

  constructor(private readonly options: OutboxOptions) {}

  get state(): OutboxStatus {
    const now = this.options.clock.now();
    const kept = Array.from(this.#own.values()).filter(({ isKept }) => isKept);
    const since = Math.min(now, ...kept.map((each) => each.since), ...this.#seen.values());
    return { keeps: !this.#fails, waiting: kept.length, oldestMs: now - since };
  }

  start(): void {
    void this.#keepLooking();
  }

  /** Stops after the last report. Takes at most 3 s, and never rejects. */
  async stop(): Promise<void> {
    this.#stopped.abort(undefined);
    const { clock, store } = this.options;
    await within(clock, STOP_LIMIT_MS, Promise.all(this.#removals));
    store.close();
  }

  /**
   * Keeps an outcome. Resolves when it is in the store and its report may be sent. If it can't be kept, or not within a
   * second, it resolves nevertheless, and that is told. Never rejects.
   */
  async keep(kept: KeptOutcome): Promise<void> {
    const { clock, store, emit } = this.options;
    const since = clock.now();
    const refused = this.#puts >= (this.#fails ? 1 : MOST_PUTS);
    const key = KEY_PREFIX.outcome + tokenKey(kept.token);
    const entry: Entry = {
      key,
      since,
      isKept: false,
      isRefused: refused,
      put: refused ? Promise.resolve(unavailable(`${store.name} takes no outcomes`)) : this.#put(key, kept),
    };
    this.#own.set(kept.token, entry);
    let error: StoreError | undefined = unavailable(`${store.name} has not taken the outcome yet`);
    const put = entry.put.then((failed) => {
      entry.isKept = failed === undefined;
      error = failed;
    });
    // While the store fails, one outcome after another tries it, and no report waits for it.
    if (!this.#fails || refused) await within(clock, KEEP_LIMIT_MS, put);
    if (error) emit('outbox:unkept', { ...refOf(kept), error });
    else emit('outbox:kept', { ...refOf(kept), keepMs: clock.now() - since });
  }

  /** Removes an outcome, because the service has accepted it or no longer wants the task. Returns at once. */
  over(token: string): void {
    const entry = this.#own.get(token);
    if (!entry) return;
    if (entry.isRefused) return void this.#own.delete(token);
    const removal = entry.put
      .then((error) => this.#remove(entry.key, error?.kind === 'unavailable'))
      .finally(() => this.#own.delete(token));
    this.#removals.add(removal);
    void removal.finally(() => this.#removals.delete(removal));
  }

  /** Forgets an outcome whose report was given up. Returns true if it is in the store, and will be offered again. */
  forget(token: string): boolean {
    const entry = this.#own.get(token);
    this.#own.delete(token);
    return entry?.isKept ?? false;
  }

  /**
   * Resolves to true if an outcome that is its own has been removed by another process, which has delivered it. To be
   * called when the service says that the task is gone.
   */
  async wasDelivered(token: string): Promise<boolean> {
    const entry = this.#own.get(token);
    return entry?.isKept === true && this.#isRemoved(entry.key);
  }

  async #put(key: string, kept: KeptOutcome): Promise<StoreError | undefined> {
    this.#puts++;
    try {
      const { store } = this.options;
      const record = encodeOutcome(kept);
      // No other record has this key, and a new one costs a store less than a change.
      if ((await store.putIfAbsent(key, record)) === undefined) await store.put(key, record);
      this.#fails = false;
      return undefined;
    } catch (thrown) {
      const error = thrown as StoreError;
      if (error.kind !== 'too-large') this.#fails = true;
      return error;
    } finally {
      this.#puts--;
    }
  }

  /** @param isUnsure true if a write that was not answered may be made after this */
  async #remove(key: string, isUnsure = false): Promise<void> {
    const now = this.options.clock.now();
    this.#over.set(key, isUnsure ? now + LATE_WRITE_MS : now);
    // What can't be removed now is removed after the next look.
    await quietly(this.options.store.delete(key).then(() => isUnsure || this.#over.delete(key)));
    this.#seen.delete(key);
  }

  async #keepLooking(): Promise<void> {
    const { clock, random } = this.options;
    for (let isFirst = true; !this.#stopped.aborted;) {
      const looked = await quietly(this.#look(isFirst));
      if (looked) isFirst = false;
      await clock.sleep(looked ? SCAN_MS + SPREAD_MS * random() : AGAIN_MS, this.#stopped);
    }
  }

  async #look(isFirst: boolean): Promise<true> {
    const { store, clock } = this.options;
    const own = new Set(Array.from(this.#own.values(), ({ key }) => key));
    const listed = await allKeys(store, KEY_PREFIX.outcome);
    const there = new Set(listed);
    for (const key of this.#unfit) if (!there.has(key)) this.#unfit.delete(key);
    for (const [key, until] of this.#over)
      if (!there.has(key) && clock.now() >= until) this.#over.delete(key);
    for (const { key } of this.#own.values()) own.add(key);
    const others = listed.filter((key) => !own.has(key) && !this.#unfit.has(key));
    const found = others.filter((key) => isFirst || this.#seen.has(key));
    this.#seen = new Map(others.map((key) => [key, this.#seen.get(key) ?? clock.now()]));
    const offers: Promise<void>[] = [];
    const readNext = async (): Promise<void> => {
      for (let key = found.shift(); key !== undefined && !this.#stopped.aborted; key = found.shift()) {
        const kept = await quietly(this.#read(key));
        if (kept) offers.push(this.#offer(key, kept));
      }
    };
    await Promise.all(Array.from({ length: MOST_READS }, readNext));
    await Promise.all(offers);
    return true;
  }

  /** Offers one outcome. What could not be delivered is offered after the next look. */
  async #offer(key: string, kept: KeptOutcome): Promise<void> {
    const { clock, emit, offer } = this.options;
    const end = await offer(kept, this.#stopped);
    if (!end) return;
    const isLost = end.kind === 'lost';
    if (isLost && (this.#stopped.aborted || clock.date() - kept.decidedAt <= DAY_MS)) return;
    if (end.kind === 'gone') await clock.sleep(REMOVAL_MS, this.#stopped);
    const isDelivered = end.kind === 'gone' && (await this.#isRemoved(key));
    emit('outbox:offered', {
      ...refOf(kept),
      outcome: isDelivered ? 'delivered' : end.kind,
      ...(isLost && { error: end.error }),
    });
    await this.#remove(key);
  }

  /** Resolves to true if a record is known to be removed. */
  async #isRemoved(key: string): Promise<boolean> {
    let isRemoved = false;
    const look = this.options.store.get(key).then((found) => (isRemoved = found === undefined));
    await within(this.options.clock, KEEP_LIMIT_MS, quietly(look));
    return isRemoved;
  }

  /** Returns an outcome that this worker may offer. @throws StoreError */
  async #read(key: string): Promise<KeptOutcome | undefined> {
    const { store, clock, scopes, log } = this.options;
    if (this.#over.has(key)) {
      await this.#remove(key);
      return undefined;
    }
    const found = await store.get(key);
    if (!found) return void this.#seen.delete(key);
    try {
      const kept = readOutcome(decodeRecord('outcome', key, found));
      if (!kept) throw new StoreError('damaged', `${key} is not a whole outcome`);
      if (!scopes.has(kept.scope)) this.#skip(key);
      else this.#seen.set(key, clock.now() - Math.max(clock.date() - kept.decidedAt, 0));
      return scopes.has(kept.scope) ? kept : undefined;
    } catch (error) {
      log.warn(
        { key, err: error },
        'a record in the outbox is not one that this worker can read: it is left alone',
      );
      return this.#skip(key);
    }
  }

  #skip(key: string): undefined {
    this.#unfit.add(key);
    this.#seen.delete(key);
  }
}

const refOf = ({ handler, activityArn, token }: KeptOutcome): TaskRef => ({ handler, activityArn, token });

const unavailable = (message: string): StoreError => new StoreError('unavailable', message);
