import { branchFailure } from '../errors/failure.js';
import { runBranches } from './branches.js';
import type { Reader } from '../definition/reader.js';
import type { Kind, StateContext } from '../definition/state.js';
import type { StateGroup } from '../runtime/interpret.js';

/** Runs branches side by side on the same input, and gives the list of their outputs. */
export const parallelKind: Kind = {
  events: {
    started: 'ParallelStateStarted',
    succeeded: 'ParallelStateSucceeded',
    failed: 'ParallelStateFailed',
    aborted: 'ParallelStateAborted',
  },
  parts: { arguments: true, result: true, selector: true },
  recovers: true,
  leaves: 'next',
  compile(reader, context) {
    const branches = (reader.objects('Branches') ?? []).map((each) => readBranch(each, context));
    if (branches.length === 0) reader.problem('Value cannot be empty', 'Branches');
    return async (thread, data, flow) => {
      const input = await thread.evaluate((seen) => flow.arguments(seen), data);
      const { name } = context;
      thread.checkSize(input, name);
      const started = thread.started();
      const outcome = await runBranches(thread, {
        length: branches.length,
        atOnce: branches.length,
        begin: (index, scope) => ({ thread: thread.fork(scope, started), group: branches[index], input }),
      });
      if (!outcome.failure) {
        thread.checkSize(outcome.results, name);
        return { result: outcome.results };
      }
      for (const branch of outcome.unfinished) branch.abort(thread.previous);
      throw branchFailure(outcome.failure);
    };
  },
};

function readBranch(reader: Reader, { nested }: StateContext): StateGroup {
  const group = nested(reader);
  reader.finish();
  return group;
}
