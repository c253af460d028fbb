import type { Abortable } from '../../base/abort.js';
import { type Store, StoreError } from '../../base/store.js';
import type { Clock } from '../../base/time/clock.js';
import {
  type Ask,
  type AskedTask,
  decodeRecord,
  encodeRecord,
  isText,
  KEY_PREFIX,
  keyPart,
  LONGEST_MS,
  type RecordFields,
  tokenKey,
} from './record.js';
import { retried } from './limited-store.js';

/** The parts that the records of work use. */
export interface WorkKeeping {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: () => number;
  /** The time for which the record of finished work is kept, in milliseconds. */
  readonly keepMs: number;
  /** Aborts when the store is closed: no call is repeated then. */
  readonly signal: Abortable;
}

/** The task that asks for a piece of work. */
interface WorkingTask {
  readonly handler: string;
  readonly task: AskedTask;
  readonly signal: Abortable;
  readonly ask: Ask;
}

/**
 * The work that a task was given.
 * - `begun`: the task has begun it.
 * - `finished`: a task has finished it before. `outcome` has what {@link Work.finish} was given.
 * - `running`: another task has begun it, and isn't known to be over.
 */
export type Found =
  | { readonly is: 'begun'; readonly work: Work; readonly isTakenOver: boolean }
  | { readonly is: 'finished'; readonly outcome: RecordFields }
  | { readonly is: 'running' };

/** The service is asked again about a task only after this, and then after twice the time before. */
const FIRST_GAP_MS = 5_000;

/**
 * Begins a piece of work, unless it is finished, or the service still wants the task that has begun it.
 * @param name names the piece of work among those of the handler
 * @throws StoreError if the store could not be reached for a minute
 */
export function beginWork(keeping: WorkKeeping, name: string, working: WorkingTask): Promise<Found> {
  const key = `${KEY_PREFIX.once}${keyPart(working.handler)}/${keyPart(name)}`;
  return retried(() => tryToBegin(keeping, key, working), { ...keeping, signal: working.signal });
}

async function tryToBegin(keeping: WorkKeeping, key: string, { task, ask }: WorkingTask): Promise<Found> {
  const { store } = keeping;
  const begun = (version: string, isTakenOver: boolean): Found => ({
    is: 'begun',
    isTakenOver,
    work: new Work(keeping, key, task, version),
  });
  let goneToken: unknown;
  for (;;) {
    const found = await store.get(key);
    const record = found && decodeRecord('once', key, found);
    if (!record) {
      const version = await store.putIfAbsent(key, runningRecord(task), { ttlMs: LONGEST_MS });
      if (version !== undefined) return begun(version, false);
    } else if (record['state'] !== 'running') return { is: 'finished', outcome: record };
    // A write of this task's whose answer it has not got.
    else if (record['token'] === task.token) return begun(found.version, false);
    else if (record['token'] === goneToken) {
      // The service has let the first task go, and it has left no outcome.
      const version = await store.replace(key, runningRecord(task), found.version, { ttlMs: LONGEST_MS });
      if (version !== undefined) return begun(version, true);
    } else {
      const marked = markAsked(record, keeping.clock.date());
      if (!marked) return { is: 'running' };
      if ((await store.replace(key, marked, found.version, { ttlMs: LONGEST_MS })) === undefined) continue;
      if ((await ask(askedTask(record))) !== 'gone') return { is: 'running' };
      goneToken = record['token'];
    }
  }
}

const runningRecord = (task: AskedTask): Uint8Array => encodeRecord('once', { state: 'running', ...task });

/**
 * Returns the record with the date at which the service is asked, which lengthens the lease of a task that is dead.
 * Undefined if it is too early to ask again.
 */
function markAsked(record: RecordFields, now: number): Uint8Array | undefined {
  const { askedAt, gapMs = 0 } = record;
  if (typeof askedAt === 'number' && Math.abs(now - askedAt) < Number(gapMs)) return undefined;
  return encodeRecord('once', { ...record, askedAt: now, gapMs: 2 * Number(gapMs) || FIRST_GAP_MS });
}

function askedTask({ token, activityArn, scope }: RecordFields): AskedTask {
  const isTask = isText(token) && isText(activityArn) && isText(scope);
  if (isTask) return { token, activityArn, scope };
  throw new StoreError('damaged', 'the record of running work names no task');
}

/** A piece of work that this task has begun. */
export class Work {
  #version: string;

  constructor(
    private readonly keeping: WorkKeeping,
    private readonly key: string,
    private readonly task: AskedTask,
    version: string,
  ) {
    this.#version = version;
  }

  /**
   * Records how the work has ended.
   * @returns false if another task has taken over the work, so that nothing was recorded
   * @throws StoreError if the store could not be reached for a minute
   */
  finish(outcome: RecordFields): Promise<boolean> {
    const { store, keepMs } = this.keeping;
    const record = encodeRecord('once', { ...outcome, by: tokenKey(this.task.token) });
    return this.#change(
      async () => (await store.replace(this.key, record, this.#version, { ttlMs: keepMs })) !== undefined,
    );
  }

  /** Removes the record, so that the work can begin again at once. @throws StoreError */
  async free(): Promise<void> {
    await this.#change(() => this.keeping.store.deleteIf(this.key, this.#version));
  }

  /** Changes the record while it is this task's. Others change its version when they ask about this task. */
  #change(change: () => Promise<boolean>): Promise<boolean> {
    return retried(async () => {
      while (!(await change())) {
        const found = await this.keeping.store.get(this.key);
        const fields = found && decodeRecord('once', this.key, found);
        // An earlier write that got no answer may have been done nevertheless.
        if (fields?.['by'] === tokenKey(this.task.token)) return true;
        if (!found || fields?.['token'] !== this.task.token) return false;
        this.#version = found.version;
      }
      return true;
    }, this.keeping);
  }
}
