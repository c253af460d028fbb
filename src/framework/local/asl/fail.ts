import { StateFailure } from './failure.js';
import type { Kind } from './state.js';
import type { Thread } from './thread.js';
import type { Expression, View } from './view.js';

/** Ends its thread with an error. Nothing in the state itself can catch it. */
export const failKind: Kind = {
  parts: { output: false, assign: false },
  leaves: 'end',
  compile(reader, { language }) {
    const error = language.text(reader, 'Error');
    const cause = language.text(reader, 'Cause');
    return async (thread, view) => {
      throw new StateFailure(await textOf(error, thread, view), await textOf(cause, thread, view));
    };
  },
};

async function textOf(
  field: Expression | undefined,
  thread: Thread,
  view: View,
): Promise<string | undefined> {
  const value = field && (await thread.evaluate(field, view));
  return typeof value === 'string' ? value : undefined;
}
