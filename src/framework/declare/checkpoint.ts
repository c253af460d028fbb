import type { Store } from '../base/store.js';
import type { Constructor } from './class.js';

/** The option `checkpoint` of a handler: what its tasks save with `task.checkpoint`, and how long that is kept. */
export interface CheckpointOptions<Input = unknown> {
  /** The store that the checkpoints are in. All workers that take the handler's tasks must use the same one. */
  store: Store;
  /**
   * Returns a text that names the piece of work, such as `(input: Order) => input.orderId`. Tasks of the handler with
   * the same text share a checkpoint, so a text is for one piece of work, and not used again for another.
   */
  key(input: Input): string;
  /** The time after which a checkpoint is removed, counted from the last time it was written. @default '30d' */
  keep?: string;
}

/** The progress of the work. `task.checkpoint.save` can report it as `task.progress` does. */
export interface SavedProgress {
  /** A number from 0 to 1. */
  readonly fraction?: number;
  /** A few words, cut to 256 characters. */
  readonly message?: string;
}

/**
 * The state of a piece of work, which outlives the task that saves it: the next attempt can go on from there, in
 * another worker and with a later version of the handler. Available if the handler has the option `checkpoint`. The
 * state is removed when the service has accepted the success of a task that has used it.
 *
 * The first call takes the record over from the task that has used it before, once the service has answered that it
 * wants this one. Calls that fail are repeated for up to a minute while the store is unavailable or full, or the service
 * doesn't answer. They then reject with a `StoreError`. Once the task's signal has aborted they aren't repeated.
 */
export interface Checkpoint {
  /**
   * Returns the value that was saved last for this piece of work, parsed from JSON and unchecked; undefined if there is
   * none.
   * @throws CheckpointError or StoreError, or the signal's reason; see {@link Checkpoint.save}
   */
  load(): Promise<unknown>;
  /**
   * Returns the value that was saved last, as an instance of a class, validated by the rules of the class; undefined if
   * there is none.
   * @throws CheckpointError of kind `unreadable` if the value isn't valid for the class
   */
  load<T extends object>(type: Constructor<T>): Promise<T | undefined>;
  /**
   * Saves a value as JSON, in place of the one that was saved before. The value is read when this is called. Resolves
   * when this value, or one that the task has saved after it, is durable. May be called as often as you like: while one
   * value is being written, only the newest of the others waits.
   * @param progress reported at once, as by `task.progress`
   * @throws CheckpointError of kind `taken` if a later task of the same piece of work has used the checkpoint
   * @throws TypeError for a value that JSON can't express
   */
  save(value: unknown, progress?: SavedProgress): Promise<void>;
}

/**
 * The reason why a checkpoint can't be used.
 * - `taken`: a later task of the same piece of work has taken it over, or has succeeded and removed it. Nothing that this
 *   task saves is written any more.
 * - `unreadable`: the saved value isn't valid for the class, is damaged, or was written by another release of
 *   Stepwright. What can't be read is not replaced; after a value that isn't valid for the class, `save` replaces it.
 */
export type CheckpointErrorKind = 'taken' | 'unreadable';

/** Thrown by `task.checkpoint`. If the handler doesn't catch it, the task fails with its name. */
export class CheckpointError extends Error {
  override readonly name: 'CheckpointTaken' | 'CheckpointUnreadable';
  readonly kind: CheckpointErrorKind;

  constructor(kind: CheckpointErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.name = kind === 'taken' ? 'CheckpointTaken' : 'CheckpointUnreadable';
  }
}

const off = (): Promise<never> =>
  Promise.reject(
    new TypeError(
      'task.checkpoint: this handler has no checkpoint. Set its option checkpoint: { store, key: (input) => … }, on @Handle, on @Activity or in the config',
    ),
  );

/** The checkpoint of tasks whose handler doesn't have the option `checkpoint`. Its methods reject. */
export const NO_CHECKPOINT: Checkpoint = Object.freeze({ load: off, save: off });
