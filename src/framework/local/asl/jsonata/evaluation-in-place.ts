import { channel } from 'node:diagnostics_channel';
import { EVALUATION_ENDS, EVALUATION_STARTS } from '../../../base/local-service.js';
import type { Cancel } from '../../../base/time/clock.js';
import { turn } from '../../../base/time/turn.js';
import { Compiler } from './compiler.js';
import type { Evaluated, EvaluationJob, Evaluator } from '../expression/evaluation.js';

/** The most milliseconds for which a turn of the event loop may evaluate one expression. */
const LIMIT_MS = 10_000;

const STARTS = channel(EVALUATION_STARTS);
const ENDS = channel(EVALUATION_ENDS);

/**
 * Evaluates JSONata on the calling thread, for a test: no thread has to be started, and a simulation stays the same each
 * time. The outcomes come in the order of the jobs, each in a turn of its own, as if a thread had evaluated them.
 */
export class EvaluationInPlace implements Evaluator {
  readonly #compiler = new Compiler(() => turn.busyMs() > LIMIT_MS);
  readonly #open = new Set<EvaluationJob>();
  #last: Promise<unknown> = Promise.resolve();

  get busy(): number {
    return this.#open.size;
  }

  evaluate(job: EvaluationJob, _owner: object, done: (result: Evaluated) => void): Cancel {
    this.#open.add(job);
    STARTS.publish(job);
    this.#last = this.#last.then(() => this.#run(job, done));
    return () => this.#over(job);
  }

  close(): void {
    for (const job of this.#open) this.#over(job);
  }

  async #run(job: EvaluationJob, done: (result: Evaluated) => void): Promise<void> {
    await new Promise<void>((resolve) => turn.after(resolve));
    if (!this.#open.has(job)) return;
    const result = await this.#compiler.evaluate(job);
    if (this.#over(job)) done(result);
  }

  #over(job: EvaluationJob): boolean {
    const wasOpen = this.#open.delete(job);
    if (wasOpen) ENDS.publish(job);
    return wasOpen;
  }
}
