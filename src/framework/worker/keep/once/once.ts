import type { TaskContext } from '../../../declare/task-context.js';
import { LAPSE_MS } from '../lease.js';
import { KEY_PREFIX, keyPart, type RecordFields, tokenKey } from '../record.js';
import { retried } from '../store-calls.js';
import {
  type OnceWorld,
  readWork,
  RunningWork,
  runningRecord,
  runningTtl,
  type WorkRef,
} from './running-work.js';

/**
 * The work that a task was given.
 * - `begun`: nobody works on it, and the task has begun it.
 * - `finished`: a task has finished it before. `outcome` has what `RunningWork.finish` was given.
 * - `running`: another task works on it.
 */
export type Found =
  | { readonly is: 'begun'; readonly work: RunningWork }
  | { readonly is: 'finished'; readonly outcome: RecordFields }
  | { readonly is: 'running' };

/** The time between two looks at work that another task has begun. */
const LOOK_MS = 2_000;

/** Work that another task has begun, as it was seen last. */
interface Seen {
  readonly version: string;
  /** The time at which this version was seen first. */
  readonly since: number;
}

/**
 * Begins a piece of work, unless it is finished or another task works on it. Work whose task has died can be begun once
 * its record hasn't changed for 30 s. So this takes up to 12 s to know that another task is alive.
 * @param waits true to wait until the work is finished, or can be begun. Otherwise resolves with `running`
 * @throws StoreError if the store could not be reached for a minute; the signal's reason if that aborts during a wait
 */
export async function beginWork(
  world: OnceWorld,
  name: string,
  { handler, token, signal, log }: TaskContext,
  waits: boolean,
): Promise<Found> {
  const { clock } = world;
  const ref = { key: `${KEY_PREFIX.once}${keyPart(handler)}/${keyPart(name)}`, by: tokenKey(token) };
  let seen: Seen | undefined;
  for (;;) {
    // Counted from the time of the call: its answer may have waited while the process was stopped.
    const lookedAt = clock.now();
    const look = await retried(() => lookAt(world, ref), { ...world, signal });
    if (look.is !== 'other') return look;
    const { version } = look;
    if (seen?.version !== version) {
      if (seen && !waits) return { is: 'running' };
      if (!seen && waits) log.info('another task works on this: it is waited for');
      seen = { version, since: clock.now() };
    } else if (lookedAt - seen.since >= LAPSE_MS) {
      const taken = await retried(() => takeOver(world, ref, version), { ...world, signal });
      if (!taken) continue;
      log.warn('the task that worked on this has died: the work begins anew');
      return { is: 'begun', work: taken };
    }
    await clock.sleep(LOOK_MS, signal);
    signal.throwIfAborted();
  }
}

type Look = Exclude<Found, { is: 'running' }> | { readonly is: 'other'; readonly version: string };

async function lookAt(world: OnceWorld, ref: WorkRef): Promise<Look> {
  const { store } = world;
  const { key, by } = ref;
  const options = { ttlMs: runningTtl(world) };
  for (;;) {
    const version = await store.putIfAbsent(key, runningRecord(ref), options);
    if (version !== undefined) return { is: 'begun', work: new RunningWork(world, ref, version) };
    const stored = await store.get(key);
    if (!stored) continue;
    const fields = readWork(stored, key);
    if (fields['state'] !== 'running') return { is: 'finished', outcome: fields };
    // A write of this task's whose answer it has not got.
    if (fields['by'] === by) return { is: 'begun', work: new RunningWork(world, ref, stored.version) };
    return { is: 'other', version: stored.version };
  }
}

async function takeOver(world: OnceWorld, ref: WorkRef, version: string): Promise<RunningWork | undefined> {
  const taken = await world.store.replace(ref.key, runningRecord(ref), version, { ttlMs: runningTtl(world) });
  return taken === undefined ? undefined : new RunningWork(world, ref, taken);
}
