import { randomBytes } from 'node:crypto';
import type { Store } from '../../../src/framework/base/store.js';
import { keyChecks } from './key-checks.js';
import { recordChecks } from './record-checks.js';
import { replaceChecks } from './replace-checks.js';
import { timeChecks } from './time-checks.js';

/** The store to check. */
export interface CheckedStore {
  /** Opens the store. Each call returns a store with the same records, as another process would open it. */
  readonly open: () => Store;
  /** Lets time pass for the store. */
  readonly wait: (ms: number) => void;
  /** The number of records that the check of pages writes: more than a page of the store has. @default 1,100 */
  readonly records?: number;
}

/** The part of a store that one check has for itself. */
interface Trial {
  readonly store: Store;
  /** The same records, opened a second time. */
  readonly other: Store;
  /** Returns a key that no other check uses. */
  readonly key: (name: string) => string;
  readonly wait: (ms: number) => void;
  readonly ttlMs: number;
  readonly records: number;
}

/** Checks by their names. */
export type Checks = Readonly<Record<string, (trial: Trial) => Promise<void>>>;

/** Returns checks of what `Store` promises. Each uses keys of its own, so that the store needn't be empty. */
export function storeChecks({
  open,
  wait,
  records = 1_100,
}: CheckedStore): readonly [string, () => Promise<void>][] {
  return Object.entries({ ...recordChecks, ...keyChecks, ...timeChecks, ...replaceChecks }).map(
    ([name, check]) => [
      name,
      () => {
        const prefix = `checks/${randomBytes(6).toString('hex')}`;
        const key = (part: string): string => `${prefix}/${part}`;
        return check({ store: open(), other: open(), key, wait, ttlMs: 200, records });
      },
    ],
  );
}
