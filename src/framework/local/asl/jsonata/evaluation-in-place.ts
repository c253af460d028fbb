import { turn } from '../../../base/time/turn.js';
import { Compiler } from './evaluation/compiler.js';
import { Jobs, type Asked } from './jobs.js';

/** The most milliseconds for which a turn of the event loop may evaluate one expression. */
const LIMIT_MS = 10_000;

/**
 * Evaluates JSONata on the calling thread, for a test: no thread has to be started, and a simulation stays the same each
 * time. The outcomes come in the order of the jobs, each in a turn of its own, as if a thread had evaluated them.
 */
export class EvaluationInPlace extends Jobs {
  readonly #compiler = new Compiler(() => turn.busyMs() > LIMIT_MS);
  #last: Promise<unknown> = Promise.resolve();

  protected override begin(asked: Asked): void {
    this.#last = this.#last.then(() => this.#run(asked));
  }

  async #run(asked: Asked): Promise<void> {
    await new Promise<void>((resolve) => turn.after(resolve));
    if (this.isOpen(asked)) this.settle(asked, await this.#compiler.evaluate(asked.job));
  }
}
