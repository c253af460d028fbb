import { Checker } from '../api/request-validation.js';
import type { TakenTask } from '../console/api.js';
import { takeTask } from '../console/commands.js';
import { findActivity, findExecution } from './find.js';
import { tool, type Tool, ToolError, LONGEST_WAIT_SECONDS } from './tool.js';

/** The worker name that the history shows for a task that an agent has taken. */
const WORKER_NAME = 'mcp';
/** The most characters of a task's input in an answer. */
const INPUT_SHOWN = 5_000;

export const taskTools: readonly Tool[] = [
  tool(
    'take_task',
    'Takes the oldest queued task of an activity, as a worker does, and returns its input and token. Answer it with answer_task: until then its execution waits. A worker that polls the activity takes tasks first.',
    {
      activity: { type: 'string', description: 'Name or ARN of an activity', required: true },
      execution: { type: 'string', description: 'Take a task of this execution (ARN or name) only' },
      waitSeconds: {
        type: 'integer',
        minimum: 0,
        maximum: LONGEST_WAIT_SECONDS,
        description: 'Seconds to wait for a task. Default: 5',
      },
    },
    async ({ activity: given, execution, waitSeconds = 5 }, { stepFunctions, waits, signal }) => {
      const { arn } = findActivity(stepFunctions, given);
      const of = execution === undefined ? {} : { execution: findExecution(stepFunctions, execution).arn };
      const take = (): TakenTask | undefined => {
        const task = takeTask(
          { checker: new Checker({ activityArn: arn, ...of }) },
          stepFunctions,
          WORKER_NAME,
        );
        return task.taskToken === undefined ? undefined : task;
      };
      const task = await waits.until(take, waitSeconds, signal);
      if (task) return JSON.stringify({ ...task, ...shortInput(task) }, undefined, 1);
      const { parkedPolls } = stepFunctions.activities.get(arn);
      const workers =
        parkedPolls > 0 ? `, and the workers that poll it (${parkedPolls} polls) take each task at once` : '';
      throw new ToolError(
        `no task of ${arn} is queued: start_execution starts an execution with one${workers}`,
      );
    },
  ),
  tool(
    'answer_task',
    'Completes a task with `output`, fails it with `error`, or keeps it with `heartbeat: true`. The token is that of take_task, or of a waiting task in trace_execution.',
    {
      taskToken: { type: 'string', description: 'Token of the task', required: true },
      output: { description: 'The result. JSON: any value, or text that is JSON' },
      error: { type: 'string', description: 'Name of the error, for Retry and Catch' },
      cause: { type: 'string', description: 'With `error`: the cause' },
      heartbeat: { type: 'boolean', description: 'True to send a heartbeat, and no answer yet' },
    },
    async ({ taskToken, output, error, cause, heartbeat }, { call }) => {
      const kinds = [output !== undefined, error !== undefined, heartbeat === true].filter(Boolean);
      if (kinds.length !== 1) throw new ToolError("give one of 'output', 'error' and 'heartbeat: true'");
      if (cause !== undefined && error === undefined) throw new ToolError("'cause' needs 'error'");
      if (output !== undefined) await call('SendTaskSuccess', { taskToken, output });
      else if (error === undefined) await call('SendTaskHeartbeat', { taskToken });
      else await call('SendTaskFailure', { taskToken, error, ...(cause !== undefined && { cause }) });
      return 'Accepted.';
    },
  ),
];

/** Cuts a long input. The fields say so, and how to get all of it. */
function shortInput({ input, execution }: TakenTask): object {
  if (input.length <= INPUT_SHOWN) return {};
  const whole = `trace_execution of ${execution} with show: "tasks"`;
  return { input: input.slice(0, INPUT_SHOWN), inputCut: `${input.length} characters: ${whole} shows all` };
}
