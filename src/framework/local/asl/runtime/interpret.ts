import type { Json } from '../values/json.js';
import type { StateGroup } from '../definition/state.js';
import type { Thread } from './thread.js';

/**
 * Runs states from the first to the one that ends.
 * @returns the output of the last one. Rejects with the StateFailure that ended it; stays pending where the
 * thread's scope ended
 */
export async function interpret(group: StateGroup, thread: Thread, input: Json): Promise<Json> {
  let name = group.startAt;
  let value = input;
  for (;;) {
    const state = group.states.get(name);
    if (!state) throw new Error(`there is no state '${name}'`);
    const step = await thread.scope.keep(state.run(thread, value));
    if (step.next === undefined) return step.output;
    name = step.next;
    value = step.output;
  }
}
