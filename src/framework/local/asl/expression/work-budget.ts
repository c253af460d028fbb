import { runtimeFailure } from './evaluation-failure.js';

/** How many places the paths of one field may look at, and texts as much as four characters a place: some 50 ms. */
const PLACES = 1_000_000;

/**
 * What is left of the work that one field may make. Counted before a value is built, so that a few characters of a
 * definition cannot hold up the service or fill its memory. No field of a real machine comes near it.
 */
export class WorkBudget {
  #left = PLACES;

  /** Whether what was done since the last renewal took a while. */
  get wasCostly(): boolean {
    return this.#left < PLACES * 0.9;
  }

  /** Begins anew, for the next field. */
  renew(): void {
    this.#left = PLACES;
  }

  /** @throws EvaluationFailure where nothing is left */
  spend(places: number): void {
    this.#left -= places;
    if (this.#left < 0) throw runtimeFailure('The state takes too much work to evaluate.');
  }

  /** The same, for a text that was made. */
  spendText(text: string): void {
    this.spend(text.length >> 2);
  }
}
