import type { Call } from '../api/operation.js';
import { checkArn, Checker, MAX } from '../api/request-validation.js';
import type { StepFunctions } from '../engine/step-functions.js';
import type { Commands, NothingQueued, TakenTask } from './api.js';

/** The worker name in a history for a task that a person took in the console. */
const WORKER_NAME = 'console';

const ACTIVITY_ARN: keyof Commands['TakeTask']['request'] = 'activityArn';

/**
 * Leases the oldest queued task of an activity to a person. This is the only call of the console that returns a task's
 * token. The person's result or failure is sent like that of any worker.
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
