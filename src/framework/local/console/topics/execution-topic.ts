import type { Execution } from '../../engine/execution.js';
import type { HistoryEvent } from '../../engine/history.js';
import type { State } from '../../api/operation.js';
import { fingerprint, isSame, type Topic } from './topic.js';

/** How much of a cause goes out with its event; the whole is there when the event is unfolded. */
const CAUSE_SHOWN = 400;

/** How many events one message carries. */
const EVENTS_A_MESSAGE = 5_000;

/**
 * One execution: what it is, its events without their data, and who has its tasks. A change brings the events since, and
 * the rest whole.
 * @throws ServiceError ExecutionDoesNotExist
 */
export function executionTopic(state: State, arn: string): Topic {
  const execution = state.executions.get(arn);
  return (seen) => {
    const leases = leasesOf(state, execution);
    const [told = 0, born] = seen ?? [];
    // Another execution may have had this name before the service was started anew.
    const goesOn =
      seen !== undefined && born === Math.floor(execution.startedAt) && told <= execution.history.length;
    const events = execution.history
      .page(goesOn ? told : 0, EVENTS_A_MESSAGE, { withData: false })
      .map(short);
    const mark = [
      (goesOn ? told : 0) + events.length,
      Math.floor(execution.startedAt),
      execution.end ? 1 : 0,
      fingerprint(leases),
    ];
    if (goesOn && isSame(seen, mark)) return undefined;
    const data = { ...summaryOf(execution), leases, events, length: execution.history.length };
    return goesOn
      ? { kind: 'change', mark, data }
      : { kind: 'snapshot', mark, data: { ...data, ...factsOf(execution) } };
  };
}

function summaryOf({ status, end }: Execution): object {
  return {
    status,
    endedAt: end?.at ?? null,
    ...(end?.output !== undefined && { output: end.output }),
    ...(end?.error !== undefined && { error: end.error }),
    ...(end?.cause !== undefined && { cause: end.cause }),
  };
}

/** What never changes. */
function factsOf({ arn, name, machine, input, startedAt }: Execution): object {
  return {
    arn,
    name,
    machine: { arn: machine.arn, name: machine.name },
    definition: machine.definition,
    input,
    startedAt,
  };
}

/** The leased tasks on activities, by the event that scheduled each. No tokens. */
function leasesOf({ tasks }: State, execution: Execution): object[] {
  const found: object[] = [];
  for (const { order, lease } of tasks) {
    if (order.origin?.execution !== execution || !lease) continue;
    const { workerName, since, beatAt, due } = lease;
    found.push({ scheduledId: order.origin.scheduledId, workerName, since, beatAt, due });
  }
  return found;
}

function short({ id, previousEventId, type, timestamp, ...rest }: HistoryEvent): object {
  const [details] = Object.values(rest) as [Record<string, unknown>?];
  const { cause } = details ?? {};
  return {
    id,
    previous: previousEventId,
    type,
    at: Math.round(timestamp * 1000),
    ...(details && {
      details:
        typeof cause === 'string' && cause.length > CAUSE_SHOWN
          ? { ...details, cause: `${cause.slice(0, CAUSE_SHOWN)}…` }
          : details,
    }),
  };
}
