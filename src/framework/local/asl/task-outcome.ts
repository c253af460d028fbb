import { StateFailure } from './failure.js';
import type { TaskOutcome } from './run.js';

/** How long a task may take, and how long it may be silent. Both count from its start. */
export interface Limits {
  readonly timeoutSeconds: number | undefined;
  readonly heartbeatSeconds: number | undefined;
}

/**
 * Recorded from the live service: a missed heartbeat is a States.Timeout too. The AWS page "Handling errors" also
 * has States.HeartbeatTimeout, so a Retry or Catch may name either.
 */
export function taskFailure(outcome: Exclude<TaskOutcome, { kind: 'succeeded' }>): StateFailure {
  if (outcome.kind === 'failed') return new StateFailure(outcome.error, outcome.cause);
  const aliases = outcome.missed === 'heartbeat' ? ['States.HeartbeatTimeout'] : [];
  return new StateFailure('States.Timeout', undefined, { aliases, missingCause: '' });
}
