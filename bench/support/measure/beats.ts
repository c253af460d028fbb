import type { Lease } from './wire.js';

/** Returns the times of a lease's heartbeats at the service, in order. */
export const beatsOf = (leases: readonly Lease[]): number[] =>
  leases
    .flatMap(({ calls }) => calls.filter(({ operation }) => operation === 'SendTaskHeartbeat'))
    .map(({ at }) => at)
    .toSorted((a, b) => a - b);

/** The most of these instants that any span of so many milliseconds holds. */
export function mostWithin(instants: readonly number[], spanMs: number): number {
  let most = 0;
  let first = 0;
  for (const [index, at] of instants.entries()) {
    while ((instants[first] ?? at) <= at - spanMs) first++;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

/** Counts the leases that lapsed or were never finished. */
export const lapsed = (leases: readonly Lease[]): number =>
  leases.filter(({ end }) => end === undefined || end.kind === 'timedOut').length;
