import { EventEmitter } from 'node:events';
import type { Logger } from '../../base/log/log.js';
import { isThenable } from '../../base/time/wait.js';
import { NO_COUNTS, type WorkerCounts } from '../../base/worker-status.js';
import type { Emit, EventName, Listener, WorkerEvents } from '../../declare/worker-events.js';

/**
 * Emits typed events. A listener can't harm the worker: if it throws, that is logged, and the other listeners are still
 * called.
 */
export class EventHub {
  readonly #emitter = new EventEmitter().setMaxListeners(0);

  constructor(private readonly log: Logger) {}

  /** Calls the listener with each event of this name. @returns a function that removes the listener */
  on<K extends EventName>(event: K, listener: Listener<K>): () => void {
    const complain = (error: unknown): void => this.log.error({ event, err: error }, 'a listener threw');
    const guarded = (payload: WorkerEvents[K]): void => {
      try {
        const told = listener(payload);
        // A listener may be an async function. Without this, its rejection would be unhandled.
        if (isThenable(told)) Promise.resolve(told).catch(complain);
      } catch (error) {
        complain(error);
      }
    };
    this.#emitter.on(event, guarded);
    return () => this.#emitter.off(event, guarded);
  }

  readonly emit: Emit = (event, payload) => {
    this.#emitter.emit(event, payload);
  };
}

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
