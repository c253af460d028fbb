import type { Abortable } from '../../base/abort.js';
import { isPlainObject } from '../../base/json.js';
import { show } from '../../base/show.js';
import { Deferral, type DeferOptions } from '../../declare/task-context.js';
import type { Clock } from '../../base/time/clock.js';
import type { TaskRef } from '../../declare/worker-events.js';
import type { Outcome } from '../../declare/outcome.js';
import type { Ask, CheckpointRef } from '../keep/record.js';
import { type Decided, DeferredTasks } from '../keep/deferred-tasks.js';
import { type LimitedStore, quietly, retried } from '../keep/limited-store.js';

interface DeferralsOptions {
  readonly store: LimitedStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly scopeOf: (activityArn: string) => string;
  readonly ask: Ask;
}

/** Writes the tasks of a worker under the ids with which their handlers have deferred them. */
export class Deferrals {
  readonly #tasks: DeferredTasks;

  constructor(private readonly options: DeferralsOptions) {
    this.#tasks = new DeferredTasks(options.store);
  }

  /**
   * Writes a task under its id. Repeats that for a minute if the store fails, or until the signal aborts.
   * @throws DeferredIdTaken, StoreError
   */
  open(
    task: TaskRef & DeferOptions & { readonly checkpoint: CheckpointRef | undefined },
    signal: Abortable,
  ): Promise<void> {
    const { clock, scopeOf, ask } = this.options;
    const written = { ...task, scope: scopeOf(task.activityArn), deferredAt: clock.date() };
    return retried(() => this.#tasks.open(written, ask), { ...this.options, signal });
  }

  /** Removes a task that has ended while it was written. Never rejects. */
  async drop(id: string, token: string): Promise<void> {
    const found = await quietly(this.#tasks.find(id));
    if (found?.task.token === token) await quietly(this.#tasks.remove(found));
  }

  /**
   * Writes down that its handler has failed a task: before the service is told, and after that again, with what it has
   * said. Resolves to false if somebody else has completed it before. If the store fails, the service decides.
   */
  async close(id: string, token: string, outcome: Outcome, told?: Decided['told']): Promise<boolean> {
    const decided = { outcome, by: 'its handler', at: this.options.clock.date(), told };
    for (;;) {
      const found = await quietly(this.#tasks.find(id));
      if (!found || found.task.token !== token) return true;
      if (found.decided && !told) return false;
      const written = await quietly(this.#tasks.decide(found, decided).then((record) => ({ record })));
      if (!written || written.record) return true;
    }
  }

  stop(): void {
    this.options.store.close();
  }
}

const MOST_ID_CHARACTERS = 200;
const MOST_NOTE_CHARACTERS = 1_000;

/** Reads the options of `task.defer`. Undefined if there are none. @throws TypeError if one is wrong */
export function readDeferOptions(options: unknown): DeferOptions | undefined {
  if (options === undefined) return undefined;
  const { id, note } = isPlainObject(options) ? options : {};
  if (isTextUpTo(id, MOST_ID_CHARACTERS) && (note === undefined || isTextUpTo(note, MOST_NOTE_CHARACTERS)))
    return { id, ...(note !== undefined && { note }) };
  throw new TypeError(
    `task.defer: expected nothing, or { id, note? }, with a text of 1 to ${MOST_ID_CHARACTERS} characters as id, and one of up to ${MOST_NOTE_CHARACTERS} as note; got ${show(options)}`,
  );
}

const NO_STORE =
  'task.defer: the config names no store for the ids of deferred tasks. Set deferred: { store }, or defer the task without an id';

/**
 * Defers a task. With an id, resolves when the task is written under it.
 * @param options the argument of `task.defer`
 * @throws TypeError, DeferredIdTaken, StoreError
 */
export async function openDeferral(
  options: unknown,
  task: TaskRef & { readonly checkpoint: CheckpointRef | undefined },
  deferrals: Deferrals | undefined,
  signal: AbortSignal,
): Promise<Deferral> {
  const read = readDeferOptions(options);
  if (read && !deferrals) throw new TypeError(NO_STORE);
  if (read) await deferrals?.open({ ...task, ...read }, signal);
  return new Deferral(task.token, read?.id);
}

const isTextUpTo = (value: unknown, most: number): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= most;
