import { Abort, type Abortable } from '../../base/abort.js';
import {
  type KeyPage,
  type Store,
  type StoreCall,
  type Stored,
  StoreError,
  type StoreOptions,
  type StoreMonitor,
  type StoreUse,
} from '../../base/store.js';
import { limitCallAfter } from '../../base/time/call-limit.js';
import type { Clock } from '../../base/time/clock.js';
import { showDuration } from '../../base/time/duration.js';
import { OutageTracker } from '../../base/time/outage.js';
import { fullJitter } from '../../base/time/wait.js';

interface LimitedStoreOptions {
  /** The worker's clock, by which the limit of a call is measured. */
  readonly clock: Clock;
  /** Is told when calls of a kind begin to fail, and when none of them has failed for 30 s. */
  readonly stores: Pick<StoreMonitor, 'tell'>;
}

const LIMIT_MS = 10_000;
/** A call that fails in one of these ways says nothing about the calls for other records. */
const OF_ONE_RECORD: ReadonlySet<string> = new Set(['too-large', 'damaged', 'bad-key']);

/**
 * A store whose calls end after a limit of time, and whose failures are reported once. Every method rejects with a
 * `StoreError`, also if the store under it throws something else; or with the reason of the caller's signal.
 */
export class LimitedStore implements Store {
  readonly name: string;
  readonly uri?: string;
  readonly maxBytes: number;
  readonly #clock: Clock;
  /** Aborts when the store is closed. */
  readonly closed = new Abort();
  readonly #outages: Readonly<Record<StoreCall, OutageTracker<StoreCall>>>;

  /** @param limitMs the longest time for one call, in milliseconds */
  constructor(
    private readonly store: Store,
    use: StoreUse,
    { clock, stores }: LimitedStoreOptions,
    private readonly limitMs = LIMIT_MS,
  ) {
    this.name = store.name;
    if (store.uri !== undefined) this.uri = store.uri;
    this.maxBytes = store.maxBytes;
    this.#clock = clock;
    const track = (call: StoreCall): OutageTracker<StoreCall> =>
      new OutageTracker(clock, {
        began: (_, thrown) =>
          stores.tell({ event: 'store:failed', use, call, error: asStoreError(thrown, store) }),
        ended: (afterMs) => stores.tell({ event: 'store:recovered', use, call, afterMs }),
      });
    this.#outages = { read: track('read'), write: track('write'), delete: track('delete') };
  }

  put(...[key, value, options]: Parameters<Store['put']>): Promise<string> {
    return this.#limit('write', options, (limits) => this.store.put(key, value, limits));
  }

  putIfAbsent(...[key, value, options]: Parameters<Store['put']>): Promise<string | undefined> {
    return this.#limit('write', options, (limits) => this.store.putIfAbsent(key, value, limits));
  }

  replace(...[key, value, version, options]: Parameters<Store['replace']>): Promise<string | undefined> {
    return this.#limit('write', options, (limits) => this.store.replace(key, value, version, limits));
  }

  get(key: string, options?: StoreOptions): Promise<Stored | undefined> {
    return this.#limit('read', options, (limits) => this.store.get(key, limits));
  }

  delete(key: string, options?: StoreOptions): Promise<void> {
    return this.#limit('delete', options, (limits) => this.store.delete(key, limits));
  }

  deleteIf(key: string, version: string, options?: StoreOptions): Promise<boolean> {
    return this.#limit('delete', options, (limits) => this.store.deleteIf(key, version, limits));
  }

  list(prefix: string, options?: StoreOptions): Promise<KeyPage> {
    return this.#limit('read', options, (limits) => this.store.list(prefix, limits));
  }

  /** Waits before another call. The wait ends also when the signal aborts or the store is closed. */
  async wait(ms: number, signal: Abortable): Promise<void> {
    const over = new Abort();
    const end = (): void => over.abort(undefined);
    if (signal.aborted || this.closed.aborted) end();
    for (const each of [signal, this.closed]) each.addEventListener('abort', end);
    await this.#clock.sleep(ms, over);
    for (const each of [signal, this.closed]) each.removeEventListener('abort', end);
  }

