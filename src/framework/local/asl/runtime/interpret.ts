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
 * Runs states one after another, beginning with `startAt`, until a state has no next state.
 * @returns the output of the last state. Rejects with a StateFailure if a state fails and doesn't catch it. Never
 * settles if the branch is ended from outside
 */
export async function interpret(group: StateGroup, branch: Branch, input: Json): Promise<Json> {
  let name = group.startAt;
  let value = input;
  for (;;) {
    const state = group.states.get(name);
    if (!state) throw new Error(`there is no state '${name}'`);
    const turn = branch.execution.stepCounter.step();
    if (turn) await branch.scope.keep(turn);
    const step = await branch.scope.keep(state.run(branch, value));
    if (step.next === undefined) return step.output;
    branch.execution.onTransition();
    name = step.next;
    value = step.output;
  }
}
