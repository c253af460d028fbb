import type { Abortable } from '../../base/abort.js';
import { type Store, StoreError } from '../../base/store.js';
import { fullJitter } from '../../base/time/wait.js';
import type { Clock } from '../../base/time/clock.js';

/** The longest time for which a call is repeated while the store is unavailable or full, in milliseconds. */
const PATIENCE_MS = 60_000;
const RETRY_MS = { least: 100, base: 200, ceiling: 5_000 } as const;

/** The settings of calls that are repeated. */
export interface RetryOptions {
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
