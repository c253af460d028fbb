import type { Expression, StateData } from '../runtime/expression-data.js';
import type { Kind } from '../definition/state.js';
import type { Thread } from '../runtime/branch.js';
import { StateFailure } from '../errors/failure.js';

/** Gives its Result, or what it was given. */
export const passKind: Kind = {
  events: {},
  parts: { arguments: 'JSONPath', result: true },
  leaves: 'next',
  compile(reader, { language }) {
    const fixed = language.name === 'JSONPath' ? reader.json('Result') : undefined;
    return async (_thread, data, flow) => ({
      result: fixed === undefined ? await flow.arguments(data) : fixed,
    });
  },
};

/** Ends its thread well. */
export const succeedKind: Kind = {
  events: {},
  parts: { assign: false },
  leaves: 'end',
  compile: () => (_thread, data) => Promise.resolve({ result: data.root }),
};

/** Ends its thread with an error. Nothing in the state itself can catch it. */
export const failKind: Kind = {
  events: {},
  parts: { output: false, assign: false },
  leaves: 'end',
  compile(reader, { language }) {
    const error = language.text(reader, 'Error');
    const cause = language.text(reader, 'Cause');
    return async (thread, data) => {
      throw new StateFailure(await textOf(error, thread, data), await textOf(cause, thread, data));
    };
  },
};

async function textOf(
  field: Expression | undefined,
  thread: Thread,
  data: StateData,
): Promise<string | undefined> {
  const value = field && (await thread.evaluate(field, data));
  return typeof value === 'string' ? value : undefined;
}
