import { randomUUID } from 'node:crypto';
import { StoreError, type StoreErrorKind } from '../../base/store/store-error.js';
import type { Store } from '../../base/store/store.js';
import { limitCallAfter } from '../../base/time/call-limit.js';
import type { Clock } from '../../base/time/clock.js';
import { unlessAborted } from '../../base/time/wait.js';
import type { Plan } from '../../worker/build/plan.js';
import { storeOfIdempotent } from '../../worker/handler/interceptors/idempotent.js';
import { type Finding, fault, type Look, ok } from './finding.js';

const LIMIT_MS = 10_000;
/** The record ends by itself if the doctor can't remove it. */
const TTL_MS = 60 * 60 * 1_000;

const FIXES: Readonly<Record<StoreErrorKind, string>> = {
  unavailable: 'check its address, the network and the credentials from this machine',
  full: 'make room there',
  denied: 'create or allow what the message names',
  'too-large': 'use a store that takes records of 1 KB',
  damaged: 'look for what else writes there',
  'bad-key': 'correct the store, which refuses a key that is allowed',
};

/** Examines each store that the config names: writes a record, reads it, lists it, replaces it and removes it. */
export async function lookAtStores(plan: Plan, clock: Clock): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [store, uses] of storesOf(plan)) findings.push(await lookAtStore(store, uses, clock));
  return findings;
}

/** Returns the stores, each with what names it: options, and interceptors. */
function storesOf({ settings, handlers }: Plan): Map<Store, Set<string>> {
  const { payloads, outbox, deferred, interceptors } = settings;
  const all = new Set([...interceptors, ...handlers.flatMap(({ definition }) => definition.interceptors)]);
  const named: [string, Store | undefined][] = [
    ['payloads', payloads?.store],
    ['outbox', outbox?.store],
    ['deferred', deferred?.store],
    ...handlers.map(({ options: { checkpoint } }): [string, Store | undefined] => [
      'checkpoint',
      checkpoint === false ? undefined : checkpoint.store,
    ]),
    ...Array.from(all, (each): [string, Store | undefined] => ['Idempotent', storeOfIdempotent(each)]),
  ];
  const stores = new Map<Store, Set<string>>();
  for (const [use, store] of named) if (store) stores.set(store, (stores.get(store) ?? new Set()).add(use));
  return stores;
}

async function lookAtStore(store: Store, uses: ReadonlySet<string>, clock: Clock): Promise<Finding> {
  const subject = `${store.name} (${[...uses].join(', ')})`;
  const look: Look = { check: 'store', subject, expected: 'a record can be written, read and removed' };
  try {
    await limited(clock, (signal) => tryOut(store, signal));
    return ok(look, 'a record was written, read and removed');
  } catch (error) {
    const kind = error instanceof StoreError ? error.kind : 'unavailable';
    return fault(look, error instanceof Error ? error.message : String(error), FIXES[kind]);
  }
}

/** Calls each method of the store once. */
async function tryOut(store: Store, signal: AbortSignal): Promise<void> {
  const key = `doctor/${randomUUID()}`;
  const value = new TextEncoder().encode('written by the doctor');
  const options = { signal, ttlMs: TTL_MS };
  const first = await store.putIfAbsent(key, value, options);
  const found = await store.get(key, { signal });
  if (first === undefined || !found || Buffer.compare(found.value, value) !== 0)
    throw new Error('a record that was just written is not there');
  const { keys } = await store.list(key, { signal });
  if (!keys.includes(key)) throw new Error('a record that was just written is not listed');
  const second = await store.replace(key, value, first, options);
  if ((await store.replace(key, value, first, options)) !== undefined)
    throw new Error(
      'a record was replaced by a version that it no longer had: the service ignores conditions',
    );
  if (second === undefined || !(await store.deleteIf(key, second, { signal })))
    throw new Error('a record could not be replaced and removed by its version');
  await store.delete(key, { signal });
}

async function limited<T>(clock: Clock, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = new AbortController();
  const cancel = limitCallAfter(clock, LIMIT_MS, () => limit.abort(new Error('no answer within 10 s')));
  try {
    return await unlessAborted(limit.signal, run(limit.signal));
  } finally {
    cancel();
  }
}
