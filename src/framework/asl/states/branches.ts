import { StateFailure } from '../runtime/state-failure.js';
import type { Branch } from '../runtime/branch.js';
import type { BranchProgress } from '../runtime/state-visit.js';
import { interpret, type StateGroup } from '../runtime/interpret.js';
import type { Scope } from '../runtime/scope.js';
import type { Json } from '../values/json.js';

/** A branch that is ready to run. `input` is the input of its first state. */
export interface BranchStart {
  readonly branch: Branch;
  readonly input: Json;
}

/** The branches of a Parallel or the iterations of a Map, which run at the same time. */
export interface BranchPlan {
  readonly length: number;
  /** The most branches that run at the same time. */
  readonly atOnce: number;
  /** Returns the states of the branch with this index. */
  group(index: number): StateGroup | undefined;
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
 * Runs all branches; after a redrive, those that haven't succeeded. When one fails, all others are ended. The
 * parent's next event follows the last event of the branch that failed or, if none did, of the branch that ended
 * last.
 */
export async function runBranches(parent: Branch, plan: BranchPlan): Promise<BranchesOutcome> {
  const { visit } = parent;
  const { earlier } = visit;
  visit.earlier = undefined;
  if (plan.length === 0) return succeeded([]);
  const scope = parent.scope.child();
  const known = earlier?.results.length === plan.length ? earlier : undefined;
  const outcome = await parent.scope.wait<BranchesOutcome | Error>((resolve) => {
    const run = new BranchesRun(parent, plan, scope, resolve, known);
    visit.children = run.running;
    visit.progress = run;
    void run.startFirst();
    return () => {
      scope.end();
      run.release();
    };
  });
  scope.end();
  visit.children = undefined;
  if (outcome instanceof Error) throw outcome;
  return outcome;
}

class BranchesRun implements BranchProgress<Branch> {
  readonly running = new Map<number, Branch>();
  readonly begun: Map<number, Branch>;
  readonly succeeded: Set<number>;
  readonly results: Json[];
  #started = 0;

  constructor(
    private readonly parent: Branch,
    private readonly plan: BranchPlan,
    private readonly scope: Scope,
    private readonly resolve: (outcome: BranchesOutcome | Error) => void,
    /** The progress of these branches before the execution was redriven. */
    earlier: BranchProgress<Branch> | undefined,
  ) {
    this.results = earlier ? [...earlier.results] : Array.from({ length: plan.length }, () => null);
    this.succeeded = new Set(earlier?.succeeded);
    this.begun = new Map(earlier?.begun);
  }

  /** Starts the first branches, as many as may run at the same time. */
  async startFirst(): Promise<void> {
    const { atOnce, length } = this.plan;
    const missing = length - this.succeeded.size;
    if (missing === 0) return this.#settle(succeeded(this.results));
    for (let left = Math.min(atOnce, missing); left > 0 && !this.scope.ended; left--) {
      const turn = this.parent.execution.stepCounter.step();
      if (turn) await turn;
      this.#startNext();
    }
  }

  /** Starts the next branch that hasn't succeeded. Does nothing if there is none. */
  #startNext(after?: number): void {
    while (this.succeeded.has(this.#started)) this.#started++;
    if (this.#started >= this.plan.length) return;
    const index = this.#started++;
    this.#run(index, after).catch((error: unknown) => this.#fail(index, error));
  }

  async #run(index: number, after: number | undefined): Promise<void> {
    const { scope, parent, plan } = this;
    const earlier = this.begun.get(index)?.resume(scope, parent);
    const { branch, input } = earlier
      ? { branch: earlier, input: null }
      : await plan.begin(index, scope, after);
    const group = plan.group(index);
    if (!group) throw new Error('a branch without states');
    this.running.set(index, branch);
    this.begun.set(index, branch);
    await interpret(group, branch, input, {
      succeeded: (_, output) => this.#succeed(index, branch, output),
      failed: (error) => this.#fail(index, error),
    });
  }

  #succeed(index: number, branch: Branch, output: Json): void {
    // Another branch may have failed at the same time.
    if (this.scope.ended) return;
    this.results[index] = output;
    this.running.delete(index);
    this.begun.delete(index);
    this.succeeded.add(index);
    branch.variables.end();
    this.parent.previous = this.plan.onDone?.(index, branch) ?? branch.previous;
    if (this.succeeded.size === this.plan.length) this.#settle(succeeded(this.results));
    else this.#startNext(branch.previous);
  }

  #fail(index: number, error: unknown): void {
    // Another branch may have failed at the same time. The first failure decides.
    if (this.scope.ended) return;
    this.scope.end();
    const failed = this.running.get(index);
    if (!failed || !(error instanceof StateFailure)) return this.#settle(asError(error));
    this.parent.previous = failed.previous;
    failed.variables.end();
    this.running.delete(index);
    const unfinished = [failed, ...this.running.values()];
    this.#settle({ results: this.results, failure: error, failedIndex: index, unfinished });
  }

  #settle(outcome: BranchesOutcome | Error): void {
    this.release();
    this.resolve(outcome);
  }

  /** Drops everything but the progress, which a redrive needs. */
  release(): void {
    const { visit } = this.parent;
    const { results, succeeded, begun } = this;
    for (const branch of this.running.values()) branch.variables.end();
    if (visit.progress === this) visit.progress = { results, succeeded, begun };
  }
}

function succeeded(results: Json[]): BranchesOutcome {
  return { results, failure: undefined, failedIndex: undefined, unfinished: [] };
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
