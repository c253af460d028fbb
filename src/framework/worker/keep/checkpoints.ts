import type { Logger } from '../../base/log/log.js';
import { within } from '../../base/time/wait.js';
import type { TaskContext } from '../../declare/task-context.js';
import type { LimitedStore } from './limited-store.js';
import type { CheckpointRef } from './record.js';
import { retried } from './store-calls.js';
import { type CheckpointWorld, removeCheckpoint, TaskCheckpoint } from './task-checkpoint.js';

/** The longest time for which a worker that stops waits for the store. */
const STOP_LIMIT_MS = 3_000;

/** The checkpoints of one handler's tasks. */
export class Checkpoints {
  readonly #world: CheckpointWorld & { readonly store: LimitedStore };
  readonly #log: Logger;
  readonly #removals = new Set<Promise<void>>();

  constructor(world: CheckpointWorld & { readonly store: LimitedStore }, log: Logger) {
    this.#world = world;
    this.#log = log;
  }

  /**
   * Makes the checkpoint of a task. @param onTaken called when the task uses it for the first time, with the record that
   * it takes
   */
  make(onTaken?: (ref: CheckpointRef) => void): TaskCheckpoint {
    return new TaskCheckpoint(this.#world, onTaken);
  }

  /** Gives a task's checkpoint the task's valid input. To be called before the handler. */
  begin(context: TaskContext, input: unknown): void {
    if (context.checkpoint instanceof TaskCheckpoint) context.checkpoint.begin(context, input);
  }

  /** Records that a task has taken a record in the thread or process that runs it. */
  adopt({ checkpoint }: TaskContext, ref: CheckpointRef): void {
    if (checkpoint instanceof TaskCheckpoint) checkpoint.ref = ref;
  }

  /** Returns the record that a task has taken; undefined if it has taken none. */
  refOf({ checkpoint }: TaskContext): CheckpointRef | undefined {
    return checkpoint instanceof TaskCheckpoint ? checkpoint.ref : undefined;
  }

  /**
   * Removes the checkpoint of a task, because the service has accepted the task's success. Returns at once; `close`
   * waits for it.
   */
  accepted(ref: CheckpointRef): void {
    const removal = this.#remove(ref).finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }

  /** Removes what is left of finished work. Takes at most 3 s, and never rejects. */
  async close(): Promise<void> {
    await within(this.#world.clock, STOP_LIMIT_MS, Promise.all(this.#removals));
    this.#world.store.close();
  }

  async #remove(ref: CheckpointRef): Promise<void> {
    const { handler, store } = this.#world;
    try {
      await retried(() => removeCheckpoint(store, ref), { ...this.#world, signal: store.closed });
    } catch (error) {
      const message = 'the checkpoint of finished work could not be removed; it stays for the time in `keep`';
      this.#log.warn({ err: error, handler, key: ref.key }, message);
    }
  }
}
