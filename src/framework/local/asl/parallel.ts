import { branchFailure } from './failure.js';
import { runFamily } from './family.js';
import type { Reader } from './reader.js';
import type { Kind, StateContext, StateGroup } from './state.js';

/** Runs branches side by side on the same input, and gives the list of their outputs. */
export const parallelKind: Kind = {
  parts: { arguments: true, result: true, select: true },
  recovers: true,
  leaves: 'next',
  compile(reader, context) {
    const branches = (reader.objects('Branches') ?? []).map((each) => readBranch(each, context));
    if (branches.length === 0)
      reader.problem("The field 'Branches' must have at least one branch", 'Branches');
    return async (thread, view, flow) => {
      const input = await thread.evaluate((seen) => flow.arguments(seen), view);
      const started = thread.record('ParallelStateStarted');
      const outcome = await runFamily(thread, {
        length: branches.length,
        atOnce: branches.length,
        begin: (index, scope) => ({ thread: thread.fork(scope, started), group: branches[index], input }),
      });
      if (outcome.failure) {
        outcome.members.forEach((member) => member.abort(thread.previous));
        thread.record('ParallelStateFailed');
        throw branchFailure(outcome.failure);
      }
      thread.run.record('ParallelStateSucceeded', thread.previous);
      return { result: outcome.results };
    };
  },
};

function readBranch(reader: Reader, { nested }: StateContext): StateGroup {
  const group = nested(reader);
  reader.finish();
  return group;
}
