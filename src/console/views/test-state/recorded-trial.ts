import { kindOf } from '../../../framework/asl/kinds.js';
import type { Visit } from '../../../framework/local/view/visit.js';
import { detailsOf } from '../../../framework/local/view/history-event.js';
import type { StateNode } from '../../model/definition.js';
import { query } from '../../service/calls.js';
import { dataOf } from '../../service/events.js';
import type { ExecutionView } from '../../service/topics.js';
import { assigningEvents, variablesOf } from '../../service/variables.js';
import type { Trial } from './trial.js';

/**
 * Returns the test that repeats a visit of a state: with its input, the variables that it had, and the result or the
 * failure of its last attempt.
 * @throws CallError
 */
export async function recordedTrial(
  view: ExecutionView,
  node: StateNode,
  visit: Visit | undefined,
): Promise<Partial<Trial>> {
  if (!visit) return { input: view.input };
  const event = (id: number) => query('event', { execution: view.arn, id: String(id) });
  const input = dataOf(await event(visit.id), 'input');
  const variables = await variablesOf(view, assigningEvents(view, visit));
  const endedId = visit.attempts.at(-1)?.endedId;
  const ended = endedId === undefined ? undefined : await event(endedId);
  const result = dataOf(ended, 'output');
  const { error, cause } = detailsOf(ended) ?? {};
  const hasFailed = kindOf(node.type)?.calls === true && typeof error === 'string';
  return {
    ...(input !== undefined && { input }),
    ...(result !== undefined && { result }),
    ...(hasFailed && { mock: 'failure', error, ...(typeof cause === 'string' && { cause }) }),
    variables: `{${variables.map(({ name, value }) => `${JSON.stringify(name)}:${value}`).join(',')}}`,
  };
}
