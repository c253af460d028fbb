import { StateFailure } from '../errors/failure.js';
import { interpret, type StateGroup } from '../runtime/interpret.js';
import type { Json } from '../values/json.js';
import type { Scope } from '../runtime/scope.js';
import type { Thread } from '../runtime/branch.js';

/** One of several threads that a state runs side by side. */
export interface Branch {
  readonly thread: Thread;
  readonly group: StateGroup | undefined;
  readonly input: Json;
}

export interface Branches {
  /** How many there are in all, and how many may run at once. */
  readonly length: number;
  readonly atOnce: number;
  /**
   * Makes the next one.
   * @param after the last event of the one whose place it takes; undefined for the first ones
   */
  begin(index: number, scope: Scope, after: number | undefined): Branch | Promise<Branch>;
  /** One has ended well. @returns the event that the parent goes on from. @default the last of the branch */
  onDone?(index: number, thread: Thread): number;
}

/** How it went: all results, or the first failure and who had not finished: the failed one first, itself included. */
export interface BranchesOutcome {
  readonly results: Json[];
  readonly failure: StateFailure | undefined;
  readonly failedIndex: number | undefined;
  readonly unfinished: readonly Thread[];
}

/**
 * Runs them all, and ends them all at the first failure. The parent thread goes on from the last event of the one
 * that decided.
 */
export async function runBranches(parent: Thread, branches: Branches): Promise<BranchesOutcome> {
  const scope = parent.scope.child();
  const running = new Map<number, Thread>();
  parent.children = running;
  const results: Json[] = Array.from({ length: branches.length }, () => null);
  if (branches.length === 0) return done(results);
  const outcome = await parent.scope.wait<BranchesOutcome | Error>((resolve) => {
    let begun = 0;
    let left = branches.length;
    const next = async (after?: number): Promise<void> => {
      const index = begun++;
      const { thread, group, input } = await branches.begin(index, scope, after);
      if (!group) throw new Error('a branch without states');
      running.set(index, thread);
      results[index] = await interpret(group, thread, input);
      running.delete(index);
      thread.variables.end();
      parent.previous = branches.onDone?.(index, thread) ?? thread.previous;
      if (--left === 0) resolve(done(results));
      else if (begun < branches.length) start(thread.previous);
    };
    const start = (after?: number): void => {
      const index = begun;
      next(after).catch((error: unknown) => {
        const thread = running.get(index);
        // Another may have failed in the same instant: the first one decides.
        if (scope.ended) return;
        scope.end();
        if (!thread || !(error instanceof StateFailure)) return resolve(asError(error));
        parent.previous = thread.previous;
        running.delete(index);
        for (const branch of [thread, ...running.values()]) branch.variables.end();
        resolve({ results, failure: error, failedIndex: index, unfinished: [thread, ...running.values()] });
      });
    };
    const startFirst = async (): Promise<void> => {
      for (let i = Math.min(branches.atOnce, branches.length); i > 0 && !scope.ended; i--) {
        const turn = parent.breathe();
        if (turn) await turn;
        start();
      }
    };
    void startFirst();
    return () => scope.end();
  });
  scope.end();
  parent.children = undefined;
  if (outcome instanceof Error) throw outcome;
  return outcome;
}

function done(results: Json[]): BranchesOutcome {
  return { results, failure: undefined, failedIndex: undefined, unfinished: [] };
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
