import { PUT_TASK_LOG } from '../../../base/local-protocol.js';
import { parseJson } from '../../../asl/values/json.js';
import type { OpenTask } from '../../engine/tasks/open-tasks.js';
import type { StepFunctions } from '../../engine/step-functions.js';
import type { Operation } from '../operation.js';
import { errors } from '../../engine/service-error.js';
import { MAX } from '../request-validation.js';

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

/** The longest text of each field of a log line. Longer ones are cut by the worker. */
const LINE = { level: 16, message: 8_192, fields: 65_536 };
const HASH = { min: 8, max: 8 };
const LATEST = 2 ** 53;

export const taskOperations: Record<string, Operation> = {
  /** Notes what a worker sends about its tasks. Tasks that aren't known are ignored. */
  [PUT_TASK_LOG]({ checker }, { tasks }) {
    const lines = (checker.objects('lines') ?? []).map((line) => ({
      task: line.requiredText('task', HASH),
      at: line.integer('at', 0, LATEST, true) ?? 0,
      level: line.requiredText('level', { max: LINE.level }),
      message: line.requiredText('message', { max: LINE.message }),
      fields: line.text('fields', { max: LINE.fields }),
    }));
    const progress = (checker.objects('progress') ?? []).map((each) => ({
      task: each.requiredText('task', HASH),
      at: each.integer('at', 0, LATEST, true) ?? 0,
      percent: each.integer('percent', 0, 100),
      message: each.text('message', { max: LINE.message }),
    }));
    checker.done();
    tasks.notes.listen(tasks);
    for (const { task, ...line } of lines) tasks.notes.addLine(task, line);
    for (const { task, ...each } of progress) tasks.notes.setProgress(task, each);
    return {};
  },

  SendTaskSuccess({ checker }, { tasks }) {
    const token = checker.requiredText('taskToken', TOKEN);
    const output = checker.requiredText('output', { max: MAX.data });
    checker.done();
    // The order of the checks was recorded from the live service: the token, the output, the task.
    const { subject, task } = tasks.lookUp(token);
    if (parseJson(output) === undefined) throw errors.invalidOutput(output);
    if (!task) throw errors.taskTimedOut(subject);
    task.settle({ kind: 'succeeded', output });
    return {};
  },

  SendTaskFailure({ checker }, stepFunctions) {
    const token = checker.requiredText('taskToken', TOKEN);
    const error = checker.text('error', { max: MAX.error });
    const cause = checker.text('cause', { max: MAX.cause });
    checker.done();
    findOpen(stepFunctions, token).settle({ kind: 'failed', error, cause });
    return {};
  },

  SendTaskHeartbeat({ checker }, stepFunctions) {
    const token = checker.requiredText('taskToken', TOKEN);
    checker.done();
    findOpen(stepFunctions, token).heartbeat();
    return {};
  },
};
