import { StateFailure } from '../runtime/state-failure.js';
import type { MockedOutcome } from '../runtime/trial.js';
import type { Json } from '../values/json.js';

/** Returns the result that stands for a state's work. @throws StateFailure if a failure stands for it */
export function mocked(outcome: MockedOutcome): Json {
  if (outcome.kind === 'succeeded') return outcome.result;
  throw new StateFailure(outcome.error, outcome.cause, { missingCause: '' });
}
