import { randomUUID } from 'node:crypto';
import { StoreError, type StoreErrorKind } from '../../base/store/store-error.js';
import type { ObjectStore, Store } from '../../base/store/store.js';
import { limitCallAfter } from '../../base/time/call-limit.js';
import type { Clock } from '../../base/time/clock.js';
import { unlessAborted } from '../../base/time/wait.js';
import type { Plan } from '../../worker/build/plan.js';
import { storeOfIdempotent } from '../../worker/handler/interceptors/idempotent.js';
import { type Finding, fault, type Look, ok, unknown } from './finding.js';

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

/**
 * Examines each store that the config names: writes a record, reads it and removes it, and asks the store for what it
 * finds at its service.
 */
export async function lookAtStores(plan: Plan, clock: Clock): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [store, uses] of storesOf(plan)) findings.push(...(await lookAtStore(store, uses, clock)));
  return findings;
}

/** Returns the stores, each with what names it: options, and interceptors. */
function storesOf({ settings, handlers }: Plan): Map<ObjectStore, Set<string>> {
  const { payloads, outbox, deferred, interceptors } = settings;
  const all = new Set([...interceptors, ...handlers.flatMap(({ definition }) => definition.interceptors)]);
  const named: [string, ObjectStore | undefined][] = [
    ['payloads', payloads?.store],
    ['outbox', outbox?.store],
    ['deferred', deferred?.store],
    ...handlers.map(({ options: { checkpoint } }): [string, ObjectStore | undefined] => [
      'checkpoint',
      checkpoint === false ? undefined : checkpoint.store,
    ]),
    ...Array.from(all, (each): [string, ObjectStore | undefined] => ['Idempotent', storeOfIdempotent(each)]),
  ];
  const stores = new Map<ObjectStore, Set<string>>();
  for (const [use, store] of named) if (store) stores.set(store, (stores.get(store) ?? new Set()).add(use));
  return stores;
}

async function lookAtStore(store: ObjectStore, uses: ReadonlySet<string>, clock: Clock): Promise<Finding[]> {
  const subject = `${store.name} (${[...uses].join(', ')})`;
  const look: Look = { check: 'store', subject, expected: 'a record can be written, read and removed' };
  try {
    await limited(clock, (signal) => tryOut(store, signal));
  } catch (error) {
    const kind = error instanceof StoreError ? error.kind : 'unavailable';
    const failed = fault(look, messageOf(error), FIXES[kind]);
    // Its service would not answer either.
    return kind === 'unavailable' ? [failed] : [failed, ...(await lookBehind(store, subject, clock))];
  }
  return [ok(look, 'a record was written, read and removed'), ...(await lookBehind(store, subject, clock))];
}

/** Writes a record, reads it and removes it by each method that the store has for that. */
async function tryOut(store: ObjectStore | Store, signal: AbortSignal): Promise<void> {
  const key = `doctor/${randomUUID()}`;
  const value = new TextEncoder().encode('written by the doctor');
  const options = { signal, ttlMs: TTL_MS };
  const first = await store.putIfAbsent(key, value, options);
  const found = await store.get(key, { signal });
  if (first === undefined || !found || Buffer.compare(found.value, value) !== 0)
    throw new Error('a record that was just written is not there');
  const { keys } = await store.list(key, { signal });
  if (!keys.includes(key)) throw new Error('a record that was just written is not listed');
  if ('replace' in store) {
    const second = await store.replace(key, value, first, options);
    if (second === undefined || !(await store.deleteIf(key, second, { signal })))
      throw new Error('a record could not be replaced and removed by its version');
  }
  await store.delete(key, { signal });
}

async function lookBehind(store: ObjectStore, subject: string, clock: Clock): Promise<Finding[]> {
  try {
    const found = await limited(clock, (signal) => store.examine?.({ signal }) ?? Promise.resolve([]));
    return found.map((each) => ({ check: 'store', subject, ...each }));
  } catch (error) {
    const look: Look = { check: 'store', subject, expected: 'settings that can be read' };
    return [unknown(look, messageOf(error), 'allow what the message names, or look for yourself')];
  }
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

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
