import type { Call } from '../api/operation.js';
import { ARN, checkArn, MAX } from '../api/request-validation.js';
import { checkHeapFor } from '../api/operations/definitions.js';
import type { TaskOrder } from '../../asl/runtime/resource.js';
import { HISTORY_LIMIT } from '../engine/history.js';
import type { StepFunctions } from '../engine/step-functions.js';
import type { Commands, NothingQueued, TakenTask } from './api.js';
import { problemsIn } from '../../asl/machine.js';

/** The worker name that the history shows for a task that a person has taken in the console. */
const WORKER_NAME = 'console';

type TakeTaskField = keyof Commands['TakeTask']['request'];

/**
 * Takes a queued task of an activity for a person or an agent, as GetActivityTask does for a worker: the oldest, or the
 * named one.
 * @param workerName the name that the history shows. @default that of a person in the console
 * @returns an empty object if no such task is queued
 */
export function takeTask(
  { checker }: Pick<Call, 'checker'>,
  { activities, clock }: StepFunctions,
  workerName = WORKER_NAME,
): TakenTask | NothingQueued {
  const arn = checker.requiredText('activityArn' satisfies TakeTaskField, ARN);
  const execution = checker.text('execution' satisfies TakeTaskField, ARN);
  const scheduledId = checker.integer('scheduledId' satisfies TakeTaskField, 1, HISTORY_LIMIT);
  checker.done();
  const isWanted = ({ origin }: TaskOrder): boolean =>
    (execution === undefined || origin?.execution.arn === execution) &&
    (scheduledId === undefined || origin?.scheduledId === scheduledId);
  const task = activities.get(checkArn(arn, 'activity')).takeOldest(workerName, isWanted);
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

type CheckDefinition = Commands['CheckDefinition'];

/**
 * Returns the problems in a definition, each with the path of its field. The page calls this while a person is writing
 * the definition. Nothing is created.
 */
export function checkDefinition({ checker }: Call): CheckDefinition['answer'] {
  const field = 'definition' satisfies keyof CheckDefinition['request'];
  const definition = checker.requiredText(field, { min: 1, max: MAX.definition });
  checker.done();
  checkHeapFor(definition);
  return { problems: problemsIn(definition) };
}
