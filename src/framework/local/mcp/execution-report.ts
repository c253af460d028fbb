import { messageIn } from '../../base/json.js';
import type { Execution } from '../engine/execution.js';
import type { StepFunctions } from '../engine/step-functions.js';
import type { OpenTaskRow } from '../console/api.js';
import { openTasksOf } from '../console/queries.js';
import { withCaught } from '../console/topics/executions.js';
import { detailsOf, type HistoryEvent, viewEvent } from '../view/history-event.js';
import { Run } from '../view/run.js';
import { timeoutReason } from '../view/timeout.js';
import { Trace } from '../view/trace.js';
import { iterationsOf, type Visit } from '../view/visit.js';
import { ToolError } from './tool.js';

/** The most characters of one value in a summary. */
const VALUE_SHOWN = 1_000;
/** The most tasks in a summary, and the most characters of the input of each. */
const TASKS_SHOWN = 5;
const TASK_INPUT_SHOWN = 200;
/** The most events whose data is read from the history at once. */
const PAGE = 1_000;
/** The most names of states in a message. */
const NAMED = 20;

type Lines = Generator<string, void, undefined>;

/**
 * Yields what an execution is at: its status, its output, or its error and the state that failed, and the tasks that wait
 * for an answer. Long values are cut.
 */
export function* summaryOf(execution: Execution, stepFunctions: StepFunctions): Lines {
  const { arn, status, end, history } = execution;
  const run = runOf(execution);
  const failed = run.end?.visit;
  yield `${status} ${arn}`;
  if (end?.output !== undefined) yield `output: ${cut(end.output, 'show: "output"')}`;
  if (end?.error !== undefined) yield `error: ${end.error}`;
  if (end?.cause !== undefined) yield `cause: ${cut(end.cause, 'show: "output"')}`;
  const reason = timeoutReason(run, execution.machine.definition);
  if (reason !== undefined) yield `reason: ${reason}`;
  if (failed) yield `failed in: ${placeOf(failed)}\nits input: ${inputOf(failed, execution)}`;
  yield* firstFailure(run);
  if (run.redrives > 0) yield `redrives: ${run.redrives}`;
  if (status === 'RUNNING') yield `now in: ${openStates(run.visits)}`;
  const lines = attemptsOf(run).reduce((sum, { id }) => sum + logOf(id, execution, stepFunctions).count, 0);
  if (lines > 0) yield `log: ${lines} lines of workers, by read_log`;
  yield `steps: ${history.length} events, by show: "trace"`;
  const tasks = openTasksOf(execution, stepFunctions);
  yield* taskLines(tasks.slice(0, TASKS_SHOWN), TASK_INPUT_SHOWN);
  if (tasks.length > TASKS_SHOWN) yield `and ${tasks.length - TASKS_SHOWN} more, by show: "tasks"`;
}

