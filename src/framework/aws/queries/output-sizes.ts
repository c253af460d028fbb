import type { HistoryEvent, SFNClient } from '@aws-sdk/client-sfn';
import type { Clock } from '../../base/time/clock.js';
import { loadSdk } from '../sdk/load-sdk.js';
import { query } from './query.js';

/** The largest output of an activity's state in the executions that were looked at. */
export interface LargestOutput {
  readonly state: string;
  readonly bytes: number;
  readonly executionArn: string;
}

/** The executions of a machine that are looked at: the latest. */
const EXECUTIONS = 10;
/** The events of an execution that are looked at: the first. */
const EVENTS = 1_000;

/**
 * Returns the largest output of each state with an activity, in the first 1,000 events of each of the machine's latest
 * ten executions.
 * @throws QueryTimeout if one of the calls isn't answered in time, and what the service answers
 */
export async function largestOutputs(
  client: SFNClient,
  clock: Clock,
  stateMachineArn: string,
): Promise<readonly LargestOutput[]> {
  const { ListExecutionsCommand, GetExecutionHistoryCommand } = await loadSdk();
  const list = new ListExecutionsCommand({ stateMachineArn, maxResults: EXECUTIONS });
  const { executions = [] } = await query(clock, (abortSignal) => client.send(list, { abortSignal }));
  const largest = new Map<string, LargestOutput>();
  for (const { executionArn = '' } of executions) {
    const read = new GetExecutionHistoryCommand({ executionArn, maxResults: EVENTS });
    const { events = [] } = await query(clock, (abortSignal) => client.send(read, { abortSignal }));
    for (const [state, bytes] of outputsIn(events))
      if (bytes > (largest.get(state)?.bytes ?? 0)) largest.set(state, { state, bytes, executionArn });
  }
  return [...largest.values()];
}

/** Returns the states whose activities have succeeded, with the bytes of each output. */
function outputsIn(events: readonly HistoryEvent[]): (readonly [state: string, bytes: number])[] {
  const byId = new Map(events.map((event) => [event.id, event]));
  return events.flatMap(({ activitySucceededEventDetails: details, previousEventId }) => {
    if (details?.output === undefined) return [];
    let each = byId.get(previousEventId);
    while (each && !each.stateEnteredEventDetails) each = byId.get(each.previousEventId);
    const state = each?.stateEnteredEventDetails?.name;
    return state === undefined ? [] : [[state, Buffer.byteLength(details.output)] as const];
  });
}
