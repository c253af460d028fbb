import { StateFailure } from '../runtime/state-failure.js';
import type { Branch } from '../runtime/branch.js';
import { interpret, type StateGroup } from '../runtime/interpret.js';
import type { Scope } from '../runtime/scope.js';
import type { Json } from '../values/json.js';

/** A branch that is ready to run. `group` contains its states, `input` is the input of the first one. */
export interface BranchStart {
  readonly branch: Branch;
  readonly group: StateGroup | undefined;
  readonly input: Json;
}

/** The branches of a Parallel or the iterations of a Map, which run at the same time. */
export interface BranchPlan {
  readonly length: number;
  /** The most branches that run at the same time. */
  readonly atOnce: number;
  /**
   * Creates the branch with this index, when it is about to start.
   * @param after If only `atOnce` branches may run and this one had to wait: the id of the last event of the branch
   * that ended before it. Otherwise undefined
   */
  begin(index: number, scope: Scope, after: number | undefined): BranchStart | Promise<BranchStart>;
  /**
   * Called when a branch has succeeded.
   * @returns the id of the event that becomes the `previousEventId` of the parent's next event. @default the last event
   * of the branch
   */
  onDone?(index: number, branch: Branch): number;
}

/**
 * The outcome of all branches. If one has failed, `failure` is its failure, and `unfinished` contains that branch first
 * and then those that were still running.
 */
export interface BranchesOutcome {
  readonly results: Json[];
  readonly failure: StateFailure | undefined;
  readonly failedIndex: number | undefined;
  readonly unfinished: readonly Branch[];
}

/**
 * Runs all branches. When one fails, all others are ended. The `previousEventId` of the parent's next event is then the
 * last event of the failed branch. If none fails, it is the last event of the branch that ended last.
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

  /** Starts the first branches, as many as may run at the same time. */
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
