import type { Json } from '../values/json.js';
import type { Branch } from './branch.js';

/**
 * The outcome of a state: its output, and the name of the next state. `next` is undefined if the state was the last one
 * of its branch.
 */
export interface Step {
  readonly next: string | undefined;
  readonly output: Json;
}

/** A compiled state. `run` rejects with a StateFailure if the state fails and its Catch doesn't catch the failure. */
export interface State {
  run(branch: Branch, input: Json): Promise<Step>;
}

/** The states of a machine, of a branch or of an iteration. `startAt` is the name of the first one to run. */
export interface StateGroup {
  readonly startAt: string;
  readonly states: ReadonlyMap<string, State>;
}

/**
 * Runs states one after another until a state has no next state. Begins with `startAt` or, if the branch has a position
 * already, there.
 * @returns the output of the last state. Rejects with a StateFailure if a state fails and doesn't catch it. Never
 * settles if the branch is ended from outside
 */
export async function interpret(group: StateGroup, branch: Branch, input: Json): Promise<Json> {
  let { next, value } = (branch.position ??= { next: group.startAt, value: input });
  while (next !== undefined) {
    const state = group.states.get(next);
    if (!state) throw new Error(`there is no state '${next}'`);
    const turn = branch.execution.stepCounter.step();
    if (turn) await branch.scope.keep(turn);
    const step: Step = await branch.scope.keep(state.run(branch, value));
    if (step.next !== undefined) branch.execution.onTransition();
    next = step.next;
    value = step.output;
  }
  return value;
}
