import type { Expression, StateData } from '../expression/state-data.js';
import type { Kind } from './state.js';
import type { Branch } from '../runtime/branch.js';
import { StateFailure } from '../runtime/state-failure.js';

/** Outputs the state's Result, or its input if it has no Result. */
export const passKind: Kind = {
  events: {},
  parts: { arguments: 'JSONPath', result: true },
  leaves: 'next',
  compile(reader, { language }) {
    const fixed = language.name === 'JSONPath' ? reader.json('Result') : undefined;
    return async (_branch, data, flow) => ({
      result: fixed === undefined ? await flow.arguments(data) : fixed,
    });
  },
};

/** Ends the branch successfully. */
export const succeedKind: Kind = {
  events: {},
  parts: { assign: false },
  leaves: 'end',
  compile: () => (_branch, data) => Promise.resolve({ result: data.root }),
};

/** Ends the branch with an error, which this state itself can't catch. */
export const failKind: Kind = {
  events: {},
  parts: { output: false, assign: false },
  leaves: 'end',
  compile(reader, { language }) {
    const error = language.text(reader, 'Error');
    const cause = language.text(reader, 'Cause');
    return async (branch, data) => {
      throw new StateFailure(await textOf(error, branch, data), await textOf(cause, branch, data));
    };
  },
};

async function textOf(
  field: Expression | undefined,
  branch: Branch,
  data: StateData,
): Promise<string | undefined> {
  const value = field && (await branch.evaluate(field, data));
  return typeof value === 'string' ? value : undefined;
}
