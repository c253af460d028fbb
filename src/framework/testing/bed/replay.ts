import { isDeepStrictEqual } from 'node:util';
import { readFile } from 'node:fs/promises';
import type { HandlerDefinition } from '../../declare/definition.js';
import type { TaskResult } from './task-result.js';

/** A task from a recorded history, and the result of running a handler with the same input now. */
export interface ReplayedTask {
  readonly handler: string;
  /** The id of the event in the history that records the task's result. */
  readonly eventId: number;
  /** The input as JSON text. */
  readonly input: string;
  readonly recorded: TaskResult;
  readonly now: TaskResult;
}

/** The results of running all tasks of a recorded history again. */
export interface Replay {
  readonly tasks: readonly ReplayedTask[];
  /**
   * The tasks whose new result has another status, output or error name than the recorded one. Causes aren't compared.
   */
  readonly differences: readonly ReplayedTask[];
  /** The ARNs of activities in the history for which the test bed has no handler. */
  readonly unhandled: readonly string[];
}

type Run = (json: string, handler: string) => Promise<TaskResult>;

/** Runs a handler with the input of every recorded task, one task after the other. */
export async function replay(
  source: string | History,
  handlers: readonly HandlerDefinition[],
  run: Run,
): Promise<Replay> {
  const tasks: ReplayedTask[] = [];
  const unhandled = new Set<string>();
  for (const { activity, input, result, eventId } of await readRecordedTasks(source)) {
    const handler = handlerOf(activity, handlers)?.name;
    if (handler === undefined) unhandled.add(activity);
    else tasks.push({ handler, eventId, input, recorded: result, now: await run(input, handler) });
  }
  const differences = tasks.filter(({ recorded, now }) => !isSame(recorded, now));
  return { tasks, differences, unhandled: [...unhandled] };
}

/**
 * Returns the handler for a recorded activity: the one whose activity has the same ARN or, if there is none, the same
 * name. The history may have been recorded in another account or region.
 */
function handlerOf(arn: RecordedTask['activity'], handlers: readonly HandlerDefinition[]) {
  const name = arn.split(':').at(-1);
  return (
    handlers.find(({ activity }) => activity.kind === 'arn' && activity.arn === arn) ??
    handlers.find(({ activity }) => activity.name === name)
  );
}

function isSame(recorded: TaskResult, now: TaskResult): boolean {
  if (recorded.status === 'succeeded' && now.status === 'succeeded') {
    return isDeepStrictEqual(recorded.output, now.output);
  }
  return recorded.status === 'failed' && now.status === 'failed' && recorded.error === now.error;
}

/** One task of an activity that a worker has ended, from the history of an execution. */
interface RecordedTask {
  /** The ARN of the activity. */
  readonly activity: string;
  /** The input as JSON text. */
  readonly input: string;
  readonly result: TaskResult;
  /** The id of the event that records the result, such as ActivitySucceeded. */
  readonly eventId: number;
}

/** The fields of the output of `aws stepfunctions get-execution-history` that are read here. */
export interface History {
  readonly events: readonly HistoryEvent[];
}

interface HistoryEvent {
  readonly id: number;
  readonly previousEventId?: number;
  readonly type: string;
  readonly activityScheduledEventDetails?: { readonly resource: string; readonly input?: string };
  readonly activitySucceededEventDetails?: { readonly output?: string };
  readonly activityFailedEventDetails?: { readonly error?: string; readonly cause?: string };
}

/**
 * Returns the tasks in a history that a worker has ended. Tasks that timed out or were lost are left out, since they
 * say nothing about a handler.
 * @throws an Error that names the file if it can't be read, isn't a history, or doesn't contain a task's input or
 * output
 */
async function readRecordedTasks(source: string | History): Promise<RecordedTask[]> {
  const history: unknown = typeof source === 'string' ? await readJson(source) : source;
  const where = typeof source === 'string' ? source : 'the history';
  if (!isHistory(history)) {
    throw new Error(
      `${where} has no list of events, each with its id and type. Write one with: aws stepfunctions get-execution-history --execution-arn ARN`,
    );
  }
  const byId = new Map(history.events.map((event) => [event.id, event]));
  const answers = history.events.filter(({ type }) => ANSWERS.has(type));
  return answers.map((event) => recordedTask(event, byId, where));
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path} can't be read as JSON`, { cause: error });
  }
}

function isHistory(value: unknown): value is History {
  return isObject(value) && Array.isArray(value['events']) && value['events'].every(isEvent);
}

const isEvent = (value: unknown): boolean =>
  isObject(value) && typeof value['id'] === 'number' && typeof value['type'] === 'string';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const ANSWERS = new Set(['ActivitySucceeded', 'ActivityFailed']);

function recordedTask(
  event: HistoryEvent,
  byId: ReadonlyMap<number, HistoryEvent>,
  where: string,
): RecordedTask {
  const { resource: activity, input } = scheduledBefore(event, byId)?.activityScheduledEventDetails ?? {};
  const result = resultOf(event, where);
  if (typeof activity === 'string' && typeof input === 'string' && result)
    return { activity, input, result, eventId: event.id };
  throw new Error(
    `${where}: its event ${event.id} ended a task, and stands there without its input or output. Write all of it, without --max-items and --no-include-execution-data`,
  );
}

function resultOf(event: HistoryEvent, where: string): TaskResult | undefined {
  if (event.type === 'ActivityFailed') {
    const { error, cause } = event.activityFailedEventDetails ?? {};
    return { status: 'failed', error: error ?? '', cause: cause ?? '' };
  }
  const { output } = event.activitySucceededEventDetails ?? {};
  try {
    return output === undefined ? undefined : { status: 'succeeded', output: JSON.parse(output) };
  } catch (error) {
    throw new Error(`${where}: the output of its event ${event.id} is no JSON`, { cause: error });
  }
}

/**
 * Returns the event that scheduled a task. It is found by following `previousEventId` backwards from the event that
 * ended the task.
 */
function scheduledBefore(
  event: HistoryEvent,
  byId: ReadonlyMap<number, HistoryEvent>,
): HistoryEvent | undefined {
  let each = byId.get(event.previousEventId ?? 0);
  while (each && each.type !== 'ActivityScheduled') each = byId.get(each.previousEventId ?? 0);
  return each;
}
