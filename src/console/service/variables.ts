import { detailsOf } from '../../framework/local/view/history-event.js';
import type { Visit } from '../../framework/local/view/visit.js';
import { query } from './calls.js';
import type { ExecutionView } from './topics.js';

/** A variable of an execution. */
export interface Variable {
  readonly name: string;
  /** Its value as JSON. */
  readonly value: string;
  /** The state that has assigned it; undefined if the execution began with it. */
  readonly state: string | undefined;
}

/** The most events that are read for the variables, the latest ones. */
const MOST_EVENTS = 200;

/**
 * Returns the ids of the events that have assigned the variables which a visit has when it begins, the latest first. It
 * has those of the visits before it and around it, and not those of other branches and iterations.
 */
export function assigningEvents({ run }: Pick<ExecutionView, 'run'>, visit: Visit): number[] {
  const ids: number[] = [];
  for (let around: Visit | undefined = visit; around; around = around.parent)
    for (let each = around.after; each; each = each.after)
      if (each.exitedId !== undefined && hasAssigned(run, each.exitedId)) ids.push(each.exitedId);
  return [...ids, 1].slice(0, MOST_EVENTS);
}

const hasAssigned = ({ events }: ExecutionView['run'], id: number): boolean =>
  events[id - 1]?.details?.['assignedVariablesDetails'] !== undefined;

/** Returns the variables that events have assigned. @param ids the latest first @throws CallError */
export async function variablesOf(
  { arn: execution, run }: Pick<ExecutionView, 'arn' | 'run'>,
  ids: readonly number[],
): Promise<Variable[]> {
  const found = new Map<string, Variable>();
  const events = await Promise.all(ids.map((id) => query('event', { execution, id: String(id) })));
  for (const event of events.toReversed())
    for (const [name, value] of Object.entries(detailsOf(event)?.['assignedVariables'] ?? {}))
      found.set(name, { name, value: String(value), state: run.visitOf(event.id)?.name });
  return [...found.values()];
}
