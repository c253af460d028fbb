import { EventEmitter } from 'node:events';
import type { Logger } from '../../base/log/log.js';
import type { EmitPoll, PollEvents, PollRef } from '../poll/poll-events.js';
import type { EmitTask, TaskEvents } from '../task/task-events.js';
import type { WorkerState } from '../../base/worker-status.js';
import type { HeartbeatLoad } from '../heartbeat/heartbeat-load.js';
import { isThenable } from '../../base/time/wait.js';

/** The events of a worker and their payloads. Names are stable. */
export interface WorkerEvents extends PollEvents, TaskEvents {
  state: { readonly from: WorkerState; readonly to: WorkerState };
  /**
   * For 30 s no slot of a handler could come free, because of handlers that ignore their signal and results that the
   * service does not accept. The event lasts until one of these is fixed.
   */
  'places:stuck': PollRef & {
    readonly ignoring: number;
    readonly undelivered: number;
    readonly reason: string;
  };
  'places:freed': PollRef;
  /** More tasks run than `heartbeatRate` suffices for, so that some heartbeat intervals stretch, the longest first. */
  'heartbeat:stretched': HeartbeatLoad;
  'heartbeat:restored': HeartbeatLoad;
  /** A heartbeat was sent. `lateMs`: milliseconds since the heartbeat was due. */
  'heartbeat:sent': { readonly lateMs: number };
  /**
   * The event loop was blocked for a second or longer, by one of these handlers or by other code in the process.
   * `gaveUp`: true where it was blocked for longer than `stallAfter`, so that heartbeats stopped.
   */
  'loop:blocked': {
    readonly blockedMs: number;
    readonly gaveUp: boolean;
    readonly handlers: readonly string[];
  };
  /** Heartbeats began to fail. Emitted once, and again only after 30 s without a failed heartbeat. */
  'heartbeat:failed': { readonly error: Error };
  'heartbeat:recovered': Record<string, never>;
}

export type EventName = keyof WorkerEvents;
export type Listener<K extends EventName> = (payload: WorkerEvents[K]) => unknown;
export type Emit = <K extends EventName>(event: K, payload: WorkerEvents[K]) => void;

/**
 * Emits typed events. A listener can't harm the worker: what it throws is logged, and the other listeners are still
 * called.
 */
export class EventHub {
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Adds a listener of one event. @returns a function that removes the listener */
  on<K extends EventName>(event: K, listener: Listener<K>): () => void {
    const complain = (error: unknown): void => this.#log.error({ event, err: error }, 'a listener threw');
    const guarded = (payload: WorkerEvents[K]): void => {
      try {
        const told = listener(payload);
        // A listener may be an async function, whose rejection would be unhandled.
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

  /** The function by which a poller emits its events. */
  readonly emitPoll: EmitPoll = (event, payload) => {
    this.#emitter.emit(event, payload);
  };

  /** The function by which a task emits its events. */
  readonly emitTask: EmitTask = (event, payload) => {
    this.#emitter.emit(event, payload);
  };
}
