import { type AbortKind, TaskAborted } from '../../../declare/task-context.js';

/**
 * The two signals of one task, each made at its first use: most handlers use none. A signal aborts at most once, and
 * its listeners run synchronously.
 */
export class TaskSignals {
  #aborter: AbortController | undefined;
  #drain: AbortController | undefined;
  #aborted: TaskAborted | undefined;
  #drains = false;

  /** Aborts with a {@link TaskAborted}. */
  get signal(): AbortSignal {
    this.#aborter ??= controller(this.#aborted !== undefined, this.#aborted);
    return this.#aborter.signal;
  }

  get shuttingDown(): AbortSignal {
    this.#drain ??= controller(this.#drains, undefined);
    return this.#drain.signal;
  }

  /** The reason of the abort; undefined before it. */
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

/** Makes the controller of a signal that is first used now, perhaps after it has aborted. */
function controller(isAborted: boolean, reason: unknown): AbortController {
  const made = new AbortController();
  if (isAborted) made.abort(reason);
  return made;
}
