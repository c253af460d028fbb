import { readFile } from 'node:fs/promises';
import type { TaskResult } from './bed-port.js';

/** One task of an activity that a worker has ended, from the history of an execution. */
export interface RecordedTask {
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
export async function readRecordedTasks(source: string | History): Promise<RecordedTask[]> {
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
