import { runtimeFailure } from './evaluation-failure.js';

/** The values that the paths of one field may visit; four characters of a text count as one. Some 50 ms. */
const NODES = 1_000_000;

/**
 * The work that one field may still do. Spent before a value is built, so that a few characters of a definition cannot
 * hold up the service or fill its memory. No field of a real machine comes near the limit.
 */
export class WorkBudget {
  #left = NODES;

  /** True where more than a tenth has been spent since the last renewal. */
  get wasCostly(): boolean {
    return this.#left < NODES * 0.9;
  }

  /** Restores the whole budget, for the next field. */
  renew(): void {
    this.#left = NODES;
  }

  /** @throws EvaluationFailure where the budget is spent */
  spend(nodes: number): void {
    this.#left -= nodes;
    if (this.#left < 0) throw runtimeFailure('The state takes too much work to evaluate.');
  }

  /** Spends for a text that was made. @throws EvaluationFailure where the budget is spent */
  spendText(text: string): void {
    this.spend(text.length >> 2);
  }
}
