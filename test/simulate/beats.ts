import type { Lease } from './chronicle.js';
import type { OpenCall } from './network.js';

/** By when the next heartbeat of a lease has to leave. */
export interface Beats {
  readonly everyMs: number;
  /** When the last heartbeat that was accepted had left, or the lease began. */
  countedFrom: number;
  byLatest: number;
  /** The heartbeat that was sent last. One that was given up before may end later. */
  last: OpenCall | undefined;
}

/** The wait before a heartbeat that failed is repeated: a share of a lease's age, within limits. */
const REPEAT = { share: 1 / 8, leastMs: 1_000, mostMs: 20_000, jitter: 1.1 } as const;

/** Notes that a worker got a lease: its first heartbeat has to leave within the interval. */
export function received(lease: Lease, heartbeatMs: number | false, now: number): void {
  if (heartbeatMs === false) return;
  // A lease that came out of a stall is older than its receipt.
  const countedFrom = lease.leasedAt;
  lease.beats = { everyMs: heartbeatMs, countedFrom, byLatest: now + heartbeatMs, last: undefined };
}

/** Notes that a heartbeat left. It is given up within its interval, and then soon repeated. */
export function left({ beats }: Lease, call: OpenCall, now: number): void {
  if (!beats) return;
  beats.last = call;
  const end = now + beats.everyMs;
  beats.byLatest = end + repeatMs(beats, end);
}

/** Notes that a heartbeat was answered, or failed: then it is soon repeated. */
export function ended({ beats }: Lease, call: OpenCall, accepted: boolean, now: number): void {
  if (!beats) return;
  if (accepted) beats.countedFrom = Math.max(beats.countedFrom, call.sentAt);
  if (call !== beats.last) return;
  beats.byLatest = Math.max(beats.countedFrom + beats.everyMs, accepted ? 0 : now + repeatMs(beats, now));
}

function repeatMs({ countedFrom }: Beats, now: number): number {
  const { share, leastMs, mostMs, jitter } = REPEAT;
  return Math.min(mostMs, Math.max(leastMs, (now - countedFrom) * share)) * jitter;
}
