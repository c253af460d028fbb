import { type AbortKind, TaskAborted } from '../../../declare/task-context.js';

/** The two abort signals of one task. Each is made only when it is first used, since most handlers use none. */
export class TaskSignals {
  #aborter: AbortController | undefined;
  #drain: AbortController | undefined;
  #aborted: TaskAborted | undefined;
  #drains = false;

  /**
   * The signal that tells the handler to stop. It aborts with a {@link TaskAborted} when the task's result is no longer
   * wanted.
   */
  get signal(): AbortSignal {
    this.#aborter ??= controller(this.#aborted !== undefined, this.#aborted);
    return this.#aborter.signal;
  }

  get shuttingDown(): AbortSignal {
    this.#drain ??= controller(this.#drains, undefined);
    return this.#drain.signal;
  }

  /** The reason for which `signal` was aborted; undefined if it wasn't. */
  get aborted(): TaskAborted | undefined {
    return this.#aborted;
  }

  abort(kind: AbortKind, message: string): void {
    this.#aborted ??= new TaskAborted(kind, message);
    this.#aborter?.abort(this.#aborted);
  }

  drain(): void {
    this.#drains = true;
    this.#drain?.abort();
  }
}

/**
 * Makes the AbortController of a signal. If the signal is used for the first time only after it should have aborted, it
 * is aborted right away.
 */
function controller(isAborted: boolean, reason: unknown): AbortController {
  const made = new AbortController();
  if (isAborted) made.abort(reason);
  return made;
}
