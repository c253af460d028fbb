import type { Kind } from './state.js';

/** Ends its thread well. */
export const succeedKind: Kind = {
  parts: { assign: false },
  leaves: 'end',
  compile: () => (_thread, view) => Promise.resolve({ result: view.root }),
};
