import { runtimeFailure } from './evaluation-failure.js';
import type { ProcessorBudget } from './processor-budget.js';

/**
 * The most JSON values that may be visited while one field is evaluated, which takes about 50 ms. Four characters of a
 * new string are counted as one value.
 */
const NODES = 1_000_000;
const NODES_PER_MS = 20_000;
/** The milliseconds of processor time in each field that aren't counted against the budget of the execution. */
const FREE_MS = 0.25;
/** The milliseconds of processor time in each evaluation in a thread that aren't counted either. */
const FREE_IN_THREAD_MS = 1;
/** The milliseconds that it takes to hand an evaluation to a thread, and its outcome back. */
const HAND_OVER_MS = 0.6;
/** JavaScript's engine collects garbage and compiles beside a thread, which takes about a third of the thread's time. */
const ENGINE = 1.3;

/**
 * Limits the work for the evaluation of one field. Without a limit, a few characters of a definition, such as
 * `$..*..*`, could block the service or fill its memory. No field of a real machine comes near the limit. What a field
 * takes beyond FREE_MS is subtracted from the budget of the whole execution too.
 */
export class WorkBudget {
  #left = NODES;
  #freeMs = FREE_MS;

  constructor(private readonly execution: ProcessorBudget) {}

  /** True if more than a tenth of the budget was used since the last call of `renew`. */
  get wasCostly(): boolean {
    return this.#left < NODES * 0.9;
  }

  /** The milliseconds of processor time that the execution may still use for costly fields. */
  get leftMs(): number {
    return this.execution.leftMs;
  }

  /** Restores the whole budget, for the next field. */
  renew(): void {
    this.#left = NODES;
    this.#freeMs = FREE_MS;
  }

  /**
   * Subtracts the cost of visiting `nodes` values from the budget.
   * @throws EvaluationFailure if the budget, or that of the execution, is used up
   */
  spend(nodes: number): void {
    this.#left -= nodes;
    if (this.#left < 0) throw runtimeFailure('The state takes too much work to evaluate.');
    if (!this.spendMs(nodes / NODES_PER_MS))
      throw runtimeFailure('The execution takes too much work to evaluate.');
  }

  /**
   * Subtracts the cost of a newly created string from the budget.
   * @throws EvaluationFailure if the budget, or that of the execution, is used up
   */
  spendText(text: string): void {
    this.spend(text.length >> 2);
  }

  /** Subtracts processor time from the execution's budget. Returns false if that budget is used up. */
  spendMs(ms: number): boolean {
    const free = this.execution.takeFree(Math.min(this.#freeMs, ms));
    this.#freeMs -= free;
    return ms === free || this.execution.use(ms - free);
  }

  /** Subtracts the processor time of an evaluation in a thread from the execution's budget. */
  spendInThread(ms: number): void {
    const all = ms + HAND_OVER_MS;
    this.execution.use((all - this.execution.takeFree(Math.min(all, FREE_IN_THREAD_MS))) * ENGINE);
  }
}
