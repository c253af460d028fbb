import type { Execution } from '../../engine/execution.js';
import type { HistoryEvent as RecordedEvent } from '../../engine/history.js';
import type { StepFunctions } from '../../engine/step-functions.js';
import type { AttemptNotes } from '../../engine/tasks/task-notes.js';
import type {
  ActivityLease,
  AttemptNotesRow,
  ExecutionFacts,
  ExecutionUpdate,
  HistoryEvent,
} from '../api.js';
import { viewEvent } from '../../view/history-event.js';
import { leaseOf } from './lease.js';
import { fingerprint, isSame, type Topic } from './topic.js';

/** The most characters of a failure's cause in a message. The query `event` returns the whole cause. */
const CAUSE_SHOWN = 400;

/** The most events in one message. */
const EVENTS_A_MESSAGE = 5_000;

/**
 * Creates the topic of one execution. The snapshot contains its facts, its events without inputs and outputs, and who
 * works on its tasks. A change contains the new events, the status, and who works on its tasks.
 * @throws ServiceError ExecutionDoesNotExist
 */
export function executionTopic(stepFunctions: StepFunctions, arn: string): Topic<'execution'> {
  const execution = stepFunctions.executions.get(arn);
  return (seen) => {
    const leases = leasesOf(stepFunctions, execution);
    const [sent = 0, startedAt, , , noted = 0] = seen ?? [];
    // Before the service was restarted, another execution may have had the same name.
    const goesOn =
      seen !== undefined && startedAt === Math.floor(execution.startedAt) && sent <= execution.history.length;
    const from = goesOn ? sent : 0;
    const events = execution.history.page(from, EVENTS_A_MESSAGE, { withData: false }).map(short);
    const { notes, latest } = stepFunctions.tasks.notes.changedSince(execution, goesOn ? noted : 0);
    const position = [
      from + events.length,
      Math.floor(execution.startedAt),
      (execution.end ? 1 : 0) + (execution.isPinned ? 2 : 0),
      fingerprint(leases),
      latest,
    ];
    if (goesOn && isSame(seen, position)) return undefined;
    const data = { ...endOf(execution), leases, notes: notes.map(notesRow), events };
    return goesOn
      ? { kind: 'change', position, data, isPart: events.length === EVENTS_A_MESSAGE }
      : { kind: 'snapshot', position, data: { ...data, ...factsOf(execution) } };
  };
}

function endOf({ status, end, isPinned }: Execution): Omit<ExecutionUpdate, 'leases' | 'notes' | 'events'> {
  const { at = null, output, error, cause } = end ?? {};
  return { status, endedAt: at, output, error, cause, isPinned };
}

function factsOf({ arn, name, machine, input, startedAt }: Execution): ExecutionFacts {
  return {
    arn,
    name,
    machine: { arn: machine.arn, name: machine.name },
    definition: machine.definition,
    input,
    startedAt,
  };
}

/** Returns who works on the activity tasks of an execution, and until when. */
function leasesOf({ tasks }: StepFunctions, execution: Execution): ActivityLease[] {
  const found: ActivityLease[] = [];
  for (const { order, lease } of tasks) {
    const { origin } = order;
    if (origin?.kind !== 'activity' || origin.execution !== execution || !lease) continue;
    found.push({ scheduledId: origin.scheduledId, ...leaseOf(lease) });
  }
  return found;
}

const notesRow = ({
  scheduledId,
  lineCount,
  heartbeats,
  heartbeatAt,
  progress,
}: AttemptNotes): AttemptNotesRow => ({
  ...{ scheduledId, lines: lineCount, heartbeats, heartbeatAt, progress },
});

function short(recorded: RecordedEvent): HistoryEvent {
  const event = viewEvent(recorded);
  const { cause } = event.details ?? {};
  if (typeof cause !== 'string' || cause.length <= CAUSE_SHOWN) return event;
  return { ...event, details: { ...event.details, cause: `${cause.slice(0, CAUSE_SHOWN)}…` } };
}
