import { readFile } from 'node:fs/promises';
import type { TaskResult } from './task-result.js';

/** One attempt at an activity's task, as a history recorded it. */
export interface RecordedTask {
  /** The activity's ARN. */
  readonly activity: string;
  /** JSON text. */
  readonly input: string;
  readonly result: TaskResult;
  /** The id of the event that ended it. */
  readonly eventId: number;
}

/** What `aws stepfunctions get-execution-history` writes, as far as it is read here. */
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

/** @throws an Error that names the file, when it can't be read or is no history. */
export async function readHistory(source: string | History): Promise<History> {
  const history: unknown = typeof source === 'string' ? await readJson(source) : source;
  if (isHistory(history)) return history;
  const where = typeof source === 'string' ? source : 'the history';
  throw new Error(
    `${where} has no list of events. Write one with: aws stepfunctions get-execution-history --execution-arn ARN`,
  );
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path} can't be read as JSON`, { cause: error });
  }
}

function isHistory(value: unknown): value is History {
  return typeof value === 'object' && value !== null && 'events' in value && Array.isArray(value.events);
}

/** The attempts that a worker brought to an end. One that timed out or was lost says nothing of a handler. */
export function recordedTasks({ events }: History): RecordedTask[] {
  const byId = new Map(events.map((event) => [event.id, event]));
  return events.flatMap((event) => {
    const result = resultOf(event);
    const scheduled = result && scheduledBefore(event, byId)?.activityScheduledEventDetails;
    if (!result || scheduled?.input === undefined) return [];
    return [{ activity: scheduled.resource, input: scheduled.input, result, eventId: event.id }];
  });
}

function resultOf(event: HistoryEvent): TaskResult | undefined {
  const { output } = event.activitySucceededEventDetails ?? {};
  if (output !== undefined) return { status: 'succeeded', output: JSON.parse(output) };
  const failed = event.activityFailedEventDetails;
  return failed && { status: 'failed', error: failed.error ?? '', cause: failed.cause ?? '' };
}

/** Events point back to the one before them in the same branch. */
function scheduledBefore(
  event: HistoryEvent,
  byId: ReadonlyMap<number, HistoryEvent>,
): HistoryEvent | undefined {
  let each = byId.get(event.previousEventId ?? 0);
  while (each && each.type !== 'ActivityScheduled') each = byId.get(each.previousEventId ?? 0);
  return each;
}