  /** Ends the calls and waits that are under way, calls the listener no more, and leaves no timer. */
  close(): void {
    this.closed.abort(new StoreError('unavailable', `${this.name} is no longer used`));
    for (const each of Object.values(this.#outages)) each.stop();
  }

  /** Makes one call to the store. It ends after the limit of time, or when the caller's signal aborts. */
  async #limit<T>(
    call: StoreCall,
    options: StoreOptions = {},
    run: (options: StoreOptions) => Promise<T>,
  ): Promise<T> {
    const { signal } = options;
    signal?.throwIfAborted();
    const sentAt = this.#clock.now();
    try {
      const answer = await this.#race((ended) => run({ ...options, signal: ended }), signal);
      this.#outages[call].answered({ sentAt, atOnce: false });
      return answer;
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      const failure = asStoreError(error, this.store);
      if (!OF_ONE_RECORD.has(failure.kind)) this.#outages[call].failed(call, failure);
      throw failure;
    }
  }

  #race<T>(run: (ended: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const ended = new AbortController();
    return new Promise((resolve, reject) => {
      if (this.closed.aborted) return reject(this.closed.reason);
      const end = (reason: unknown): void => {
        over();
        ended.abort(reason);
        reject(reason);
      };
      const onAbort = (): void => end(signal?.reason);
      const onClose = (): void => end(this.closed.reason);
      const cancel = limitCallAfter(this.#clock, this.limitMs, () => {
        const limit = showDuration(this.limitMs);
        end(new StoreError('unavailable', `${this.name} did not answer within ${limit}`));
      });
      const over = (): void => {
        cancel();
        signal?.removeEventListener('abort', onAbort);
        this.closed.removeEventListener('abort', onClose);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.closed.addEventListener('abort', onClose);
      // A store of a user's may throw instead of rejecting.
      const answer = (async () => run(ended.signal))();
      answer.then(resolve, reject).finally(over);
    });
  }
}

function asStoreError(error: unknown, { name }: Store): StoreError {
  if (error instanceof StoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StoreError('unavailable', `${name} failed: ${message}`, { cause: error });
}

/** The longest time for which a call is repeated while the store is unavailable or full, in milliseconds. */
const PATIENCE_MS = 60_000;
const RETRY_MS = { least: 100, base: 200, ceiling: 5_000 } as const;

/** The settings of calls that are repeated. */
interface RetryOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Once it has aborted, a call isn't repeated. */
  readonly signal?: Abortable | undefined;
}

/** Calls `run` again while the store is unavailable or full: for a minute, but not once the signal has aborted. */
export async function retried<T>(run: () => Promise<T>, { clock, random, signal }: RetryOptions): Promise<T> {
  const until = clock.now() + PATIENCE_MS;
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (!mayPass(error) || signal?.aborted || clock.now() >= until) throw error;
      const waitMs = RETRY_MS.least + fullJitter(attempt, RETRY_MS.base, RETRY_MS.ceiling, random);
      await clock.sleep(waitMs, signal);
    }
  }
}

/** Returns true if the same call may succeed later: the store is unavailable or full. */
export const mayPass = (error: unknown): boolean =>
  error instanceof StoreError && (error.kind === 'unavailable' || error.kind === 'full');

/** Waits for a call to a store whose failure is told elsewhere. Resolves to undefined if the call fails. */
export async function quietly<T>(call: Promise<T> | undefined): Promise<T | undefined> {
  try {
    return await call;
  } catch {
    return undefined;
  }
}

/** Returns all keys that begin with a prefix. @throws StoreError */
export async function allKeys(store: Store, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for (let after: string | undefined; ;) {
    const page = await store.list(prefix, { after });
    keys.push(...page.keys);
    after = page.next;
    if (after === undefined) return keys;
  }
}
