import type { Execution } from '../../engine/execution.js';
import type { MapRun } from '../../engine/map-runs/map-run.js';
import type { StepFunctions } from '../../engine/step-functions.js';
import type {
  ActivityLease,
  AttemptNotesRow,
  ExecutionFacts,
  ExecutionTuple,
  HistoryEvent,
  MapRunRow,
} from '../api.js';
import { fingerprint, isSame, type Message, type Position, type Topic } from './topic.js';
import type { AttemptNotes } from '../../engine/tasks/task-notes.js';
import { viewEvent } from '../../view/history-event.js';

/** The most executions in a message: only the latest are sent. `older` counts the others. */
export const LIST_LIMIT = 20_000;

/**
 * Creates the topic `executions`, for one machine or for all machines. A change contains the executions that were
 * started or have ended since the previous message. It also says which executions the service has forgotten.
 */
export function executionList(
  { executions }: StepFunctions,
  machineArn: string | undefined,
): Topic<'executions'> {
  return (seen) => {
    const { started, ended, redriven, forgotten } = executions.counts;
    const position = [started, ended, redriven];
    if (isSame(seen, position)) return undefined;
    const isOurs = (each: Execution): boolean => machineArn === undefined || each.machine.arn === machineArn;
    const [startedSeen = 0, endedSeen = 0, redrivenSeen] = seen ?? [];
    // If an execution that the tab hasn't seen end was already forgotten, no change can contain it. The tab then gets
    // a new snapshot. It also does if an execution was redriven, which is rare.
    const kind = redriven === redrivenSeen && endedSeen >= forgotten ? 'change' : 'snapshot';
    const news = new Set<Execution>();
    for (const each of executions.startedAfter(kind === 'change' ? startedSeen : 0, machineArn))
      news.add(each);
    if (kind === 'change')
      for (const each of executions.endedAfter(endedSeen)) if (isOurs(each)) news.add(each);
    return message(kind, position, [...news], forgotten);
  };
}

function message(
  kind: Message['kind'],
  position: Position,
  found: Execution[],
  forgotten: number,
): Message<'executions'> {
  const latest = found.toSorted((a, b) => b.order - a.order);
  const shown = latest.slice(0, LIST_LIMIT);
  return {
    kind,
    position,
    data: { rows: shown.map(executionRow), older: latest.length - shown.length, forgotten },
  };
}

/** Returns an execution as a row of a list. */
export function executionRow(execution: Execution): ExecutionTuple {
  const { order, name, machine, status, startedAt, end, endedAs, redrives } = execution;
  const { versionArn, origin } = execution.startedBy;
  return [
    ...([order, machine.arn, name, status, startedAt, end?.at ?? null, endedAs ?? null] as const),
    end?.error ?? null,
    redrives.count,
    versionArn === undefined ? null : Number(versionArn.slice(versionArn.lastIndexOf(':') + 1)),
    origin !== undefined,
  ];
}

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
    const events = execution.history
      .page(from, EVENTS_A_MESSAGE, { withData: false })
      .map((event) => short(withCaught(execution, viewEvent(event))));
    const { notes, latest } = stepFunctions.tasks.notes.changedSince(execution, goesOn ? noted : 0);
    const children = stepFunctions.executions.childCounts(arn);
    const mapRuns = stepFunctions.mapRuns.of(arn).slice(-MAP_RUNS).toReversed().map(mapRunRow);
    const position = [
      from + events.length,
      Math.floor(execution.startedAt),
      execution.end ? 1 : 0,
      fingerprint(leases),
      latest,
      fingerprint({ children, mapRuns }),
    ];
    if (goesOn && isSame(seen, position)) return undefined;
    const { status, end } = execution;
    const { at: endedAt = null, output, error, cause } = end ?? {};
    const state = { status, endedAt, output, error, cause };
    const data = { ...state, children, mapRuns, leases, notes: notes.map(notesRow), events };
    return goesOn
      ? { kind: 'change', position, data, isPart: events.length === EVENTS_A_MESSAGE }
      : { kind: 'snapshot', position, data: { ...data, ...factsOf(execution) } };
  };
}

function factsOf({ arn, name, machine, input, startedAt, startedBy }: Execution): ExecutionFacts {
  const { executionArn, state, mapRun } = startedBy.parent ?? {};
  return {
    arn,
    name,
    input,
    startedAt,
    definition: machine.definition,
    machine: { arn: machine.arn, name: machine.name },
    ranAs: startedBy.origin?.arn,
    parent: executionArn === undefined ? undefined : { arn: executionArn, state, mapRun: mapRun?.arn },
  };
}

/** The most Map Runs of an execution that are shown: the latest. */
const MAP_RUNS = 100;

function mapRunRow({ arn, status, items }: MapRun): MapRunRow {
  const { total, pending, running, succeeded, failed, timedOut, aborted } = items.described(false);
  return { arn, status, total, pending, running, succeeded, failed, timedOut, aborted };
}

/** Returns who works on the activity tasks of an execution, and until when. */
function leasesOf({ tasks }: StepFunctions, execution: Execution): ActivityLease[] {
  const found: ActivityLease[] = [];
  for (const { order, lease } of tasks) {
    const { origin } = order;
    if (origin?.kind !== 'activity' || origin.execution !== execution || !lease) continue;
    found.push({ scheduledId: origin.scheduledId, ...lease });
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
  scheduledId,
  lines: lineCount,
  heartbeats,
  heartbeatAt,
  progress,
});

/** Adds the error and the cause that a Catch has taken to the event by which its state was left. */
export function withCaught({ caught }: Execution, event: HistoryEvent): HistoryEvent {
  const taken = caught?.get(event.id) as { readonly Error: string; readonly Cause: string } | undefined;
  if (!taken) return event;
  return { ...event, details: { ...event.details, caught: true, error: taken.Error, cause: taken.Cause } };
}

function short(event: HistoryEvent): HistoryEvent {
  const { cause } = event.details ?? {};
  if (typeof cause !== 'string' || cause.length <= CAUSE_SHOWN) return event;
  return { ...event, details: { ...event.details, cause: `${cause.slice(0, CAUSE_SHOWN)}…` } };
}
