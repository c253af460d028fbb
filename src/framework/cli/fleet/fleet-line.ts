import type { FleetMember } from '../workers/read-fleet.js';
import type { RemoteHandler, RemoteStatus } from '../workers/remote-status.js';
import type { FleetReading } from './fleet-frame.js';
import { heldBy, sumsOf } from './fleet-sums.js';

/**
 * Returns a fleet as one line of JSON: each worker, and the sums. Times are epoch milliseconds. What a worker's version
 * doesn't tell is absent.
 */
export function fleetLine({ at, members }: FleetReading): string {
  return JSON.stringify({ at, workers: members.map(workerOf), sums: sumsOf(members) });
}

function workerOf({ address, status, why }: FleetMember): object {
  if (!status) return { address, error: why };
  const { name, version, startedAt, state, ready, reasons, drain, protection, ageMs, tasksInFlight } = status;
  return {
    ...{ address, name, version, startedAt, state, ready, reasons, drain, protection, ageMs },
    ...{ slots: slotsOf(status), atWork: atWorkOf(status), tasksInFlight },
    handlers: status.handlers.map(handlerOf),
    longestTask: status.tasks[0],
  };
}

const slotsOf = ({ handlers }: RemoteStatus): number =>
  handlers.reduce((sum, { concurrency }) => sum + concurrency, 0);

const atWorkOf = ({ handlers }: RemoteStatus): number =>
  handlers.reduce((sum, { running }) => sum + running, 0);

function handlerOf(handler: RemoteHandler): object {
  const { name, activityArn, concurrency, running, undelivered, paused, trouble, emptyAt } = handler;
  const by = heldBy(handler);
  const held = by && {
    by,
    since: paused?.since ?? trouble?.since,
    until: paused?.until,
    trouble: trouble?.kind,
  };
  return { name, activityArn, slots: concurrency, atWork: running, undelivered, held, emptyAt };
}
