import { START_FROM } from '../../base/local-protocol.js';
import type { Execution } from '../engine/execution.js';
import { executionTest, openTasksOf } from '../console/queries.js';
import { withCaught } from '../console/topics/executions.js';
import { excerpt, FROM, tool, type Tool, type ToolCall, ToolError } from './tool.js';
import { findExecution, findMachine } from './find.js';
import { LONGEST_WAIT_SECONDS } from './waits.js';
import type { OpenTaskRow } from '../console/api.js';
import type { StepFunctions } from '../engine/step-functions.js';
import { detailsOf, viewEvent } from '../view/history-event.js';
import { timeoutReason } from '../view/timeout.js';
import { Trace } from '../view/trace.js';
import { Run } from '../view/run.js';
import type { Visit } from '../view/visit.js';

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

/** The most characters of a state's input in the head of a report. */
const INPUT_SHOWN = 1_000;
/** The most events whose data is read from the history at once. */
const PAGE = 1_000;
/** The most names of states in a message. */
const NAMED = 50;

/**
 * Yields the state of an execution as lines: why it failed, each step as `stepwright execute --trace` prints it, the
 * tasks that wait for an answer, and the output.
 */
function* reportOf(execution: Execution, stepFunctions: StepFunctions): Lines {
  const { arn, status, end, history } = execution;
  const run = runOf(execution);
  const failed = run.end?.visit;
  yield `${status} ${arn}`;
  if (end?.error !== undefined) yield `error: ${end.error}`;
  if (end?.cause !== undefined) yield `cause: ${end.cause}`;
  const reason = timeoutReason(run, execution.machine.definition);
  if (reason !== undefined) yield `reason: ${reason}`;
  if (run.redrives > 0) yield `redrives: ${run.redrives}`;
  if (failed) yield `failed in: ${placeOf(failed)}\nits input: ${inputOf(failed, execution)}`;
  if (status === 'RUNNING') yield `now in: ${openStates(run.visits)}`;
  yield `\nTrace (${history.length} events):`;
  yield* traceOf(execution, stepFunctions.clock.now());
  yield* openTasks(execution, stepFunctions);
  if (end?.output !== undefined) yield `\noutput: ${end.output}`;
}

/**
 * Yields the events of all visits of a state, with their data.
 * @throws ToolError if the execution has not entered the state
 */
function* stateReport(execution: Execution, state: string): Lines {
  const run = runOf(execution);
  const names = new Set(run.visits.map(({ name }) => name));
  if (!names.has(state))
    throw new ToolError(
      `the execution has not entered a state '${state}'; it has entered ${[...names].slice(0, NAMED).join(', ')}`,
    );
  for (const page of pagesOf(execution))
    for (const event of page) {
      const visit = run.visitOf(event.id);
      if (visit?.name !== state) continue;
      yield `${event.id} ${event.type} (visit ${visit.id}) ${JSON.stringify(detailsOf(event) ?? {})}`;
    }
}

type Lines = Generator<string, void, undefined>;

/** Yields the lines of the trace page by page: with the causes of all failures they may take much memory. */
function* traceOf(execution: Execution, now: number): Lines {
  const lines: string[] = [];
  const trace = new Trace((line) => lines.push(line));
  for (const page of pagesOf(execution)) {
    // Only at the end it is known which tasks no worker has taken.
    trace.print(page, 0);
    yield* lines.splice(0);
  }
  trace.print([], now);
  yield* lines;
}

function runOf(execution: Execution): Run {
  const { history } = execution;
  const run = new Run();
  while (run.events.length < history.length)
    run.add(
      history
        .page(run.events.length, PAGE, { withData: false })
        .map((event) => withCaught(execution, viewEvent(event))),
    );
  return run;
}

type DatedEvent = Omit<ReturnType<Execution['history']['page']>[number], 'timestamp'> & {
  readonly timestamp: Date;
};

function* pagesOf({ history }: Execution): Generator<DatedEvent[], void, undefined> {
  for (let read = 0; read < history.length;) {
    const page = history.page(read, PAGE);
    read += page.length;
    yield page.map((event) => ({ ...event, timestamp: new Date(event.timestamp * 1000) }));
  }
}

function placeOf({ name, attempts, parent }: Visit): string {
  const attempt = attempts.length > 1 ? ` (attempt ${attempts.length})` : '';
  return `${name}${attempt}${parent ? `, inside of ${parent.name}` : ''}`;
}

function inputOf({ id, name }: Visit, { history }: Execution): string {
  const [event] = history.page(id - 1, 1);
  const { input } = detailsOf(event) ?? {};
  if (typeof input !== 'string') return '';
  if (input.length <= INPUT_SHOWN) return input;
  return `${input.slice(0, INPUT_SHOWN)}… [cut: trace_execution with state: ${JSON.stringify(name)} shows all]`;
}

function openStates(visits: readonly Visit[]): string {
  const open = visits.filter(({ status }) => status === 'running').map(({ name }) => name);
  return [...new Set(open)].join(', ');
}

function* openTasks(execution: Execution, stepFunctions: StepFunctions): Lines {
  const tasks = openTasksOf(execution, stepFunctions);
  if (tasks.length > 0) yield '\nTasks that wait for an answer (answer_task):';
  for (const task of tasks) yield taskLine(task);
}

function taskLine({ state, workerName, activityArn, taskToken, input }: OpenTaskRow): string {
  const holder = activityArn === undefined ? 'nobody else holds it' : `held by ${workerName ?? 'a worker'}`;
  return `${state}, ${holder}: input ${input}, taskToken ${taskToken}`;
}
