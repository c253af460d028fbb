import type { HistoryEvent } from './history-event.js';
import { type Attempt, iterationsOf, type Run, type Visit } from './run.js';

/** A call of a task: by hand, or by a mock that answers it. */
export interface Call {
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
export function callsOf({ visits, events }: Run): Call[] {
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
