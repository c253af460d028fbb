import { StateFailure } from '../runtime/state-failure.js';
import type { Branch } from '../runtime/branch.js';
import { interpret, type StateGroup } from '../runtime/interpret.js';
import type { Scope } from '../runtime/scope.js';
import type { Json } from '../values/json.js';

/** A branch that is about to run, with its states and their input. */
export interface BranchStart {
  readonly branch: Branch;
  readonly group: StateGroup | undefined;
  readonly input: Json;
}

/** The branches that a state runs side by side. */
export interface BranchPlan {
  readonly length: number;
  /** The most branches that run at the same time. */
  readonly atOnce: number;
  /**
   * Makes the branch with this index.
   * @param after the id of the last event of the branch whose end made room for this one; undefined for the branches
   * that start first
   */
  begin(index: number, scope: Scope, after: number | undefined): BranchStart | Promise<BranchStart>;
  /**
   * Called when a branch has succeeded.
   * @returns the id of the event to which the parent's next event points back. @default the branch's last event
   */
  onDone?(index: number, branch: Branch): number;
}

/**
 * The results of all branches or, if a branch failed, its failure and the branches that had not finished, with the
 * failed one first.
 */
export interface BranchesOutcome {
  readonly results: Json[];
  readonly failure: StateFailure | undefined;
  readonly failedIndex: number | undefined;
  readonly unfinished: readonly Branch[];
}

/**
 * Runs all branches. The first failure ends the others. The parent's next event then points back to the last event of
 * the branch that failed or, if none did, of the branch that finished last.
 */
export async function runBranches(parent: Branch, plan: BranchPlan): Promise<BranchesOutcome> {
  if (plan.length === 0) return succeeded([]);
  const scope = parent.scope.child();
  const outcome = await parent.scope.wait<BranchesOutcome | Error>((resolve) => {
    const run = new BranchesRun(parent, plan, scope, resolve);
    parent.children = run.running;
    void run.startFirst();
    return () => scope.end();
  });
  scope.end();
  parent.children = undefined;
  if (outcome instanceof Error) throw outcome;
  return outcome;
}

class BranchesRun {
  readonly running = new Map<number, Branch>();
  readonly #results: Json[];
  #started = 0;
  #left: number;

  constructor(
    private readonly parent: Branch,
    private readonly plan: BranchPlan,
    private readonly scope: Scope,
    private readonly settle: (outcome: BranchesOutcome | Error) => void,
  ) {
    this.#left = plan.length;
    this.#results = Array.from({ length: plan.length }, () => null);
  }

  /** Starts as many branches as may run at the same time. */
  async startFirst(): Promise<void> {
    const { atOnce, length } = this.plan;
    for (let left = Math.min(atOnce, length); left > 0 && !this.scope.ended; left--) {
      const turn = this.parent.execution.stepCounter.step();
      if (turn) await turn;
      this.#startNext();
    }
  }

  #startNext(after?: number): void {
    const index = this.#started++;
    this.#run(index, after).catch((error: unknown) => this.#fail(index, error));
  }

  async #run(index: number, after: number | undefined): Promise<void> {
    const { branch, group, input } = await this.plan.begin(index, this.scope, after);
    if (!group) throw new Error('a branch without states');
    this.running.set(index, branch);
    this.#succeed(index, branch, await interpret(group, branch, input));
  }

  #succeed(index: number, branch: Branch, output: Json): void {
    this.#results[index] = output;
    this.running.delete(index);
    branch.variables.end();
    this.parent.previous = this.plan.onDone?.(index, branch) ?? branch.previous;
    if (--this.#left === 0) this.settle(succeeded(this.#results));
    else if (this.#started < this.plan.length) this.#startNext(branch.previous);
  }

  #fail(index: number, error: unknown): void {
    // Another branch may have failed at the same time. The first failure decides.
    if (this.scope.ended) return;
    this.scope.end();
    const failed = this.running.get(index);
    if (!failed || !(error instanceof StateFailure)) return this.settle(asError(error));
    this.parent.previous = failed.previous;
    this.running.delete(index);
    const unfinished = [failed, ...this.running.values()];
    for (const branch of unfinished) branch.variables.end();
    this.settle({ results: this.#results, failure: error, failedIndex: index, unfinished });
  }
}

function succeeded(results: Json[]): BranchesOutcome {
  return { results, failure: undefined, failedIndex: undefined, unfinished: [] };
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
