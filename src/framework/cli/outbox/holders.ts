import type { Store } from '../../base/store/store.js';
import type { Clock } from '../../base/time/clock.js';
import { LAPSE_MS } from '../../worker/keep/lease.js';
import { decodeRecord, KEY_PREFIX } from '../../worker/keep/record.js';
import { GIVEN_UP } from '../../worker/keep/outbox/outbox.js';
import { scopesIn } from './kept-rows.js';

/** The leases are read at this interval, to see which of them change. */
const LOOK_MS = 2_000;

/**
 * The worker that reports a kept outcome, if there is one.
 * - `lives`: a worker that lives reports it.
 * - `left`: its worker has ended. The next worker that starts reports it.
 * - `given-up`: its report was given up. Nobody reports it by itself.
 */
export type HolderState = 'lives' | 'left' | 'given-up';

export interface Holder {
  readonly state: HolderState;
  /** The name of the worker that kept it; undefined if it isn't known. */
  readonly worker: string | undefined;
  /** The endpoint, account and region of the worker's tasks; empty if they aren't known. */
  readonly scopes: readonly string[];
}

interface SeenLease extends Omit<Holder, 'state'> {
  readonly version: string | undefined;
  readonly isOver: boolean;
}

/**
 * Finds out who holds what belongs to these leases. A worker lives if its lease changes; that shows within 10 s. A lease
 * that doesn't change for 30 s is that of a worker that has ended.
 * @param onWait called once, if it isn't known at once
 * @throws StoreError
 */
export async function findHolders(
  store: Store,
  clock: Clock,
  leases: readonly string[],
  onWait: (leases: number) => void,
): Promise<ReadonlyMap<string, Holder>> {
  const first = new Map<string, SeenLease>();
  for (const lease of new Set(leases)) first.set(lease, await see(store, lease));
  const begunAt = clock.now();
  const open = new Set([...first].flatMap(([lease, { isOver }]) => (isOver ? [] : lease)));
  const living = new Set<string>();
  if (open.size > 0) onWait(open.size);
  while (open.size > 0 && clock.now() - begunAt < LAPSE_MS) {
    await clock.sleep(LOOK_MS);
    for (const lease of open) {
      const { version, isOver } = await see(store, lease);
      if (!isOver && version === first.get(lease)?.version) continue;
      open.delete(lease);
      if (!isOver) living.add(lease);
    }
  }
  const stateOf = (lease: string): HolderState =>
    lease === GIVEN_UP ? 'given-up' : living.has(lease) ? 'lives' : 'left';
  return new Map(
    Array.from(first, ([lease, { worker, scopes }]) => [lease, { state: stateOf(lease), worker, scopes }]),
  );
}

async function see(store: Store, lease: string): Promise<SeenLease> {
  const none: SeenLease = { version: undefined, isOver: true, worker: undefined, scopes: [] };
  if (lease === GIVEN_UP) return none;
  const found = await store.get(`${KEY_PREFIX.worker}outbox/${lease}`);
  if (!found) return none;
  const record = decodeRecord('worker', found.value);
  const { name, scopes, released } = record.is === 'read' ? record.fields : {};
  return {
    version: found.version,
    isOver: released === true,
    worker: typeof name === 'string' ? name : undefined,
    scopes: scopesIn(scopes),
  };
}
