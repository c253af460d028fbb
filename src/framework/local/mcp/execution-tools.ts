import { START_FROM } from '../../base/local-protocol.js';
import type { Execution } from '../engine/execution.js';
import { executionTest } from '../console/queries.js';
import { logReport, openTasksReport, outputOf, stateReport, summaryOf, traceOf } from './execution-report.js';
import {
  DOCUMENT,
  excerpt,
  FROM,
  SAME_CALL,
  tool,
  type Tool,
  type ToolCall,
  ToolError,
  LONGEST_WAIT_SECONDS,
} from './tool.js';
import { findExecution, findMachine } from './find.js';

const EXECUTION = {
  type: 'string',
  description: 'ARN or name of an execution',
  required: true,
} as const;
const WAIT = {
  type: 'integer',
  minimum: 0,
  maximum: LONGEST_WAIT_SECONDS,
  description: 'Seconds to wait for the end of the execution. Default: 5',
} as const;
const DEFAULT_WAIT = 5;
const INPUT = 'JSON: an object, or text that is JSON';

const REPORTS = {
  summary: summaryOf,
  trace: (execution: Execution, { clock }: ToolCall['stepFunctions']) => traceOf(execution, clock.now()),
  output: outputOf,
  tasks: openTasksReport,
};

interface Followed {
  readonly executionArn: string;
}

export const executionTools: readonly Tool[] = [
  tool(
    'start_execution',
    'Starts an execution of a state machine, waits for its end, and returns its output, or why and where it failed.',
    {
      machine: {
        type: 'string',
        description: 'Name of a state machine, or ARN of one, of a version or of an alias',
        required: true,
      },
      input: { description: `Input of the execution. ${INPUT}. Default: {}` },
      name: { type: 'string', description: 'Name of the execution. Default: a random one' },
      waitSeconds: WAIT,
    },
    async ({ machine, input, name, waitSeconds }, parts) => {
      const { stepFunctions } = parts;
      const stateMachineArn = isArn(machine) ? machine : findMachine(stepFunctions, machine).arn;
      const body = { stateMachineArn, input: input ?? '{}', ...(name !== undefined && { name }) };
      // Nothing of an EXPRESS execution is kept, so it can't be followed.
      if (stepFunctions.machines.named(stateMachineArn, stepFunctions.random).machine.type === 'EXPRESS')
        return JSON.stringify(await parts.call<object>('StartSyncExecution', body));
      const { executionArn } = await parts.call<Followed>('StartExecution', body);
      return follow(executionArn, waitSeconds, parts);
    },
  ),
  tool(
    'trace_execution',
    'Returns the status of an execution, its output, or its error and where it failed, and the tasks that wait for an answer. Values are cut; `show` and `state` give the rest.',
    {
      execution: EXECUTION,
      show: {
        type: 'string',
        enum: ['summary', 'trace', 'output', 'tasks'] as const,
        description:
          'trace: each step (as `stepwright execute --trace`). output: the whole output, or error and cause. tasks: those that wait for an answer, with their inputs. Default: summary',
      },
      state: {
        type: 'string',
        description: 'Instead of `show`, the name of a state: its events with all inputs, outputs and causes',
      },
      waitSeconds: { ...WAIT, description: 'Seconds to wait for the end of the execution. Default: 0' },
      from: FROM,
    },
    async ({ execution: given, show, state, waitSeconds = 0, from }, parts) => {
      if (show !== undefined && state !== undefined) throw new ToolError("give 'show' or 'state', not both");
      const execution = findExecution(parts.stepFunctions, given);
      await untilEnd(execution, waitSeconds, parts);
      const lines =
        state === undefined
          ? REPORTS[show ?? 'summary'](execution, parts.stepFunctions)
          : stateReport(execution, state);
      return excerpt(lines, { from, again: SAME_CALL });
    },
    'reads',
  ),
  tool(
    'read_log',
    'Returns the log lines and the progress that workers have sent about the tasks of an execution, attempt by attempt.',
    {
      execution: EXECUTION,
      state: { type: 'string', description: 'Name of a state: of its attempts only' },
      from: FROM,
    },
    ({ execution, state, from }, { stepFunctions }) =>
      excerpt(logReport(findExecution(stepFunctions, execution), stepFunctions, state), {
        from,
        again: SAME_CALL,
      }),
    'reads',
  ),
  tool(
    'stop_execution',
    'Stops a running execution. Its status becomes ABORTED.',
    {
      execution: EXECUTION,
      error: { type: 'string', description: 'Name of the error to record' },
      cause: { type: 'string', description: 'Cause to record' },
    },
    async ({ execution, ...why }, { stepFunctions, call }) => {
      const { arn } = findExecution(stepFunctions, execution);
      await call('StopExecution', { executionArn: arn, ...why });
      return summaryText(arn, stepFunctions);
    },
    'ends',
  ),
  tool(
    'run_from_state',
    'Starts a new execution in a state of the machine, with the variables of an earlier execution and, unless `input` is given, the input that the state had there. It uses the current definition: correct the machine, then try the state again.',
    {
      execution: { ...EXECUTION, description: 'ARN or name of the earlier execution' },
      state: {
        type: 'string',
        description: 'Name of a state at the top level of the machine',
        required: true,
      },
      input: { description: `Input of the state. ${INPUT}` },
      waitSeconds: WAIT,
    },
    async ({ execution, state, input, waitSeconds }, parts) => {
      const earlier = findExecution(parts.stepFunctions, execution).arn;
      const body = { executionArn: earlier, state, ...(input !== undefined && { input }) };
      const { executionArn } = await parts.call<Followed>(START_FROM, body);
      return follow(executionArn, waitSeconds, parts);
    },
  ),
  tool(
    'redrive_execution',
    'Continues an execution that failed, timed out or was stopped, in the states that did not succeed. It keeps the definition with which it was started.',
    { execution: EXECUTION, waitSeconds: WAIT },
    async ({ execution, waitSeconds }, parts) => {
      const { arn } = findExecution(parts.stepFunctions, execution);
      await parts.call('RedriveExecution', { executionArn: arn });
      return follow(arn, waitSeconds, parts);
    },
  ),
  tool(
    'write_test',
    'Returns the source of a test that replays an execution that has ended: on a test machine, with the answer of every task.',
    { execution: EXECUTION, from: FROM },
    ({ execution, from }, { stepFunctions }) =>
      excerpt(executionTest(findExecution(stepFunctions, execution)), {
        from,
        again: SAME_CALL,
        most: DOCUMENT,
      }),
    'reads',
  ),
];

const isArn = (given: string): boolean => given.startsWith('arn:');

async function follow(arn: string, seconds = DEFAULT_WAIT, parts: ToolCall): Promise<string> {
  await untilEnd(parts.stepFunctions.executions.get(arn), seconds, parts);
  return summaryText(arn, parts.stepFunctions);
}

const untilEnd = (execution: Execution, seconds: number, { waits, signal }: ToolCall): Promise<unknown> =>
  waits.until(() => execution.end, seconds, signal);

const summaryText = (arn: string, stepFunctions: ToolCall['stepFunctions']): string =>
  excerpt(summaryOf(stepFunctions.executions.get(arn), stepFunctions), {
    again: `trace_execution of ${arn}`,
  });
