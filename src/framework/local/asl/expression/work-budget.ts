import { runtimeFailure } from './evaluation-failure.js';

/**
 * The most values that the paths of one field may visit, in some 50 ms; four characters of a created string count as
 * one value.
 */
const NODES = 1_000_000;

/**
 * The work that the evaluation of one field may still do, so that a few characters of a definition cannot hold up the
 * service or fill its memory. No field of a real machine comes near the limit.
 */
export class WorkBudget {
  #left = NODES;

  /** True where more than a tenth of the budget has been used since the last renewal. */
  get wasCostly(): boolean {
    return this.#left < NODES * 0.9;
  }

  /** Restores the whole budget, for the next field. */
  renew(): void {
    this.#left = NODES;
  }

  /**
   * Takes the cost of visiting `nodes` values from the budget. @throws EvaluationFailure where the budget is used up
   */
  spend(nodes: number): void {
    this.#left -= nodes;
    if (this.#left < 0) throw runtimeFailure('The state takes too much work to evaluate.');
  }

  /** Takes the cost of a newly created string from the budget. @throws EvaluationFailure where the budget is used up */
  spendText(text: string): void {
    this.spend(text.length >> 2);
  }
}
