import type { Visit } from '../../../framework/local/view/visit.js';
import { detailsOf } from '../../../framework/local/view/history-event.js';
import type { StateNode } from '../../model/definition.js';
import { query } from '../../service/calls.js';
import { dataOf } from '../../service/events.js';
import type { ExecutionView } from '../../service/topics.js';
import type { Trial } from './trial.js';

/** The most answers with events that are read for the variables. */
const MOST_ANSWERS = 10;

/**
 * Returns the test that repeats a visit of a state: with its input, the variables that it had, and the result or the
 * failure of its last attempt.
 * @throws CallError
 */
export async function recordedTrial(
  { arn: execution, input: whole }: ExecutionView,
  node: StateNode,
  visit: Visit | undefined,
): Promise<Partial<Trial>> {
  if (!visit) return { input: whole };
  const event = (id: number) => query('event', { execution, id: String(id) });
  const input = dataOf(await event(visit.id), 'input');
  const variables = await variablesBefore(execution, visit.id);
  const endedId = visit.attempts.at(-1)?.endedId;
  const ended = endedId === undefined ? undefined : await event(endedId);
  const result = dataOf(ended, 'output');
  const { error, cause } = detailsOf(ended) ?? {};
  const hasFailed = node.type === 'Task' && typeof error === 'string';
  return {
    ...(input !== undefined && { input }),
    ...(result !== undefined && { result }),
    ...(hasFailed && { mock: 'failure', error, ...(typeof cause === 'string' && { cause }) }),
    variables,
  };
}

/** Returns the variables, as JSON, that the states before an event have assigned. */
async function variablesBefore(execution: string, eventId: number): Promise<string> {
  const assigned = new Map<string, string>();
  let from: number | null = 0;
  for (let answers = 0; from !== null && from < eventId && answers < MOST_ANSWERS; answers++) {
    const { events, next }: { events: readonly object[]; next: number | null } = await query('history', {
      execution,
      from: String(from),
    });
    for (const each of events) {
      if ((each as { id: number }).id >= eventId) break;
      const details = detailsOf(each);
      for (const [name, text] of Object.entries(details?.['assignedVariables'] ?? {}))
        assigned.set(name, String(text));
    }
    from = next;
  }
  return `{${[...assigned].map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`;
}
