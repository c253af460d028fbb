/**
 * What can go wrong with an attempt.
 * - `lost-token`: the answer to the poll never arrives, so nobody has the task.
 * - `worker-dies`: the handler begins, and is never heard of again.
 * - `throttled`: the first report is throttled, and repeated.
 * - `none`: nothing.
 */
export type Fault = (typeof FAULTS)[number];

export const FAULTS = ['lost-token', 'worker-dies', 'throttled', 'none'] as const;
