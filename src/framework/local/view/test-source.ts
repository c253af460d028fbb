import { kindOf, transitionsOf } from '../../asl/kinds.js';
import type { HistoryEvent } from './history-event.js';
import { type Attempt, holdsStates, iterationsOf, type Visit } from './visit.js';
import { Run } from './run.js';

export interface EndedExecution {
  readonly name: string;
  readonly machine: string;
  readonly definition: string;
  /** JSON. */
  readonly input: string;
  readonly status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  /** JSON; undefined unless the execution succeeded. */
  readonly output: string | undefined;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  /** The whole history, with the inputs and outputs in `details`. */
  readonly events: readonly HistoryEvent[];
}

/** The most tasks of activities and callbacks that a test answers one by one. */
const MOST_ANSWERS = 500;

/** Says why an execution can't be written as a test. */
export class NoTestError extends Error {
  override readonly name = 'NoTestError';
}

/**
 * Returns the source of a test that runs an execution again on a test machine. Tasks of activities and callbacks are
 * answered by hand, in the order of the history; other resources by mocks. Inputs, outputs and the path are compared
 * where they are the same in each run.
 * @throws NoTestError if the execution was redriven, has a map run, began with variables, or has more than {@link MOST_ANSWERS}
 * tasks to answer
 */
export function testSource(execution: EndedExecution): string {
  const run = new Run();
  run.add(execution.events);
  if (execution.events.some(({ type }) => type === 'ExecutionRedriven'))
    throw new NoTestError('This execution was redriven, and a test machine runs an execution once');
  if (execution.events.some(({ type }) => type === 'MapRunStarted'))
    throw new NoTestError('This execution has a map run, whose tasks are those of other executions');
  const { startedFrom, assignedVariables } = run.events[0]?.details ?? {};
  if (assignedVariables !== undefined)
    throw new NoTestError(
      'This execution began in a state with the variables of another one, which a test machine can not set',
    );
  const calls = callsOf(run);
  const byHand = calls.filter((each) => each.kind === 'hand');
  if (byHand.length > MOST_ANSWERS)
    throw new NoTestError(
      `This execution has ${byHand.length} tasks to answer; a test is written for at most ${MOST_ANSWERS}`,
    );
  const facts = { ...execution, run, isStable: !UNSTABLE.test(execution.definition) };
  const options = mocksOf(calls.filter((each) => each.kind === 'mock'));
  return `${[
    "import { expect, test } from '@jest/globals';",
    "import { createTestMachine } from 'stepwright/testing';",
    '',
    `const definition = ${literal(startingWhere(execution.definition, run))};`,
    '',
    `test(${quoted(`${execution.machine}: ${execution.name} ${ENDS[execution.status]}`)}, async () => {`,
    `  await using machine = await createTestMachine(definition${options});`,
    `  const run = await machine.start(${startedFrom === undefined ? literal(execution.input, 2) : firstInput(run)}, { name: ${quoted(execution.name)} });`,
    ...answers(byHand, facts),
    ...ending(facts),
    '});',
    ...(options.includes(`: ${BY_ITERATION}(`) ? [HELPER.trimEnd()] : []),
  ].join('\n')}\n`;
}

const ENDS = { SUCCEEDED: 'succeeds', FAILED: 'fails', TIMED_OUT: 'times out', ABORTED: 'is stopped' };
const STATUSES = { SUCCEEDED: 'succeeded', FAILED: 'failed', TIMED_OUT: 'timedOut', ABORTED: 'aborted' };

/** Matches a definition whose data may differ from run to run: times, random values, names and tokens. */
const UNSTABLE =
  /\$\$\.|\$states\.context|States\.(?:UUID|MathRandom)|\$(?:uuid|random|now|millis|shuffle)\b/;

interface Facts extends EndedExecution {
  readonly run: Run;
  /** True if the data are the same in each run. */
  readonly isStable: boolean;
}

/** Returns the input of the first state, as an expression: an execution that began in a state began with it. */
function firstInput({ visits, events }: Run): string {
  return data(events[(visits[0]?.id ?? 0) - 1]?.details?.['input'], 2);
}

/** Returns the definition, beginning where the execution did: one that was started from a state begins there. */
function startingWhere(definition: string, run: Run): string {
  const first = run.visits[0]?.name;
  const parsed = JSON.parse(definition) as { StartAt?: string; States?: Record<string, object> };
  const { StartAt, States = {} } = parsed;
  if (first === undefined || first === StartAt || !Object.hasOwn(States, first)) return definition;
  // States before the first can't be reached any more, and would be refused.
  const reached = new Set([first]);
  for (const name of reached) for (const { to } of transitionsOf(States[name] ?? {})) reached.add(to);
  const left = Object.entries(States).filter(([name]) => reached.has(name));
  return JSON.stringify({ ...parsed, StartAt: first, States: Object.fromEntries(left) });
}

/** Returns the options of the test machine, as the second argument of a call; empty if there are no mocks. */
function mocksOf(calls: readonly Call[]): string {
  const states = groups(calls, ({ state }) => state);
  if (states.size === 0) return '';
  const lines = [...states].map(
    ([state, list]) => `      ${quoted(`TestMachine.${state}`)}: ${mockOf(list)},`,
  );
  return `, {\n    resources: {\n${lines.join('\n')}\n    },\n  }`;
}

/** Returns the mock of a state: one answer, a list of them, or a list for each iteration, where these differ. */
function mockOf(calls: readonly Call[]): string {
  const answers = calls.map((each) => mockAnswer(each, `() => ${NEVER}`));
  const [first = ''] = answers;
  if (answers.every((each) => each === first)) return first;
  const lanes = groups(calls, ({ iterations }) => iterations.join());
  if (lanes.size === 1) return listed(answers, 6);
  const lines = [...lanes].map(
    ([lane, list]) =>
      `        ${quoted(lane)}: ${listed(
        list.map((each) => mockAnswer(each, `{ output: ${NEVER} }`)),
        8,
      )},`,
  );
  return `${BY_ITERATION}({\n${lines.join('\n')}\n      })`;
}

const listed = (texts: readonly string[], indent: number): string => {
  const space = ' '.repeat(indent);
  return `[\n${texts.map((each) => `${space}  ${each},`).join('\n')}\n${space}]`;
};

function groups(calls: readonly Call[], key: (call: Call) => string): Map<string, Call[]> {
  const found = new Map<string, Call[]>();
  for (const each of calls) found.set(key(each), [...(found.get(key(each)) ?? []), each]);
  return found;
}

const BY_ITERATION = 'byIteration';
/** The function in a test that makes the mock of a state in a Map, of the answers in each iteration. */
const HELPER = `
type Answer = { output: unknown } | { error: string; cause?: string };

/** Answers the calls of each iteration of a Map with its own list. */
function ${BY_ITERATION}(answers: Record<string, Answer[]>) {
  return (_input: unknown, { iterations }: { iterations: readonly number[] }): unknown => {
    const answer = answers[iterations.join()]?.shift() ?? { error: 'TestError', cause: 'one call too many' };
    if ('output' in answer) return answer.output;
    throw Object.assign(new Error(answer.cause), { name: answer.error });
  };
}
`;

const NEVER = 'new Promise(() => {})';

/** @param never the answer that never comes */
function mockAnswer({ ended, submitted }: Call, never: string): string {
  if (submitted) return `{ output: ${data(submitted.details?.['output'], 8)} }`;
  if (ended?.type.endsWith('Succeeded')) return `{ output: ${data(ended.details?.['output'], 8)} }`;
  if (!ended || ended.type.endsWith('TimedOut')) return never;
  const { error, cause } = ended.details ?? {};
  const because = typeof cause === 'string' ? `, cause: ${quoted(cause)}` : '';
  return `{ error: ${quoted(textOf(error, 'States.TaskFailed'))}${because} }`;
}

/** Some lines of the test, and the event that they repeat. */
interface TestLines {
  readonly event: HistoryEvent;
  readonly isAnswer: boolean;
  readonly lines: readonly string[];
}

/** Returns the lines that take and answer the tasks, in the order in which that happened. */
function answers(calls: readonly Call[], { isStable, run }: Facts): string[] {
  const steps = calls
    .flatMap((call, at) => stepsOf(call, `task${at + 1}`, isStable))
    .toSorted((a, b) => a.event.id - b.event.id);
  return isTimed(run) ? timed(steps, run) : steps.flatMap(({ lines }) => lines);
}

/** Returns the steps of one task. A task that was never answered has none: the end of the execution ended it. */
function stepsOf(
  { ended, submitted, scheduled, ...call }: Call,
  name: string,
  isStable: boolean,
): TestLines[] {
  if (!ended) return [];
  const isTimeout = ended.type.endsWith('TimedOut');
  const input = scheduled.details?.[submitted ? 'parameters' : 'input'];
  const taken = [
    `  ${isStable || !isTimeout ? `const ${name} = ` : ''}await run.task(${quoted(call.state)}${laneOf(call)});`,
    ...(isStable ? [`  expect(${name}.input).toEqual(${data(input, 2)});`] : []),
    ...(isTimeout ? ['  // No answer: the task times out.'] : []),
  ];
  const take = { event: scheduled, isAnswer: false, lines: taken };
  if (isTimeout) return [take];
  return [take, { event: ended, isAnswer: true, lines: [`  await ${name}.${report(ended)};`] }];
}

/**
 * Returns true if the order in which things happen may depend on time: some branches or iterations ran beside each
 * other, and something waited.
 */
const isTimed = ({ visits }: Run): boolean =>
  visits.some(holdsStates) &&
  visits.some(({ type, attempts, starts }) => kindOf(type)?.waits || attempts.length > 1 || starts > 1);

/** Returns the lines of the steps, with each answer at the time at which it was sent. */
function timed(steps: readonly TestLines[], { events }: Run): string[] {
  let now = events[0]?.at ?? 0;
  return steps.flatMap(({ event, isAnswer, lines }) => {
    const waitMs = Math.round(event.at - now);
    now = Math.max(now, event.at);
    return isAnswer && waitMs > 0 ? [`  await run.advance('${waitMs}ms');`, ...lines] : lines;
  });
}

function laneOf({ iterations }: Pick<Call, 'iterations'>): string {
  if (iterations.length === 0) return '';
  return `, { iteration: ${iterations.length === 1 ? iterations[0] : `[${iterations.join(', ')}]`} }`;
}

function report({ type, details = {} }: HistoryEvent): string {
  if (type.endsWith('Succeeded')) return `succeed(${data(details['output'], 2)})`;
  const { error, cause } = details;
  return `fail(${quoted(textOf(error, ''))}${typeof cause === 'string' ? `, ${quoted(cause)}` : ''})`;
}

function ending({ status, output, error, cause, run, isStable }: Facts): string[] {
  const isStopped = status === 'ABORTED';
  const reason = [error, cause].filter((each) => each !== undefined).map(quoted);
  const fields = [
    `status: ${quoted(STATUSES[status])}`,
    ...(isStable && output !== undefined ? [`output: ${literal(output, 2)}`] : []),
    ...(status === 'FAILED' && error !== undefined ? [`error: ${quoted(error)}`] : []),
  ];
  const isSequence = !run.visits.some(holdsStates);
  const path = run.visits.map(({ name }) => quoted(name)).join(', ');
  return [
    ...(isStopped ? [`  await run.advance('${quietMs(run)}ms');`] : []),
    `  const result = await ${isStopped ? `run.stop(${reason.join(', ')})` : 'run.result()'};`,
    `  expect(result).toEqual(expect.objectContaining({ ${fields.join(', ')} }));`,
    ...(isSequence && !isStopped ? [`  expect(result.path).toEqual([${path}]);`] : []),
  ];
}

/** Returns how long nothing was answered before the execution ended, in milliseconds. */
function quietMs({ events }: Run): number {
  const last = events.at(-1)?.at ?? 0;
  const answer = events.findLast(({ type }) => /^(?:Activity|Task)(?:Succeeded|Failed|TimedOut)$/.test(type));
  return Math.max(0, Math.round(last - ((answer ?? events[0])?.at ?? last)));
}

const data = (json: unknown, indent: number): string =>
  typeof json === 'string' ? literal(json, indent) : 'null';

const textOf = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);

/** A call of a task: by hand, or by a mock that answers it. */
interface Call {
  readonly kind: 'hand' | 'mock';
  readonly state: string;
  /** The indexes of the Map iterations around the state, the outermost first. */
  readonly iterations: readonly number[];
  readonly scheduled: HistoryEvent;
  /** The event that ended the call; undefined if the call was still open when the execution ended. */
  readonly ended: HistoryEvent | undefined;
  /** The event with which a `.waitForTaskToken` resource gave out the token; undefined for other calls. */
  readonly submitted: HistoryEvent | undefined;
}

/** Returns the calls of all attempts, in the order in which they were scheduled. A callback has one of each kind. */
function callsOf({ visits, events }: Run): Call[] {
  const submitted = submissionsIn(events);
  const callsOfAttempt = (visit: Visit, attempt: Attempt): Call[] => {
    const scheduled = events[attempt.scheduledId - 1];
    if (!scheduled) return [];
    const ended = attempt.endedId === undefined ? undefined : events[attempt.endedId - 1];
    const call = {
      state: visit.name,
      iterations: iterationsOf(visit),
      scheduled,
      ended,
      submitted: undefined,
    };
    if (scheduled.type === 'ActivityScheduled') return [{ ...call, kind: 'hand' }];
    const given = isCallback(scheduled) ? submitted.get(scheduled.id) : undefined;
    if (!given) return [{ ...call, kind: 'mock' }];
    return [
      { ...call, kind: 'mock', submitted: given },
      { ...call, kind: 'hand', submitted: given },
    ];
  };
  return visits
    .flatMap((visit) => visit.attempts.flatMap((attempt) => callsOfAttempt(visit, attempt)))
    .toSorted((a, b) => a.scheduled.id - b.scheduled.id);
}

const isCallback = ({ details }: HistoryEvent): boolean =>
  String(details?.['resource']).endsWith('.waitForTaskToken');

/** Returns each TaskSubmitted event by the id of the TaskScheduled event that it leads back to. */
function submissionsIn(events: readonly HistoryEvent[]): Map<number, HistoryEvent> {
  const found = new Map<number, HistoryEvent>();
  for (const each of events) {
    if (each.type !== 'TaskSubmitted') continue;
    let at: HistoryEvent | undefined = each;
    while (at && at.type !== 'TaskScheduled') at = events[at.previous - 1];
    if (at) found.set(at.id, each);
  }
  return found;
}

/** Returns JSON as a TypeScript expression. A member `__proto__` would set the prototype of an object literal. */
function literal(json: string, indent = 0): string {
  if (json.includes('__proto__')) return `JSON.parse(${quoted(json)})`;
  const text = JSON.stringify(JSON.parse(json), null, 2);
  return text.length < 80 ? inOneLine(text) : text.replaceAll('\n', `\n${' '.repeat(indent)}`);
}

/** Joins the lines of indented JSON. A string in JSON contains no line break. */
const inOneLine = (text: string): string =>
  text.replaceAll(/\n */g, ' ').replaceAll('[ ', '[').replaceAll(' ]', ']');

/** Returns text as a string literal in single quotes. */
const quoted = (text: string): string =>
  `'${JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(String.raw`\"`, '"')
    .replaceAll("'", String.raw`\'`)}'`;
