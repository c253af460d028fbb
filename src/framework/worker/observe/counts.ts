import type { EventHub } from './events.js';

/** Since the worker was made. */
export interface WorkerCounts {
  received: number;
  succeeded: number;
  failed: number;
  gone: number;
  /** Of those gone, the ones whose result was most likely taken. */
  probablyDelivered: number;
  ignoredAborts: number;
  reportsRetried: number;
  reportsLost: number;
  tokensPossiblyLost: number;
}

/** Counts what a worker tells, from now on. The numbers are kept up to date in what is returned. */
export function countEvents(events: EventHub): WorkerCounts {
  const counts: WorkerCounts = {
    received: 0,
    succeeded: 0,
    failed: 0,
    gone: 0,
    probablyDelivered: 0,
    ignoredAborts: 0,
    reportsRetried: 0,
    reportsLost: 0,
    tokensPossiblyLost: 0,
  };
  events.on('task:received', () => counts.received++);
  events.on('task:succeeded', () => counts.succeeded++);
  events.on('task:failed', () => counts.failed++);
  events.on('task:gone', ({ probablyDelivered }) => {
    counts.gone++;
    if (probablyDelivered) counts.probablyDelivered++;
  });
  events.on('task:ignored-abort', () => counts.ignoredAborts++);
  events.on('report:retried', () => counts.reportsRetried++);
  events.on('report:lost', () => counts.reportsLost++);
  events.on('poll:token-possibly-lost', () => counts.tokensPossiblyLost++);
  return counts;
}
