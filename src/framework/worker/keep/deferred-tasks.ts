import { type Store, type Stored, StoreError } from '../../base/store.js';
import { DeferredIdTaken } from '../../declare/task-context.js';
import {
  type Ask,
  type AskedTask,
  type CheckpointRef,
  decodeRecord,
  encodeRecord,
  isText,
  KEY_PREFIX,
  keyPart,
  LONGEST_MS,
  readCheckpointRef,
  readEnd,
  type RecordedOutcome,
} from './record.js';
import { allKeys } from './limited-store.js';

/** A deferred task, as it is written under its id. */
export interface DeferredTask extends AskedTask {
  readonly id: string;
  readonly note?: string | undefined;
  /** The handler's name, `Class.method`. */
  readonly handler: string;
  /** The date at which it was deferred, in epoch milliseconds. */
  readonly deferredAt: number;
  /** The checkpoint to remove once the service has accepted a success. @default the task has none */
  readonly checkpoint?: CheckpointRef | undefined;
}

/** What was decided about a deferred task. */
export interface Decided {
  readonly outcome: RecordedOutcome;
  /** Who has decided it, as the caller said. @default nobody was named */
  readonly by?: string | undefined;
  /** The date at which it was decided, in epoch milliseconds. */
  readonly at: number;
  /** What the service has said to it. @default it is not known to have said anything */
  readonly told?: 'accepted' | 'gone' | undefined;
}

/** The record of a deferred task. */
export interface FoundTask {
  readonly task: DeferredTask;
  /** @default nothing was decided yet */
  readonly decided: Decided | undefined;
  readonly version: string;
}

/** What was decided is kept for this long after the service was told. */
const DECIDED_MS = 24 * 3_600_000;

/**
 * The records of deferred tasks: from an id of the user's to the token of the task that waits under it, and to what
 * was decided about it.
 */
export class DeferredTasks {
  constructor(private readonly store: Store) {}

  /**
   * Writes a task under its id, in place of one that the service no longer wants.
   * @throws DeferredIdTaken if another task waits under the id; StoreError, also if the service doesn't answer
   */
  async open(task: DeferredTask, ask: Ask): Promise<void> {
    const [key, value] = [keyOf(task.id), encodeRecord('deferred', { ...task })];
    const options = { ttlMs: LONGEST_MS };
    while ((await this.store.putIfAbsent(key, value, options)) === undefined) {
      const found = await this.find(task.id);
      if (!found) continue;
      // An earlier write of this task's whose answer it has not got.
      if (found.task.token === task.token) return;
      const wanted = await ask(found.task);
      if (wanted === 'wanted')
        throw new DeferredIdTaken(`another task that is still wanted was deferred under the id ${task.id}`);
      if (wanted === 'unknown')
        throw new StoreError(
          'unavailable',
          `another task was deferred under the id ${task.id}, and it could not be found out if it is still wanted`,
        );
      if ((await this.store.replace(key, value, found.version, options)) !== undefined) return;
    }
  }

  /** Returns the task with this id; undefined if there is none. @throws StoreError */
  async find(id: string): Promise<FoundTask | undefined> {
    const found = await this.store.get(keyOf(id));
    return found && foundIn(keyOf(id), found);
  }

  /** Returns all tasks of which the service has not been told what was decided. @throws StoreError */
  async waiting(): Promise<FoundTask[]> {
    const tasks: FoundTask[] = [];
    for (const key of await allKeys(this.store, KEY_PREFIX.deferred)) {
      const stored = await this.store.get(key);
      const found = stored && foundIn(key, stored);
      if (found && !found.decided?.told) tasks.push(found);
    }
    return tasks;
  }

  /** Writes what was decided, unless the record has changed. Returns the new record. @throws StoreError */
  async decide({ task, version }: FoundTask, decided: Decided): Promise<FoundTask | undefined> {
    const { outcome, ...rest } = decided;
    const value = encodeRecord('deferred', { ...task, decided: { ...rest, ...outcome } });
    // Until it is told, the record has the only copy of the token.
    const ttlMs = decided.told ? DECIDED_MS : LONGEST_MS;
    const written = await this.store.replace(keyOf(task.id), value, version, { ttlMs });
    return written === undefined ? undefined : { task, decided, version: written };
  }

  /** Removes a task that the service no longer wants. @throws StoreError */
  async remove({ task, version }: FoundTask): Promise<void> {
    await this.store.deleteIf(keyOf(task.id), version);
  }
}

const keyOf = (id: string): string => KEY_PREFIX.deferred + keyPart(id);

/** @throws StoreError of kind `damaged` if it isn't a deferred task */
function foundIn(key: string, stored: Stored): FoundTask {
  const fields = decodeRecord('deferred', key, stored);
  const { id, note, token, handler, activityArn, scope, deferredAt, checkpoint, decided } = fields;
  const isTask = isText(id) && isText(token) && isText(handler) && isText(activityArn) && isText(scope);
  if (!isTask) throw new StoreError('damaged', `${key} is not a whole deferred task`);
  const task = {
    id,
    token,
    handler,
    activityArn,
    scope,
    checkpoint: readCheckpointRef(checkpoint),
    ...(isText(note) && { note }),
    deferredAt: Number(deferredAt),
  };
  return { task, decided: decidedIn(decided), version: stored.version };
}

function decidedIn(value: unknown): Decided | undefined {
  const fields = (value ?? {}) as Readonly<Record<string, unknown>>;
  const outcome = readEnd(fields);
  const { by, at, told } = fields;
  if (!outcome) return undefined;
  const isTold = told === 'accepted' || told === 'gone';
  return { outcome, at: Number(at), ...(isText(by) && { by }), ...(isTold && { told }) };
}
