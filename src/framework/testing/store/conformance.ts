import { randomBytes } from 'node:crypto';
import type { ObjectStore, Store } from '../../base/store/store.js';
import { systemClock } from '../../base/time/clock.js';
import { keyChecks } from './key-checks.js';
import { recordChecks } from './record-checks.js';
import { replaceChecks } from './replace-checks.js';
import { timeChecks } from './time-checks.js';

/** Options of {@link storeConformance}. */
export interface StoreConformanceOptions {
  /** The store's name, with which the names of the checks begin. */
  readonly name: string;
  /**
   * Opens the store. Each call returns a store with the same records, as another process would open it, or always the
   * same store.
   */
  readonly open: () => ObjectStore | Promise<ObjectStore>;
  /** True for a store without `replace` and `deleteIf`. @default false */
  readonly objects?: boolean;
  /** Lets time pass for the store. Pass it if the store has a clock of its own. @default real time passes */
  readonly wait?: (ms: number) => void | Promise<void>;
  /** The time to live of the records that end, for stores that count in seconds. @default 200 */
  readonly ttlMs?: number;
  /** The number of records that the check of pages writes. Let it be more than a page of the store has. @default 1,100 */
  readonly records?: number;
}

/** One check of a store. */
export interface StoreCheck {
  readonly name: string;
  /** Makes the check. Rejects if the store doesn't do what its interface says. */
  readonly run: () => Promise<void>;
}

/** The part of a store that one check has for itself. */
export interface Trial<S extends ObjectStore = ObjectStore> {
  readonly store: S;
  /** The same records, opened a second time. */
  readonly other: S;
  /** Returns a key that no other check uses. */
  readonly key: (name: string) => string;
  readonly wait: (ms: number) => void | Promise<void>;
  readonly ttlMs: number;
  readonly records: number;
}

/** The checks of a group, by their names. */
export type Checks<S extends ObjectStore = ObjectStore> = Readonly<
  Record<string, (trial: Trial<S>) => Promise<void>>
>;

/**
 * Returns checks of what `Store` and `ObjectStore` promise, to be run by any test runner:
 *
 * ```ts
 * for (const { name, run } of storeConformance({ name: 'my store', open })) test(name, run);
 * ```
 *
 * Each check uses keys of its own, so that the store needn't be empty, and removes none of its records.
 */
export function storeConformance(options: StoreConformanceOptions): readonly StoreCheck[] {
  const checks: [string, (trial: Trial) => Promise<void>][] = [
    ...Object.entries({ ...recordChecks, ...keyChecks, ...timeChecks }),
    ...(options.objects === true ? [] : Object.entries(replaceChecks).map(asAnyStore)),
  ];
  return checks.map(([name, check]) => ({
    name: `${options.name}: ${name}`,
    run: async () => check(await trialOf(options)),
  }));
}

function asAnyStore([name, check]: [string, (trial: Trial<Store>) => Promise<void>]): [
  string,
  (trial: Trial) => Promise<void>,
] {
  const run = async (trial: Trial): Promise<void> => {
    const { store, other } = trial;
    if (!isStore(store) || !isStore(other))
      throw new TypeError(
        `${store.name} has no method replace or deleteIf: pass objects: true for an ObjectStore`,
      );
    await check({ ...trial, store, other });
  };
  return [name, run];
}

const isStore = (store: ObjectStore): store is Store =>
  typeof (store as Partial<Store>).replace === 'function' &&
  typeof (store as Partial<Store>).deleteIf === 'function';

async function trialOf({
  open,
  wait,
  ttlMs = 200,
  records = 1_100,
}: StoreConformanceOptions): Promise<Trial> {
  const prefix = `conformance/${randomBytes(6).toString('hex')}`;
  return {
    store: await open(),
    other: await open(),
    key: (name) => `${prefix}/${name}`,
    wait: wait ?? ((ms) => systemClock.sleep(ms)),
    ttlMs,
    records,
  };
}
