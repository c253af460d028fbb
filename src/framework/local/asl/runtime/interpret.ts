import type { Json } from '../values/json.js';
import type { Branch } from './branch.js';

/** What a state leads to. Without `next`, its branch is done. */
export interface Step {
  readonly next: string | undefined;
  readonly output: Json;
}

/** A state, compiled. `run` rejects with the StateFailure that nothing in it held. */
export interface State {
  run(branch: Branch, input: Json): Promise<Step>;
}

/** A set of states that lead to each other, and the one to begin with. */
export interface StateGroup {
  readonly startAt: string;
  readonly states: ReadonlyMap<string, State>;
}

/**
 * Runs states from the first to the one that ends.
 * @returns the output of the last one. Rejects with the StateFailure that ended it; stays pending where the
 * branch's scope ended
 */
export async function interpret(group: StateGroup, branch: Branch, input: Json): Promise<Json> {
  let name = group.startAt;
  let value = input;
  for (;;) {
    const state = group.states.get(name);
    if (!state) throw new Error(`there is no state '${name}'`);
    const turn = branch.yieldToEventLoop();
    if (turn) await turn;
    const step = await branch.scope.keep(state.run(branch, value));
    if (step.next === undefined) return step.output;
    branch.execution.onTransition();
    name = step.next;
    value = step.output;
  }
}
