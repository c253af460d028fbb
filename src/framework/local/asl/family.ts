import type { StateFailure } from './failure.js';
import { interpret } from './interpret.js';
import type { Json } from './json.js';
import type { Scope } from './scope.js';
import type { StateGroup } from './state.js';
import type { Thread } from './thread.js';

/** One of several threads that a state runs side by side. */
export interface Member {
  readonly thread: Thread;
  readonly group: StateGroup | undefined;
  readonly input: Json;
}

export interface Family {
  /** How many there are in all, and how many may run at once. */
  readonly length: number;
  readonly atOnce: number;
  /**
   * Makes the next one.
   * @param after the last event of the one whose place it takes; undefined for the first ones
   */
  begin(index: number, scope: Scope, after: number | undefined): Member | Promise<Member>;
  /** One has ended well. */
  onDone?(index: number, thread: Thread): void;
}

/** How it went: all results, or the first failure and who was still running, the failed one among them, first. */
export interface FamilyOutcome {
  readonly results: Json[];
  readonly failure: StateFailure | undefined;
  readonly failedIndex: number | undefined;
  readonly members: readonly Thread[];
}

/**
 * Runs them all, and ends them all at the first failure. The parent thread goes on from the last event of the one
 * that decided.
 */
export async function runFamily(parent: Thread, family: Family): Promise<FamilyOutcome> {
  const scope = parent.scope.child();
  const running = new Map<number, Thread>();
  parent.children = running;
  const results: Json[] = Array.from({ length: family.length }, () => null);
  if (family.length === 0) return done(results);
  const outcome = await parent.scope.wait<FamilyOutcome>((resolve) => {
    let begun = 0;
    let left = family.length;
    const next = async (after?: number): Promise<void> => {
      const index = begun++;
      const { thread, group, input } = await family.begin(index, scope, after);
      if (!group) throw new Error('a branch without states');
      running.set(index, thread);
      results[index] = await interpret(group, thread, input);
      running.delete(index);
      parent.previous = thread.previous;
      family.onDone?.(index, thread);
      if (--left === 0) resolve(done(results));
      else if (begun < family.length) start(thread.previous);
    };
    const start = (after?: number): void => {
      const index = begun;
      next(after).catch((error: unknown) => {
        const thread = running.get(index) ?? parent;
        parent.previous = thread.previous;
        running.delete(index);
        const members = [thread, ...running.values()].filter((member) => member !== parent);
        resolve({ results, failure: parent.failureOf(error), failedIndex: index, members });
      });
    };
    for (let i = Math.min(family.atOnce, family.length); i > 0; i--) start();
    return () => scope.end();
  });
  scope.end();
  parent.children = undefined;
  return outcome;
}

function done(results: Json[]): FamilyOutcome {
  return { results, failure: undefined, failedIndex: undefined, members: [] };
}
