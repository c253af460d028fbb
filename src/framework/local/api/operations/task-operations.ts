import { parseJson } from '../../asl/values/json.js';
import type { OpenTask } from '../../engine/open-task.js';
import type { StepFunctions } from '../../engine/step-functions.js';
import type { Operation } from '../operation.js';
import { errors } from '../../engine/answers/service-error.js';
import { Checker, MAX } from '../request-validation.js';

const TOKEN = { min: 1, max: MAX.token, shown: true } as const;

/**
 * Returns the task to which a token belongs, if it is still open.
 * @throws ServiceError InvalidToken if the service never issued the token; TaskTimedOut if the task has ended
 */
function findOpen({ tasks }: StepFunctions, token: string): OpenTask {
  const { subject, task } = tasks.lookUp(token);
  if (!task) throw errors.taskTimedOut(subject);
  return task;
}

const sendTaskSuccess: Operation = ({ body }, stepFunctions) => {
  const checker = new Checker(body);
  const token = checker.requiredText('taskToken', TOKEN);
  const output = checker.requiredText('output', { max: MAX.data });
  checker.done();
  // The order of the checks was recorded from the live service: the token, the output, the task.
  stepFunctions.tasks.lookUp(token);
  if (parseJson(output) === undefined) throw errors.invalidOutput(output);
  findOpen(stepFunctions, token).settle({ kind: 'succeeded', output });
  return {};
};

const sendTaskFailure: Operation = ({ body }, stepFunctions) => {
  const checker = new Checker(body);
  const token = checker.requiredText('taskToken', TOKEN);
  const error = checker.text('error', { max: MAX.error });
  const cause = checker.text('cause', { max: MAX.cause });
  checker.done();
  findOpen(stepFunctions, token).settle({ kind: 'failed', error, cause });
  return {};
};

const sendTaskHeartbeat: Operation = ({ body }, stepFunctions) => {
  const checker = new Checker(body);
  const token = checker.requiredText('taskToken', TOKEN);
  checker.done();
  findOpen(stepFunctions, token).heartbeat();
  return {};
};

export const taskOperations: Record<string, Operation> = {
  SendTaskSuccess: sendTaskSuccess,
  SendTaskFailure: sendTaskFailure,
  SendTaskHeartbeat: sendTaskHeartbeat,
};
