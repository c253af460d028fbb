import { NO_COUNTS, type WorkerCounts } from '../../base/worker-status.js';
import type { EventHub } from './worker-events.js';

/** Counts a worker's events from now on. Returns an object whose numbers grow as events happen. */
export function countEvents(events: EventHub): WorkerCounts {
  const counts: WorkerCounts = { ...NO_COUNTS };
  events.on('task:received', () => counts.received++);
  events.on('task:succeeded', () => counts.succeeded++);
  events.on('task:failed', () => counts.failed++);
  events.on('task:gone', ({ probablyDelivered }) => {
    counts.gone++;
    if (probablyDelivered) counts.probablyDelivered++;
  });
  events.on('task:deferred', () => counts.deferred++);
  events.on('task:ignored-abort', () => counts.ignoredAborts++);
  events.on('report:retried', () => counts.reportsRetried++);
  events.on('report:lost', () => counts.reportsLost++);
  events.on('outbox:kept', () => counts.outcomesKept++);
  events.on('outbox:unkept', () => counts.outcomesUnkept++);
  events.on('outbox:offered', ({ outcome }) => {
    if (outcome === 'accepted') counts.outcomesRescued++;
    if (outcome === 'gone') counts.outcomesLate++;
  });
  events.on('poll:token-possibly-lost', () => counts.tokensPossiblyLost++);
  return counts;
}
