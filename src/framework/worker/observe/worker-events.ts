import { EventEmitter } from 'node:events';
import type { Logger } from '../../base/log/log.js';
import type { EmitPoll, PollEvents, PollRef } from '../poll/poll-events.js';
import type { EmitTask, TaskEvents } from '../task/task-events.js';
import type { PlatformName, PublicPause, WorkerState } from '../../base/worker-status.js';
import type { HeartbeatLoad } from '../heartbeat/heartbeat-load.js';
import { isThenable } from '../../base/time/wait.js';

/** The events of a worker and their payloads. The names are stable. */
export interface WorkerEvents extends PollEvents, TaskEvents {
  state: { readonly from: WorkerState; readonly to: WorkerState };
  /**
   * For 30 s no slot of a handler could become free, because handlers ignore that their signal was aborted, or because
   * the service doesn't accept results. `places:freed` follows when a slot can become free again.
   */
  'places:stuck': PollRef & {
    readonly ignoring: number;
    readonly undelivered: number;
    readonly reason: string;
  };
  'places:freed': PollRef;
  /** A handler takes no task, or one at most, until `until`, or until it is resumed. Its running tasks go on. */
  'handler:paused': PollRef & PublicPause & { readonly reason: string };
  'handler:resumed': PollRef;
  /**
   * More tasks are running than `heartbeatRate` is enough for, so some heartbeat intervals get longer. The longest are
   * stretched first.
   */
  'heartbeat:stretched': HeartbeatLoad;
  'heartbeat:restored': HeartbeatLoad;
  /** A heartbeat was sent. `lateMs`: the milliseconds since it was due. */
  'heartbeat:sent': { readonly lateMs: number };
  /**
   * The event loop was blocked for a second or longer, by one of these handlers or by other code in the process.
   *
   * `gaveUp`: true if it was blocked for longer than `stallAfter`, so that heartbeats stopped.
   */
  'loop:blocked': {
    readonly blockedMs: number;
    readonly gaveUp: boolean;
    readonly handlers: readonly string[];
  };
  /**
   * Heartbeats have started to fail. Emitted once. It is emitted again only after 30 s in which no heartbeat has
   * failed.
   */
  'heartbeat:failed': { readonly error: Error };
  'heartbeat:recovered': Record<string, never>;
  /** A task has run for `protectAfter`, and the platform leaves the worker alone until the release. */
  'protection:granted': { readonly platform: PlatformName };
  /** Protection was given back, because no task has run for so long, or it has lapsed. */
  'protection:released': { readonly platform: PlatformName };
  /** A call to the platform failed. Emitted once, and again only after a call has succeeded. */
  'protection:failed': { readonly platform: PlatformName; readonly error: Error };
}

export type EventName = keyof WorkerEvents;
export type Listener<K extends EventName> = (payload: WorkerEvents[K]) => unknown;
export type Emit = <K extends EventName>(event: K, payload: WorkerEvents[K]) => void;

/**
 * Emits typed events. A listener can't harm the worker: if it throws, that is logged, and the other listeners are still
 * called.
 */
export class EventHub {
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Calls the listener with each event of this name. @returns a function that removes the listener */
  on<K extends EventName>(event: K, listener: Listener<K>): () => void {
    const complain = (error: unknown): void => this.#log.error({ event, err: error }, 'a listener threw');
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

  /** A poller emits its events with this function. */
  readonly emitPoll: EmitPoll = (event, payload) => {
    this.#emitter.emit(event, payload);
  };

  /** A task emits its events with this function. */
  readonly emitTask: EmitTask = (event, payload) => {
    this.#emitter.emit(event, payload);
  };
}
