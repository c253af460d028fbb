import type { Call } from '../api/operation.js';
import { checkArn, Checker, MAX } from '../api/request-validation.js';
import type { StepFunctions } from '../engine/step-functions.js';
import type { Commands, NothingQueued, TakenTask } from './api.js';

/** The worker name that the history shows for a task that a person has taken in the console. */
const WORKER_NAME = 'console';

const ACTIVITY_ARN: keyof Commands['TakeTask']['request'] = 'activityArn';

/**
 * Takes the oldest queued task of an activity for a person, as GetActivityTask does for a worker. The page then sends the person's result or failure with the token, as a worker
 * would.
 * @returns an empty object if no task is queued
 */
export function takeTask({ body }: Call, { activities, clock }: StepFunctions): TakenTask | NothingQueued {
  const checker = new Checker(body);
  const arn = checker.requiredText(ACTIVITY_ARN, { min: 1, max: MAX.arn, shown: true });
  checker.done();
  const task = activities.get(checkArn(arn, 'activity')).takeOldest(WORKER_NAME);
  if (!task) return {};
  const { token, lease, order } = task;
  const { input, timeoutSeconds, heartbeatSeconds, origin } = order;
  return {
    taskToken: token,
    input,
    since: lease?.since ?? clock.now(),
    timeoutSeconds,
    heartbeatSeconds,
    execution: origin?.execution.arn,
    state: origin?.state,
  };
}
