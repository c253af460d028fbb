/**
 * The channels of `node:diagnostics_channel` on which a local service tells that an evaluation of JSONata has gone to
 * another thread, and that it has ended. A clock that a test moves waits for these: the process has nothing to do
 * meanwhile, and yet the execution goes on.
 */
export const EVALUATION_STARTS = 'stepwright.evaluation.start';
export const EVALUATION_ENDS = 'stepwright.evaluation.finish';