/** Yields each step as `stepwright execute --trace` prints it. */
export function* traceOf(execution: Execution, now: number): Lines {
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

/** Yields the whole output, or the error with its whole cause. @throws ToolError if the execution is running */
export function* outputOf({ end, name }: Execution): Lines {
  if (!end) throw new ToolError(`the execution '${name}' is running, and has no output`);
  if (end.output !== undefined) yield end.output;
  if (end.error !== undefined) yield `error: ${end.error}`;
  if (end.cause !== undefined) yield `cause: ${end.cause}`;
}

/** Yields the tasks that wait for an answer, with their whole inputs. */
export function* openTasksReport(execution: Execution, stepFunctions: StepFunctions): Lines {
  const tasks = openTasksOf(execution, stepFunctions);
  if (tasks.length === 0) yield 'No task of the execution waits for an answer.';
  yield* taskLines(tasks, Infinity);
}

/**
 * Yields the events of all visits of a state, with their data.
 * @throws ToolError if the execution has not entered the state
 */
export function* stateReport(execution: Execution, state: string): Lines {
  const run = runOf(execution);
  checkEntered(run, state);
  for (const page of pagesOf(execution))
    for (const event of page) {
      const visit = run.visitOf(event.id);
      if (visit?.name !== state) continue;
      yield `${event.id} ${event.type} (visit ${visit.id}) ${JSON.stringify(event.details ?? {})}`;
    }
}

/**
 * Yields what workers have logged about the tasks of an execution, attempt by attempt.
 * @param state the state whose attempts are wanted. @default all states
 * @throws ToolError if the execution has not entered the state
 */
export function* logReport(
  execution: Execution,
  stepFunctions: StepFunctions,
  state: string | undefined,
): Lines {
  const run = runOf(execution);
  if (state !== undefined) checkEntered(run, state);
  let isEmpty = true;
  for (const { id, title, name } of attemptsOf(run)) {
    const { count, lines, progress } = logOf(id, execution, stepFunctions);
    if ((state !== undefined && name !== state) || (count === 0 && progress === undefined)) continue;
    isEmpty = false;
    yield title;
    if (count > lines.length) yield `  the first ${count - lines.length} of ${count} lines are not kept`;
    for (const { at, level, message, fields } of lines)
      yield `  ${secondsOf(at - execution.startedAt)}  ${level} ${message}${fields === undefined ? '' : ` ${fields}`}`;
    if (progress !== undefined) yield `  progress: ${progress}`;
  }
  if (isEmpty)
    yield 'No worker has sent log lines about these tasks. A worker of Stepwright sends them if `start`, `dev` or `exec` runs it.';
}

function checkEntered({ visits }: Run, state: string): void {
  const names = new Set(visits.map(({ name }) => name));
  if (names.has(state)) return;
  const entered = [...names].slice(0, NAMED).join(', ');
  throw new ToolError(`the execution has not entered a state '${state}'; it has entered ${entered}`);
}

/** Returns the attempts of all tasks, in the order in which they were scheduled. */
function attemptsOf({ visits }: Run): { id: number; name: string; title: string }[] {
  const all = visits.flatMap((visit) =>
    visit.attempts.map(({ scheduledId: id, worker = 'no worker' }, index) => ({
      id,
      name: visit.name,
      title: `${labelOf(visit)} (attempt ${index + 1}), ${worker}:`,
    })),
  );
  return all.toSorted((a, b) => a.id - b.id);
}

function logOf(scheduledId: number, execution: Execution, { tasks }: StepFunctions) {
  const notes = tasks.notes.of(execution, scheduledId);
  const { percent, message = '' } = notes?.progress ?? {};
  return {
    count: notes?.lineCount ?? 0,
    lines: notes?.linesFrom(0) ?? [],
    progress: notes?.progress && `${percent === undefined ? '' : `${percent} % `}${message}`.trim(),
  };
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

function* pagesOf({ history }: Execution): Generator<HistoryEvent[], void, undefined> {
  for (let read = 0; read < history.length;) {
    const page = history.page(read, PAGE);
    read += page.length;
    yield page.map(viewEvent);
  }
}

/** Yields the earliest failure of a state, unless it is the one that ended the execution. */
function* firstFailure(run: Run): Lines {
  const first = run.events.find(isFailure);
  const visit = first && run.visitOf(first.id);
  if (!first || !visit || run.end?.visit?.failure?.eventId === first.id) return;
  const { error = 'an error without a name', cause } = first.details ?? {};
  const why = typeof cause === 'string' ? `: ${cut(messageIn(cause), `state: "${visit.name}"`)}` : '';
  yield `failed first in: ${labelOf(visit)}, by ${String(error)}${why} (event ${first.id})`;
}

const isFailure = ({ type, details }: HistoryEvent): boolean =>
  (!type.startsWith('Execution') && /(?:Failed|TimedOut)$/.test(type)) || details?.['caught'] === true;

const labelOf = (visit: Visit): string =>
  `${visit.name}${iterationsOf(visit)
    .map((index) => `[${index}]`)
    .join('')}`;

function placeOf(visit: Visit): string {
  const { attempts, parent } = visit;
  const attempt = attempts.length > 1 ? ` (attempt ${attempts.length})` : '';
  return `${labelOf(visit)}${attempt}${parent ? `, inside of ${parent.name}` : ''}`;
}

function inputOf({ id, name }: Visit, { history }: Execution): string {
  const [event] = history.page(id - 1, 1);
  const { input } = detailsOf(event) ?? {};
  return typeof input === 'string' ? cut(input, `state: ${JSON.stringify(name)}`) : '';
}

/** @param whole the argument of trace_execution that shows the whole value */
const cut = (value: string, whole: string, most = VALUE_SHOWN): string =>
  value.length <= most ? value : `${value.slice(0, most)}… [${value.length} characters: ${whole} shows all]`;

function openStates(visits: readonly Visit[]): string {
  const open = new Set(visits.filter(({ status }) => status === 'running').map(({ name }) => name));
  const more = open.size > NAMED ? `, and ${open.size - NAMED} more` : '';
  return `${[...open].slice(0, NAMED).join(', ')}${more}`;
}

function* taskLines(tasks: readonly OpenTaskRow[], most: number): Lines {
  if (tasks.length > 0) yield '\nTasks that wait for an answer (answer_task):';
  for (const { state, workerName, activityArn, taskToken, input } of tasks) {
    const holder = activityArn === undefined ? 'nobody else holds it' : `held by ${workerName ?? 'a worker'}`;
    yield `${state}, ${holder}: input ${cut(input, 'show: "tasks"', most)}, taskToken ${taskToken}`;
  }
}

const secondsOf = (ms: number): string => `${(Math.max(ms, 0) / 1000).toFixed(1).padStart(7)} s`;
