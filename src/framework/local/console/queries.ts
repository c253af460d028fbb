import { parseArn } from '../../asl/values/arn.js';
import type { StepFunctions } from '../engine/step-functions.js';
import { pageOf } from '../engine/pages.js';
import { errors } from '../engine/service-error.js';
import type { Execution } from '../engine/execution.js';
import type { Machine, Version } from '../engine/machines/machine.js';
import type { OpenTaskRow, Queries, QueryName, VersionRow } from './api.js';
import { turn } from '../../base/time/turn.js';
import { executionRow, LIST_LIMIT } from './topics/executions.js';
import { viewEvent } from '../view/history-event.js';
import { type EndedExecution, NoTestError, testSource } from '../view/test-source.js';

/** What is known of the input of an activity's handler. */
export interface HandlerInputs {
  /**
   * Returns an example input, as JSON, that the activity's handler would accept; undefined if none can be made.
   * @default returns undefined
   */
  readonly exampleFor?: (activityArn: string) => string | undefined;
  /**
   * Returns the JSON Schema of the input of the activity's handler, of which the page makes a form; undefined if it
   * isn't known.
   * @default returns undefined
   */
  readonly schemaFor?: (activityArn: string) => Readonly<Record<string, unknown>> | undefined;
}

/** Returns the response to a query of one name. The query comes from a URL, so any of its fields may be missing. */
type Query<K extends QueryName> = (
  query: Partial<Queries[K]['query']>,
  stepFunctions: StepFunctions,
  inputs: HandlerInputs,
) => Queries[K]['answer'] | Promise<Queries[K]['answer']>;

/** The most executions that `findExecutions` returns. `total` counts all that were found. */
const SHOWN = 1_000;

const queries: { readonly [K in QueryName]: Query<K> } = {
  versions({ arn = '' }, { machines }) {
    const current = machines.get(arn);
    return { versions: current.versions.all().map((each) => rowOf(each, current)) };
  },

  event({ execution = '', id: wanted = '' }, { executions }) {
    const { history } = executions.get(execution);
    const id = Number(wanted);
    const [found] = Number.isSafeInteger(id) && id >= 1 ? history.page(id - 1, 1) : [];
    if (!found) throw errors.validation([`There is no event '${wanted}'`]);
    return found;
  },

  lastInput({ machine: wanted = '' }, { machines, executions }) {
    const { arn } = machines.get(wanted);
    for (const { input } of executions.startedAfter(0, arn)) return { input };
    return { input: null };
  },

  handlerInput: ({ activity = '' }, _, { exampleFor, schemaFor }) => ({
    example: exampleFor?.(activity) ?? null,
    schema: schemaFor?.(activity) ?? null,
  }),

  openTasks: ({ execution = '' }, stepFunctions) => ({
    tasks: openTasksOf(stepFunctions.executions.get(execution), stepFunctions),
  }),

  test: ({ execution = '' }, { executions }) => ({ source: executionTest(executions.get(execution)) }),

  taskLog({ execution = '', scheduledId = '', from = '0' }, { executions, tasks }) {
    const notes = tasks.notes.of(executions.get(execution), Number(scheduledId));
    const lines = notes?.linesFrom(Number(from) || 0) ?? [];
    return { first: (notes?.lineCount ?? 0) - lines.length, lines };
  },

  async findExecutions(query, { executions }) {
    const { found, of } = await executionsLike(query, executions);
    return { rows: found.slice(0, SHOWN).map(executionRow), total: found.length, of };
  },

  children({ parent = '', status = '', state = '', most = '' }, { executions }) {
    const page = { list: parent, maxResults: Math.min(Number(most) || 0, LIST_LIMIT), token: undefined };
    const isWanted = ({ status: has, startedBy }: Execution): boolean =>
      (status === '' || has === status) && (state === '' || startedBy.parent?.state === state);
    const wanted = executions.children(parent).filter(isWanted);
    const { items, nextToken } = pageOf(wanted, ({ order }) => -order, page);
    const counts = executions.childCounts(parent);
    return { rows: items.map(executionRow), counts, hasMore: nextToken !== undefined };
  },
};

