/** Options of `task.defer`. */
export interface DeferOptions {
  /**
   * The longest time for which the task may wait for its result, such as `'3d'`, counted from the call. Then it fails
   * with `Stepwright.DeadlineExceeded`. The state's `TimeoutSeconds` may end it earlier.
   */
  readonly until: string;
  /**
   * Names the piece of work for `Completions`, such as an order's number: 1 to 200 characters. If an earlier task was
   * deferred with the same id, such as by an attempt that timed out, this one takes its place.
   * @default a text that nobody can guess
   */
  readonly id?: string;
}

const TASK = Symbol.for('stepwright.deferral');

/**
 * Says that a task's result comes later, from somebody else: a person, a webhook, another machine. Made by
 * `task.defer()`. The task is deferred when its handler returns this.
 */
export class Deferral {
  /** Names the task for `Completions`. Reveals nothing about its token. */
  readonly id: string;
  /** The time at which the task fails if it has no result, in epoch milliseconds. */
  readonly until: number;

  /** @param task a text that only this task has */
  constructor(task: string, id: string, until: number) {
    this.id = id;
    this.until = until;
    Object.defineProperty(this, TASK, { value: task });
  }
}

/** Returns true for a {@link Deferral}, also for one that another copy of this package has made. */
export function isDeferral(value: unknown): value is Deferral {
  return typeof value === 'object' && value !== null && TASK in value;
}

/** Returns the text that only the deferral's task has. */
export const taskOf = (deferral: Deferral): unknown => Reflect.get(deferral, TASK);
