import type { KeptOutcome } from '../keep/outbox/kept-outcome.js';
import type { OutboxListener } from '../keep/outbox/outbox.js';
import type { TaskRef } from '../task/task-events.js';
import type { EventHub } from './worker-events.js';

/** Makes the listener that emits what happens in a worker's outbox. */
export const emitOutbox = (events: EventHub): OutboxListener => ({
  kept: (kept, keepMs) => events.emit('outbox:kept', { ...refOf(kept), keepMs }),
  unkept: (kept, error) => events.emit('outbox:unkept', { ...refOf(kept), error }),
  taken: ({ workerName }, outcomes) => events.emit('outbox:taken', { workerName, outcomes }),
  offered: (kept, end) =>
    events.emit('outbox:offered', {
      ...refOf(kept),
      outcome: end.kind,
      ...(end.kind === 'lost' && { error: end.error }),
    }),
  began: (call, error) => events.emit('store:failed', { use: 'outbox', call, error }),
  ended: (call, afterMs) => events.emit('store:recovered', { use: 'outbox', call, afterMs }),
});

const refOf = ({ handler, activityArn, token }: KeptOutcome): TaskRef => ({ handler, activityArn, token });
