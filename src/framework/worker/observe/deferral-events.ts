import type { DeferralListener } from '../deferral/deferrals.js';
import type { EventHub } from './worker-events.js';

/** Turns what happens to a worker's deferred tasks into its events. */
export const deferralEvents = (events: EventHub): DeferralListener => ({
  taskEnded: ({ handler, activityArn, token, id }, how) =>
    events.emit('deferral:ended', { handler, activityArn, token, id, how }),
  taken: ({ workerName }, tasks) => events.emit('deferrals:taken', { workerName, tasks }),
  began: (call, error) => events.emit('store:failed', { use: 'deferred', call, error }),
  ended: (call, afterMs) => events.emit('store:recovered', { use: 'deferred', call, afterMs }),
});
