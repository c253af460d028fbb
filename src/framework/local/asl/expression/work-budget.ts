import { runtimeFailure } from './evaluation-failure.js';

/**
 * The most values that the paths of one field may visit, which takes about 50 ms. Four characters of a created string
 * are counted as one value.
 */
const NODES = 1_000_000;

/**
 * The work that the evaluation of one field may still do. The limit prevents a few characters of a definition from
 * blocking the service or filling its memory. No field of a real machine comes near it.
 */
export class WorkBudget {
  #left = NODES;

  /** True if more than a tenth of the budget was used since the last call of `renew`. */
  get wasCostly(): boolean {
    return this.#left < NODES * 0.9;
  }

  /** Restores the whole budget, for the next field. */
  renew(): void {
    this.#left = NODES;
  }

  /**
   * Subtracts the cost of visiting `nodes` values from the budget.
   * @throws EvaluationFailure if the budget is used up
   */
  spend(nodes: number): void {
    this.#left -= nodes;
    if (this.#left < 0) throw runtimeFailure('The state takes too much work to evaluate.');
  }

  /**
   * Subtracts the cost of a newly created string from the budget.
   * @throws EvaluationFailure if the budget is used up
   */
  spendText(text: string): void {
    this.spend(text.length >> 2);
  }
}
