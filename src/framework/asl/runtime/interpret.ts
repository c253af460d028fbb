import type { Json } from '../values/json.js';
import type { Branch } from './branch.js';
import type { StateTestEnd } from './state-test.js';
import type { Soon } from '../expression.js';

/**
 * The outcome of a state: its output, and the name of the next state. `next` is undefined if the state was the last one
 * of its branch.
 */
export interface StateOutcome {
  readonly next: string | undefined;
  readonly output: Json;
}

export interface State {
  /** Enters the state, before it is run. */
  enter(branch: Branch, input: Json): void;
  /** Makes the first attempt to run the state. */
  run(branch: Branch, input: Json): Soon<StateOutcome>;
  /**
   * Continues the state after its first attempt has failed with an error: makes further attempts, or leaves the state
   * by its Catch. Fails with a StateFailure if the Catch doesn't catch the failure.
   */
  recover(branch: Branch, input: Json, error: unknown): Promise<StateOutcome>;
  /** Makes one attempt to run the state by itself. The branch's execution has a `stateTest`. */
  test(branch: Branch, input: Json): Promise<StateTestEnd>;
}

/** The states of a machine, of a branch or of an iteration. `startAt` is the name of the first one to run. */
export interface StateGroup {
  readonly startAt: string;
  readonly states: ReadonlyMap<string, State>;
}

/** Is told how the states of a branch have ended, unless the branch was ended from outside. */
export interface Ending {
  /** @param output the output of the last state */
  succeeded(branch: Branch, output: Json): void;
  /** @param error a StateFailure, if a state has failed and didn't catch it */
  failed(error: unknown): void;
}

/**
 * Runs states one after another until a state has no next state. Begins with `startAt` or, if the branch has a position
 * already, there.
 * @param ending is told the outcome: a promise of it would take memory for as long as a state waits. Rejects if it throws
 */
export async function interpret(
  group: StateGroup,
  branch: Branch,
  input: Json,
  ending: Ending,
): Promise<void> {
  const { scope, execution } = branch;
  let { next, value } = (branch.position ??= { next: group.startAt, value: input });
  try {
    while (next !== undefined) {
      const state = group.states.get(next);
      if (!state) throw new Error(`there is no state '${next}'`);
      const turn = execution.stepCounter.step();
      if (turn) await turn;
      if (scope.ended) break;
      state.enter(branch, value);
      // Branches that run beside each other take turns, as at the live service: all enter a state before one leaves it.
      if (branch.parent) await Promise.resolve();
      let step: StateOutcome;
      try {
        const running = state.run(branch, value);
        step = branch.parent || running instanceof Promise ? await running : running;
      } catch (error) {
        step = await state.recover(branch, value, error);
      }
      if (step.next !== undefined && !scope.ended) execution.onTransition();
      next = step.next;
      value = step.output;
    }
  } catch (error) {
    if (!scope.ended) ending.failed(error);
    return;
  }
  if (!scope.ended) ending.succeeded(branch, value);
}
