import { channel } from 'node:diagnostics_channel';
import { EVALUATION_ENDS, EVALUATION_STARTS } from '../../../base/local-service.js';
import type { Cancel } from '../../../base/time/clock.js';
import type { Evaluated, EvaluationJob, Evaluator } from '../expression/evaluation.js';

/** A job that is running or waiting. */
export interface Asked {
  readonly job: EvaluationJob;
  readonly owner: object;
  readonly done: (result: Evaluated) => void;
}

const STARTS = channel(EVALUATION_STARTS);
const ENDS = channel(EVALUATION_ENDS);

/** Keeps the jobs that are running or waiting, and tells a clock of tests of them. */
export abstract class Jobs implements Evaluator {
  readonly #open = new Set<Asked>();

  get busy(): number {
    return this.#open.size;
  }

  evaluate(job: EvaluationJob, owner: object, done: (result: Evaluated) => void): Cancel {
    const asked: Asked = { job, owner, done };
    this.#open.add(asked);
    STARTS.publish(asked);
    this.begin(asked);
    return () => void this.#over(asked);
  }

  close(): void {
    for (const asked of this.#open) this.#over(asked);
  }

  protected abstract begin(asked: Asked): void;

  /** Returns false if a job was cancelled. */
  protected isOpen(asked: Asked): boolean {
    return this.#open.has(asked);
  }

  protected settle(asked: Asked, result: Evaluated): void {
    if (this.#over(asked)) asked.done(result);
  }

  #over(asked: Asked): boolean {
    const wasOpen = this.#open.delete(asked);
    if (wasOpen) ENDS.publish(asked);
    return wasOpen;
  }
}
