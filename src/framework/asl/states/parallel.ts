import { branchFailure } from '../runtime/state-failure.js';
import { mocked } from '../runtime/state-test.js';
import { runBranches } from './branches.js';
import type { Reader } from '../definition/reader.js';
import type { Compile, StateContext } from './state.js';
import type { StateGroup } from '../runtime/interpret.js';

/**
 * The Parallel state. It runs its branches at the same time, with the same input. Its result is the list of their
 * outputs.
 */
export const compileParallel: Compile = (reader, context) => {
  const groups = (reader.objects('Branches') ?? []).map((each) => readBranch(each, context));
  if (groups.length === 0) reader.problem('Value cannot be empty', 'Branches');
  return async (branch, data, flow) => {
    const input = await branch.evaluate((seen) => flow.arguments(seen), data);
    const { name } = context;
    branch.json.checkSize(input, name);
    const { stateTest } = branch.execution;
    if (stateTest?.mock) return { result: mocked(stateTest.mock) };
    const started = branch.started();
    const outcome = await runBranches(branch, {
      length: groups.length,
      atOnce: groups.length,
      group: (index) => groups[index],
      begin: (_index, scope) => ({ branch: branch.fork(scope, started), input }),
    });
    if (!outcome.failure) {
      branch.json.checkSize(outcome.results, name);
      return { result: outcome.results };
    }
    // Measured at the live service: a States.Runtime in a branch ends the execution without any event between.
    if (outcome.failure.options.fatal !== true)
      for (const each of outcome.unfinished) each.abort(branch.previous);
    throw branchFailure(outcome.failure);
  };
};

function readBranch(reader: Reader, { nested }: StateContext): StateGroup {
  const group = nested(reader);
  reader.finish();
  return group;
}
