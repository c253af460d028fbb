import { type AbortKind, TaskAborted } from '../../../declare/task-context.js';

/** The two signals of one task. Each fires once; what listens to them runs where it is called from. Most tasks ask for none. */
export class TaskSignals {
  #aborter: AbortController | undefined;
  #drain: AbortController | undefined;
  #aborted: TaskAborted | undefined;
  #drains = false;

  /** Aborts with a {@link TaskAborted}. */
  get signal(): AbortSignal {
    this.#aborter ??= fired(this.#aborted !== undefined, this.#aborted);
    return this.#aborter.signal;
  }

  get shuttingDown(): AbortSignal {
    this.#drain ??= fired(this.#drains, undefined);
    return this.#drain.signal;
  }

  /** Why the task was aborted; undefined while it was not. */
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

/** A controller that is made when somebody asks for its signal, which may have fired before. */
function fired(already: boolean, reason: unknown): AbortController {
  const controller = new AbortController();
  if (already) controller.abort(reason);
  return controller;
}
