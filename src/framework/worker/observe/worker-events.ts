import { EventEmitter } from 'node:events';
import type { Logger } from '../../base/log/log.js';
import type { EmitPoll, PollEvents, PollRef } from '../poll/poll.js';
import type { StoreEvents } from '../../base/store.js';
import type { EmitOutbox, OutboxEvents } from '../keep/outbox.js';
import type { EmitTask, TaskEvents } from '../task/task-events.js';
import {
  type HandlerPause,
  NO_COUNTS,
  type PlatformName,
  type WorkerCounts,
  type WorkerState,
  type WorkerStatus,
} from '../../base/worker-status.js';
import type { LateHeartbeats } from '../heartbeat/heartbeat-scheduler.js';
import { isThenable } from '../../base/time/wait.js';

/** The events of a worker and their payloads. The names are stable. */
export interface WorkerEvents extends PollEvents, TaskEvents, StoreEvents, OutboxEvents {
  state: { readonly from: WorkerState; readonly to: WorkerState };
  /**
   * For 30 s, no slot of a handler (place for a running task) could become free, because handlers ignore that their
   * signal was aborted, or because the service doesn't accept results. No tasks are received meanwhile. `slots:freed`
   * is emitted when a slot can become free again.
   */
  'slots:stuck': PollRef & {
    readonly ignoring: number;
    readonly undelivered: number;
    readonly reason: string;
  };
  'slots:freed': PollRef;
  /**
   * A handler was paused: it gets no tasks until the time `until` or, without that, until it is resumed. Running
   * tasks continue.
   */
  'handler:paused': PollRef & HandlerPause & { readonly reason: string };
  'handler:resumed': PollRef;
  /**
   * The heartbeats of `late` of `tasks` running tasks are late, because `heartbeatRate` allows no more or the service
   * answers slowly. Emitted again when twice as many are.
   */
  'heartbeat:late': LateHeartbeats;
  /** A heartbeat was sent. `lateMs`: the milliseconds since it became due. */
  'heartbeat:sent': { readonly lateMs: number };
  /**
   * The event loop was blocked for a second or longer. `handlers`: the handlers that were running then, one of which
   * may have blocked it.
   *
   * `gaveUp`: true if the loop was blocked for longer than `stallAfter`, so that heartbeats stopped.
   */
  'loop:blocked': {
    readonly blockedMs: number;
    readonly gaveUp: boolean;
    readonly handlers: readonly string[];
  };
  /**
   * Heartbeats have started to fail. Emitted for the first failure only. Emitted again only if no heartbeat has failed
   * for 30 s in between.
   */
  'heartbeat:failed': { readonly error: Error };
  'heartbeat:recovered': Record<string, never>;
  /**
   * A task has been running for `protectAfter`, and the platform (ECS or Kubernetes) has granted protection: it doesn't
   * remove the worker when it scales in.
   */
  'protection:granted': { readonly platform: PlatformName };
  /**
   * The worker is no longer protected. It has released its protection because no task is running that long any more, or
   * the protection has expired.
   */
  'protection:released': { readonly platform: PlatformName };
  /** A call to the platform for scale-in protection has failed. Not emitted again until a call has succeeded. */
  'protection:failed': { readonly platform: PlatformName; readonly error: Error };
}

export type EventName = keyof WorkerEvents;
export type Listener<K extends EventName> = (payload: WorkerEvents[K]) => unknown;
type Emit = <K extends EventName>(event: K, payload: WorkerEvents[K]) => void;

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

  /** The function with which pollers emit their events. */
  readonly emitPoll = this.emit as EmitPoll;
  /** The function with which tasks emit their events. */
  readonly emitTask = this.emit as EmitTask;
  /** The function with which an outbox emits its events. */
  readonly emitOutbox = this.emit as EmitOutbox;
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

/** The methods of a worker that its observers may use. */
export interface ObservedWorker {
  /**
   * Calls the listener with each event of this name. If a listener throws, that is logged, and everything else
   * continues.
   * @returns a function that removes the listener
   */
  on<K extends EventName>(event: K, listener: Listener<K>): () => void;
  status(): WorkerStatus;
}

/**
 * Implement this to listen to a worker's events, and list the class in the config's option `observe`. The dependency
 * injection container makes one instance of it for each worker.
 */
export interface Observer {
  /**
   * Called once, before the worker runs, to add listeners with `worker.on`. If it throws or rejects, the worker doesn't
   * start.
   */
  observe(worker: ObservedWorker): void | Promise<void>;
}
