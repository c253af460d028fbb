import { EventEmitter } from 'node:events';
import type { Logger } from '../../base/log/log.js';
import type { EmitPoll, PollEvents, PollRef } from '../poll/events.js';
import type { EmitTask, TaskEvents } from '../task/events.js';
import type { WorkerState } from '../../base/worker-status.js';
import type { HeartbeatLoad } from '../heartbeat/heartbeat-load.js';
import { isThenable } from '../../base/time/wait.js';

/** All that a worker tells. Names are stable. */
export interface WorkerEvents extends PollEvents, TaskEvents {
  state: { readonly from: WorkerState; readonly to: WorkerState };
  /**
   * For 30 s no place of a handler could come free any more: they are held by handlers that ignore their signal, and by
   * results that the service does not take. Somebody must act.
   */
  'places:stuck': PollRef & {
    readonly ignoring: number;
    readonly undelivered: number;
    readonly reason: string;
  };
  'places:freed': PollRef;
  /** There are more tasks than `heartbeatRate` can beat in their intervals: some stretch, the longest first. */
  'heartbeat:stretched': HeartbeatLoad;
  'heartbeat:restored': HeartbeatLoad;
  /** A heartbeat left, so long after it was due. */
  'heartbeat:sent': { readonly lateMs: number };
  /**
   * The event loop was blocked for a second or longer, by one of these handlers or by something else in the process.
   * `gaveUp`: for longer than `stallAfter`, so that no heartbeat was sent at the end.
   */
  'loop:blocked': {
    readonly blockedMs: number;
    readonly gaveUp: boolean;
    readonly handlers: readonly string[];
  };
  /** Heartbeats began to fail; told once, until none has failed for 30 s. */
  'heartbeat:failed': { readonly error: Error };
  'heartbeat:recovered': Record<string, never>;
}

export type EventName = keyof WorkerEvents;
export type Listener<K extends EventName> = (payload: WorkerEvents[K]) => unknown;
export type Emit = <K extends EventName>(event: K, payload: WorkerEvents[K]) => void;

/** Typed events whose listeners can't hurt the worker: one that throws is logged, and the others are still told. */
export class EventHub {
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** @returns a function that takes the listener away again. */
  on<K extends EventName>(event: K, listener: Listener<K>): () => void {
    const complain = (error: unknown): void => this.#log.error({ event, err: error }, 'a listener threw');
    const guarded = (payload: WorkerEvents[K]): void => {
      try {
        const told = listener(payload);
        // An async function passes for a listener too, and its rejection would be nobody's.
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

  /** The part of `emit` that a poller is given. */
  readonly emitPoll: EmitPoll = (event, payload) => {
    this.#emitter.emit(event, payload);
  };

  /** The part of `emit` that a task is given. */
  readonly emitTask: EmitTask = (event, payload) => {
    this.#emitter.emit(event, payload);
  };
}
