import { showDuration } from '../../base/time/duration.js';
import { ownFailure } from '../handler/outcome/failure.js';
import type { Outcome } from '../handler/outcome/outcome.js';
import { OWN_ERROR } from '../handler/outcome/own-error.js';

/** Makes the failure of a deferred task that nobody has completed in time. @param forMs the time that it had */
export const expiredFailure = (forMs: number): Outcome =>
  ownFailure(
    OWN_ERROR.deadlineExceeded,
    `nobody completed the task within the ${showDuration(forMs)} for which it was deferred`,
  );
