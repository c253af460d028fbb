import type { OpenTaskRow } from '../console/api.js';
import { openTasksOf } from '../console/queries.js';
import type { Execution } from '../engine/execution.js';
import type { StepFunctions } from '../engine/step-functions.js';
import { Trace } from '../view/trace.js';
import type { Visit } from '../view/run.js';
import { ToolError } from './tool-error.js';

/** The most characters of a state's input in the head of a report. */
const INPUT_SHOWN = 1_000;
/** The most events whose data is read from the history at once. */
const PAGE = 1_000;

/**
 * Returns the state of an execution as text: why it failed, each step as `stepwright execute --trace` prints it, the
 * tasks that somebody has to answer, and the output.
 */
export function reportOf(execution: Execution, stepFunctions: StepFunctions): string {
  const { arn, status, end, history } = execution;
  const lines: string[] = [];
  const trace = new Trace((line) => lines.push(line));
  trace.print(eventsOf(execution), stepFunctions.clock.now());
  const failed = trace.run.end?.visit;
  return [
    `${status} ${arn}`,
    ...(end?.error === undefined ? [] : [`error: ${end.error}`]),
    ...(end?.cause === undefined ? [] : [`cause: ${end.cause}`]),
    ...(failed ? [`failed in: ${placeOf(failed)}`, `its input: ${inputOf(failed, execution)}`] : []),
    ...(status === 'RUNNING' ? [`now in: ${openStates(trace.run.visits)}`] : []),
    '',
    `Trace (${history.length} events):`,
    ...lines,
    ...openTasks(execution, stepFunctions),
    ...(end?.output === undefined ? [] : ['', `output: ${end.output}`]),
  ].join('\n');
}

/** Returns the events of all visits of a state, with their data. @throws ToolError if it has not been entered */
export function stateReport(execution: Execution, state: string): string {
  const trace = new Trace(() => {});
  const events = eventsOf(execution);
  trace.print(events, 0);
  const { run } = trace;
  const lines = events.flatMap(({ id, type, ...event }) => {
    const visit = run.visitOf(id);
    if (visit?.name !== state) return [];
    const details = Object.entries(event).find(([key]) => key.endsWith('EventDetails'))?.[1];
    return [`${id} ${type} (visit ${visit.id}) ${JSON.stringify(details ?? {})}`];
  });
  if (lines.length > 0) return lines.join('\n');
  const entered = [...new Set(run.visits.map(({ name }) => name))].slice(0, 50);
  throw new ToolError(
    `the execution has not entered a state '${state}'; it has entered ${entered.join(', ')}`,
  );
}

type DatedEvent = Omit<ReturnType<Execution['history']['page']>[number], 'timestamp'> & {
  readonly timestamp: Date;
};

function eventsOf({ history }: Execution): DatedEvent[] {
  const events: DatedEvent[] = [];
  while (events.length < history.length)
    for (const event of history.page(events.length, PAGE))
      events.push({ ...event, timestamp: new Date(event.timestamp * 1000) });
  return events;
}

function placeOf({ name, attempts, parent }: Visit): string {
  const attempt = attempts.length > 1 ? ` (attempt ${attempts.length})` : '';
  return `${name}${attempt}${parent ? `, inside of ${parent.name}` : ''}`;
}

function inputOf({ id, name }: Visit, { history }: Execution): string {
  const [event] = history.page(id - 1, 1);
  const { input = '' } = (event?.stateEnteredEventDetails ?? {}) as { readonly input?: string };
  if (input.length <= INPUT_SHOWN) return input;
  return `${input.slice(0, INPUT_SHOWN)}… [cut: trace_execution with state: ${JSON.stringify(name)} shows all]`;
}

function openStates(visits: readonly Visit[]): string {
  const open = visits.filter(({ status }) => status === 'running').map(({ name }) => name);
  return [...new Set(open)].join(', ');
}

function openTasks(execution: Execution, stepFunctions: StepFunctions): string[] {
  const tasks = openTasksOf(execution, stepFunctions);
  if (tasks.length === 0) return [];
  return ['', 'Tasks that wait for an answer (answer_task):', ...tasks.map(taskLine)];
}

function taskLine({ state, workerName, activityArn, taskToken, input }: OpenTaskRow): string {
  const holder = activityArn === undefined ? 'nobody else holds it' : `held by ${workerName ?? 'a worker'}`;
  return `${state}, ${holder}: input ${input}, taskToken ${taskToken}`;
}
