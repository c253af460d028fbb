import type { Kind } from './state.js';

/** Gives its Result, or what it was given. */
export const passKind: Kind = {
  parts: { arguments: 'JSONPath', result: true },
  leaves: 'next',
  compile(reader, { language }) {
    const fixed = language.name === 'JSONPath' ? reader.json('Result') : undefined;
    return async (_thread, view, flow) => ({
      result: fixed === undefined ? await flow.arguments(view) : fixed,
    });
  },
};
