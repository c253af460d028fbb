import type { Execution } from '../../engine/execution.js';
import type { StepFunctions } from '../../engine/step-functions.js';
import type { ExecutionTuple } from '../api.js';
import { isSame, type Position, type Message, type Topic } from './topic.js';

/** The most executions in a message: only the latest are sent. `older` counts the others. */
const LIST_LIMIT = 20_000;

/**
 * Creates the topic `executions`, for one machine or for all machines. A change contains the executions that were
 * started or have ended since the previous message. It also says which executions the service has forgotten.
 */
export function executionList(
  { executions }: StepFunctions,
  machineArn: string | undefined,
): Topic<'executions'> {
  return (seen) => {
    const { started, ended, redriven, pinned, forgotten } = executions.counts;
    const position = [started, ended, redriven, pinned];
    if (isSame(seen, position)) return undefined;
    const isOurs = (each: Execution): boolean => machineArn === undefined || each.machine.arn === machineArn;
    const [startedSeen = 0, endedSeen = 0, redrivenSeen, pinnedSeen] = seen ?? [];
    // If an execution that the tab hasn't seen end was already forgotten, no change can contain it. The tab then gets
    // a new snapshot. It also does if an execution was redriven or pinned, which is rare.
    const isRare = redriven !== redrivenSeen || pinned !== pinnedSeen;
    const kind = !isRare && endedSeen >= forgotten ? 'change' : 'snapshot';
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
  const { order, name, machine, status, startedAt, end, endedAs, isPinned } = execution;
  return [order, machine.arn, name, status, startedAt, end?.at ?? null, endedAs ?? null, isPinned];
}
