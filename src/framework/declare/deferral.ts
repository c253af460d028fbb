/** Options of `task.defer`. */
export interface DeferOptions {
  /**
   * The longest time for which the task may wait for its result, such as `'3d'`, counted from the call. Then it fails
   * with `Stepwright.DeadlineExceeded`. The state's `TimeoutSeconds` may end it earlier.
   */
  readonly until: string;
}

const BRAND = Symbol.for('stepwright.deferral');

/**
 * Says that a task's result comes later, from somebody else: a person, a webhook, another machine. Made by
 * `task.defer()`. The task is deferred when its handler returns this.
 */
export class Deferral {
  /** Names the task for `Completions`. The same for each call of one task. Reveals nothing about its token. */
  readonly id: string;
  /** The time at which the task fails if it has no result, in epoch milliseconds. */
  readonly until: number;

  constructor(id: string, until: number) {
    this.id = id;
    this.until = until;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** Returns true for a {@link Deferral}, also for one that another copy of this package has made. */
export function isDeferral(value: unknown): value is Deferral {
  return typeof value === 'object' && value !== null && BRAND in value;
}
