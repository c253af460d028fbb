/** Options of `task.defer`. */
export interface DeferOptions {
  /** Names the task for those who complete it, such as by an order's number: 1 to 200 characters. */
  readonly id: string;
  /** A few words for those who look at the tasks that wait: at most 1,000 characters. @default none */
  readonly note?: string;
}

const TASK = Symbol.for('stepwright.deferral');

/**
 * Says that a task's result comes later, from somebody else: a person, a webhook, another machine. `task.defer()` resolves
 * to it, and the handler returns it.
 */
export class Deferral {
  /** The id under which the task was written down. @default it was deferred without one */
  readonly id: string | undefined;
  /** Keeps other objects that have an id from being taken for one. */
  protected readonly isDeferral = true;

  /** @param task the token of the task */
  constructor(task: string, id: string | undefined) {
    this.id = id;
    Object.defineProperty(this, TASK, { value: task });
  }
}

/** Returns true for a {@link Deferral}, also for one that another copy of this package has made. */
export function isDeferral(value: unknown): value is Deferral {
  return typeof value === 'object' && value !== null && TASK in value;
}

/** Returns the token of the deferral's task. */
export const taskOf = (deferral: Deferral): unknown => Reflect.get(deferral, TASK);

/** Thrown by `task.defer` if another task that the service still wants waits under the same id. */
export class DeferredIdTaken extends Error {
  override readonly name = 'DeferredIdTaken';
}
