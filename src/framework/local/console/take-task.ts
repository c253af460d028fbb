import type { Call } from '../api/server.js';
import { ARN, checkArn } from '../api/request-validation.js';
import type { TaskOrder } from '../asl/runtime/running-execution.js';
import { HISTORY_LIMIT } from '../engine/history.js';
import type { StepFunctions } from '../engine/step-functions.js';
import type { Commands, NothingQueued, TakenTask } from './api.js';

/** The worker name that the history shows for a task that a person has taken in the console. */
const WORKER_NAME = 'console';

type Field = keyof Commands['TakeTask']['request'];
const ACTIVITY_ARN: Field = 'activityArn';
const EXECUTION: Field = 'execution';
const SCHEDULED_ID: Field = 'scheduledId';

/**
 * Takes a queued task of an activity for a person, as GetActivityTask does for a worker: the oldest, or the one that is
 * named. The page then sends the person's result or failure with the token, as a worker would.
 * @returns an empty object if no such task is queued
 */
export function takeTask(
  { checker }: Pick<Call, 'checker'>,
  { activities, clock }: StepFunctions,
): TakenTask | NothingQueued {
  const arn = checker.requiredText(ACTIVITY_ARN, ARN);
  const execution = checker.text(EXECUTION, ARN);
  const scheduledId = checker.integer(SCHEDULED_ID, 1, HISTORY_LIMIT);
  checker.done();
  const isWanted = ({ origin }: TaskOrder): boolean =>
    (execution === undefined || origin?.execution.arn === execution) &&
    (scheduledId === undefined || origin?.scheduledId === scheduledId);
  const task = activities.get(checkArn(arn, 'activity')).takeOldest(WORKER_NAME, isWanted);
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
