import { type AbortKind, TaskAborted } from '../declare/task-context.js';

/** The two signals of one task. Each fires once; what listens to them runs where it is called from. */
export class TaskSignals {
  readonly #aborter = new AbortController();
  readonly #drain = new AbortController();

  /** Aborts with a {@link TaskAborted}. */
  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  get shuttingDown(): AbortSignal {
    return this.#drain.signal;
  }

  /** Why the task was aborted; undefined while it was not. */
  get aborted(): TaskAborted | undefined {
    const { aborted, reason } = this.#aborter.signal;
    return aborted ? (reason as TaskAborted) : undefined;
  }

  abort(kind: AbortKind, message: string): void {
    this.#aborter.abort(new TaskAborted(kind, message));
  }

  drain(): void {
    this.#drain.abort();
  }
}
