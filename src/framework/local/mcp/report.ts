import type { OpenTaskRow } from '../console/api.js';
import { openTasksOf } from '../console/queries.js';
import type { Execution } from '../engine/execution.js';
import type { StepFunctions } from '../engine/step-functions.js';
import { detailsOf, viewEvent } from '../view/history-event.js';
import { Trace } from '../view/trace.js';
import { Run, type Visit } from '../view/run.js';
import { ToolError } from './tool-error.js';

/** The most characters of a state's input in the head of a report. */
const INPUT_SHOWN = 1_000;
/** The most events whose data is read from the history at once. */
const PAGE = 1_000;
/** The most names of states in a message. */
const NAMED = 50;

/**
 * Yields the state of an execution as lines: why it failed, each step as `stepwright execute --trace` prints it, the
 * tasks that somebody has to answer, and the output.
 */
export function* reportOf(execution: Execution, stepFunctions: StepFunctions): Lines {
  const { arn, status, end, history } = execution;
  const run = runOf(execution);
  const failed = run.end?.visit;
  yield `${status} ${arn}`;
  if (end?.error !== undefined) yield `error: ${end.error}`;
  if (end?.cause !== undefined) yield `cause: ${end.cause}`;
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
export function* stateReport(execution: Execution, state: string): Lines {
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

function runOf({ history }: Execution): Run {
  const run = new Run();
  while (run.events.length < history.length)
    run.add(history.page(run.events.length, PAGE, { withData: false }).map(viewEvent));
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
  const { input = '' } = (event?.stateEnteredEventDetails ?? {}) as { readonly input?: string };
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
