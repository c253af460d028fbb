import type { Lease } from './wire.js';

export interface Lateness {
  /** The longest that any task was silent. */
  readonly longestMs: number;
  /** The middle of all the spans between two beats. */
  readonly medianMs: number;
  readonly beats: number;
}

/**
 * Returns the lateness of these tasks' heartbeats at the service, the first counted from the lease.
 * @param until the end of the watch, in milliseconds: a task that is silent then has been so since its last heartbeat
 * @param from earlier heartbeats are left out. @default all count
 */
export function latenessOf(
  leases: readonly Lease[],
  until: number,
  from: number = Number.NEGATIVE_INFINITY,
): Lateness {
  const spans: number[] = [];
  let longestMs = 0;
  let beats = 0;
  for (const { at, calls, end } of leases) {
    let last = at;
    for (const call of calls.filter(({ operation }) => operation === 'SendTaskHeartbeat')) {
      beats++;
      if (call.at >= from) spans.push(call.at - last);
      last = call.at;
    }
    longestMs = Math.max(longestMs, (end?.at ?? until) - last);
  }
  longestMs = spans.reduce((a, b) => Math.max(a, b), longestMs);
  const medianMs = spans.toSorted((a, b) => a - b)[spans.length >> 1] ?? Number.NaN;
  return { longestMs, medianMs, beats };
}
