import { type Expression, soon, type StateData } from '../expression.js';
import type { Compile } from './state.js';
import type { Branch } from '../runtime/branch.js';
import { StateFailure } from '../runtime/state-failure.js';

/** The Pass state. Its result is the field Result, or its input if it has no such field. */
export const compilePass: Compile = (reader, { language }) => {
  const fixed = language.name === 'JSONPath' ? reader.json('Result') : undefined;
  return (branch, data, flow) => {
    const result = fixed === undefined ? branch.evaluate((seen) => flow.arguments(seen), data) : fixed;
    return soon(result, (value) => ({ result: value }));
  };
};

/** The Succeed state. It ends the branch, or the execution, successfully. */
export const compileSucceed: Compile = () => () => undefined;

/** The Fail state. It ends the branch, or the execution, with an error. A Fail state can't have a Catch. */
export const compileFail: Compile = (reader, { language }) => {
  const error = language.text(reader, 'Error');
  const cause = language.text(reader, 'Cause');
  return async (branch, data) => {
    throw new StateFailure(await textOf(error, branch, data), await textOf(cause, branch, data));
  };
};

async function textOf(
  field: Expression | undefined,
  branch: Branch,
  data: StateData,
): Promise<string | undefined> {
  const value = field && (await branch.evaluate(field, data));
  return typeof value === 'string' ? value : undefined;
}
