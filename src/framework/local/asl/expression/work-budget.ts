import { runtimeFailure } from './evaluation-failure.js';

/**
 * The most JSON values that may be visited while one field is evaluated, which takes about 50 ms. Four characters of a
 * new string are counted as one value.
 */
const NODES = 1_000_000;

/**
 * Limits the work for the evaluation of one field. Without a limit, a few characters of a definition, such as
 * `$..*..*`, could block the service or fill its memory. No field of a real machine comes near the limit.
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
