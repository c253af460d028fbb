import type { KeptOutcome } from '../keep/kept-outcome.js';
import type { OutboxListener } from '../keep/outbox.js';
import type { TaskRef } from '../task/task-events.js';
import type { EventHub } from './worker-events.js';

/** Makes the listener that emits what happens in a worker's outbox. */
export const emitOutbox = (events: EventHub): OutboxListener => ({
  kept: (kept, keepMs) => events.emit('outbox:kept', { ...refOf(kept), keepMs }),
  unkept: (kept, error) => events.emit('outbox:unkept', { ...refOf(kept), error }),
  offered: (kept, end) =>
    events.emit('outbox:offered', {
      ...refOf(kept),
      outcome: end.kind,
      ...(end.kind === 'lost' && { error: end.error }),
    }),
});

const refOf = ({ handler, activityArn, token }: KeptOutcome): TaskRef => ({ handler, activityArn, token });