const rowOf = (
  { number, arn, createdAt, description, machine: { revision } }: Version,
  current: Machine,
): VersionRow => ({ number, arn, createdAt, description, isCurrent: revision === current.revision });

export const isQuery = (name: string): name is QueryName => Object.hasOwn(queries, name);

/** Returns the response to a query. @throws ServiceError if something that the query names doesn't exist */
export function answerQuery(
  name: QueryName,
  query: URLSearchParams,
  stepFunctions: StepFunctions,
  inputs: HandlerInputs,
): object | Promise<object> {
  return queries[name](Object.fromEntries(query), stepFunctions, inputs);
}

/** Returns the tasks of an execution whose tokens were given out and that wait for a result. */
export function openTasksOf(execution: Execution, { tasks }: StepFunctions): readonly OpenTaskRow[] {
  return [...tasks].flatMap(({ token, subject, lease, order }) => {
    const { origin, input, timeoutSeconds, heartbeatSeconds } = order;
    const { state, execution: of, kind } = origin ?? {};
    if (of !== execution || state === undefined || !lease) return [];
    const task = {
      taskToken: token,
      state,
      activityArn: kind === 'activity' ? subject : undefined,
      scheduledId: kind === 'activity' ? origin?.scheduledId : undefined,
    };
    return [{ ...task, input, timeoutSeconds, heartbeatSeconds, ...lease }];
  });
}

/** Returns the region of the resources that there are, in which new ones should be created. */
export function homeRegion({ activities, machines }: StepFunctions): string {
  const [first = machines.all()[0]] = activities.all();
  return parseArn(first?.arn ?? '')?.region ?? 'us-east-1';
}

/** A filter of executions. A field that is absent or empty fits all. */
export type ExecutionFilter = Partial<Queries['findExecutions']['query']>;

/**
 * Returns the kept executions that fit a filter, the latest first, and the number of those that were looked through.
 * Calls of the API are answered meanwhile: an input may have 256 KB.
 */
export async function executionsLike(
  filter: ExecutionFilter,
  executions: StepFunctions['executions'],
): Promise<{ found: Execution[]; of: number }> {
  const machine = filter.machine === '' ? undefined : filter.machine;
  const all = [...executions.startedAfter(0, machine)].toSorted((a, b) => b.order - a.order);
  const fits = fitting(filter);
  const found: Execution[] = [];
  for (const each of all) {
    if (fits(each)) found.push(each);
    await turn.share();
  }
  return { found, of: all.length };
}

function fitting(filter: ExecutionFilter): (execution: Execution) => boolean {
  const { status = '', name = '', error = '', input = '', since = '' } = filter;
  const [wantedName, wantedError] = [name.toLowerCase(), error.toLowerCase()];
  const wantedInput = compact(input);
  const from = Number(since);
  // The text of an input is compared last, since that takes longest.
  return (each) =>
    (status === '' || each.status === status) &&
    (since === '' || each.startedAt >= from) &&
    each.name.toLowerCase().includes(wantedName) &&
    `${each.end?.error ?? ''} ${each.end?.cause ?? ''}`.toLowerCase().includes(wantedError) &&
    (each.input.includes(input) || compact(each.input).includes(wantedInput));
}

/** Returns JSON, or a part of some, without the spaces between its values: they don't count. */
const compact = (json: string): string =>
  /\s/.test(json) ? json.replaceAll(/("(?:[^"\\]|\\.)*"?)|\s+/g, (_, text?: string) => text ?? '') : json;

/** Returns an execution as the source of a test that replays it. @throws ServiceError if that can't be done */
export function executionTest(execution: Execution): string {
  try {
    return testSource(endedExecution(execution));
  } catch (error) {
    if (error instanceof NoTestError) throw errors.validation([error.message]);
    throw error;
  }
}

/** Returns an execution with its whole history. @throws ServiceError if it is still running */
export function endedExecution({ name, machine, input, status, end, history }: Execution): EndedExecution {
  if (status === 'RUNNING') throw errors.validation([`The execution '${name}' is still running`]);
  return {
    name,
    machine: machine.name,
    definition: machine.definition,
    input,
    status,
    output: end?.output,
    error: end?.error,
    cause: end?.cause,
    events: history.all().map(viewEvent),
  };
}
