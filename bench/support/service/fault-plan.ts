import { roll } from '../random.js';
import type { Fault, FaultHook } from '../../../src/framework/local/index.js';

/** Everything that can go wrong with a call of a worker, each as likely as the others. */
const ANY_CALL: readonly Fault[] = [
  { kind: 'reset-before' },
  { kind: 'answer-lost' },
  { kind: 'reset-during' },
  { kind: 'reset-after' },
  { kind: 'torn-body' },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503 },
  { kind: 'error', error: 'ThrottlingException' },
  { kind: 'error', error: 'ExpiredTokenException' },
  { kind: 'black-hole', closeAfterMs: 3_000 },
  { kind: 'delay', ms: 10_000 },
];

const FAULTS: Readonly<Record<string, readonly Fault[]>> = {
  GetActivityTask: [...ANY_CALL, { kind: 'error', error: 'ActivityWorkerLimitExceeded' }],
  SendTaskSuccess: [...ANY_CALL, { kind: 'error', error: 'KmsThrottlingException' }],
  SendTaskFailure: ANY_CALL,
  SendTaskHeartbeat: ANY_CALL,
};

/** A fifth of all calls, unless said otherwise. */
export const FAULT_SHARE = 0.2;

/**
 * A plan of faults that depends on the seed alone: the n-th call of an operation meets the same fault in every run.
 * Only a worker's calls are touched; a poll's closed connection is the service's own option.
 */
export function faultPlan(seed: number, share: number = FAULT_SHARE): FaultHook {
  return ({ operation, index }) => {
    const faults = FAULTS[operation];
    if (!faults || roll(seed, operation, index) >= share) return undefined;
    return faults[Math.floor(roll(seed, operation, index, 'kind') * faults.length)];
  };
}
