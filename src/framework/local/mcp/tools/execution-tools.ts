import { START_FROM } from '../../../base/local-service.js';
import type { Execution } from '../../engine/execution.js';
import { executionTest } from '../../console/execution-test.js';
import { excerpt } from '../excerpt.js';
import { FROM } from '../fields.js';
import { findExecution, findMachine } from '../find.js';
import { reportOf, stateReport } from '../report.js';
import { tool, type Tool, type ToolCall } from '../tool.js';
import { LONGEST_WAIT_SECONDS } from '../waits.js';

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

interface Followed {
  readonly executionArn: string;
}

export const executionTools: readonly Tool[] = [
  tool(
    'start_execution',
    'Starts an execution of a state machine, waits for its end, and returns its trace and output, or why it failed.',
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
      const stateMachineArn = isArn(machine) ? machine : findMachine(parts.stepFunctions, machine).arn;
      const body = { stateMachineArn, input: input ?? '{}', ...(name !== undefined && { name }) };
      const { executionArn } = await parts.call<Followed>('StartExecution', body);
      return follow(executionArn, waitSeconds, parts);
    },
  ),
  tool(
    'trace_execution',
    'Returns the status of an execution, why it failed, each step (as `stepwright execute --trace`), the tasks that wait for an answer, and the output. With `state`: the events of this state with all inputs, outputs and causes.',
    {
      execution: EXECUTION,
      state: { type: 'string', description: 'Name of a state: show its events with their data' },
      waitSeconds: { ...WAIT, description: 'Seconds to wait for the end of the execution. Default: 0' },
      from: FROM,
    },
    async ({ execution: given, state, waitSeconds = 0, from }, parts) => {
      const execution = findExecution(parts.stepFunctions, given);
      await untilEnd(execution, waitSeconds, parts);
      const text =
        state === undefined ? reportOf(execution, parts.stepFunctions) : stateReport(execution, state);
      return excerpt(text, from, 'the same call');
    },
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
      return reportText(arn, stepFunctions);
    },
    'ends',
  ),
  tool(
    'run_from_state',
    'Starts a new execution in a state of the machine, with the variables of an earlier execution and, unless `input` is given, the input that the state had there. It uses the definition of now: mend the machine, then try the state again.',
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
      excerpt(executionTest(findExecution(stepFunctions, execution)), from, 'the same call'),
    'reads',
  ),
];

const isArn = (given: string): boolean => given.startsWith('arn:');

async function follow(arn: string, seconds = DEFAULT_WAIT, parts: ToolCall): Promise<string> {
  await untilEnd(parts.stepFunctions.executions.get(arn), seconds, parts);
  return reportText(arn, parts.stepFunctions);
}

const untilEnd = (execution: Execution, seconds: number, { waits, signal }: ToolCall): Promise<unknown> =>
  waits.until(() => execution.end, seconds, signal);

const reportText = (arn: string, stepFunctions: ToolCall['stepFunctions']): string =>
  excerpt(reportOf(stepFunctions.executions.get(arn), stepFunctions), 0, `trace_execution of ${arn}`);
