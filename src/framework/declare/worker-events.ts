import type { StoreEvents } from '../base/store.js';
import type {
  HandlerPause,
  PlatformName,
  PollFailure,
  WorkerState,
  WorkerStatus,
} from '../base/worker-status.js';
import type { Outcome } from './outcome.js';

/** The handler that an event is about. */
export interface HandlerRef {
  /** `Class.method`. */
  readonly handler: string;
  readonly activityArn: string;
}

/** The task that an event is about. */
export interface TaskRef extends HandlerRef {
  readonly token: string;
}

/** The progress of a task, as its handler last reported it. */
export interface TaskProgress {
  /** A number from 0 to 1; undefined if the handler gave none. */
  readonly fraction: number | undefined;
  /** The text that the handler gave, cut to at most 256 characters; undefined if it gave none. */
  readonly message: string | undefined;
  /** The time at which the handler reported this progress, in epoch milliseconds. */
  readonly at: number;
}

/** The heartbeats that are late because the rate, or the answers of the service, leave no room for them. */
export interface LateHeartbeats {
  /** The number of tasks whose heartbeat is late. */
  readonly late: number;
  /** The number of all tasks whose heartbeats are sent. */
  readonly tasks: number;
}

/** The events of a handler's poller. */
interface PollEvents {
  /**
   * A poll has ended. `answer` says whether it returned a task, returned none, or failed; if it failed, `trouble` says
   * why.
   */
  'poll:ended': HandlerRef & {
    readonly answer: 'task' | 'empty' | 'failed';
    readonly trouble?: PollFailure;
    readonly openMs: number;
  };
  /** Polls of a handler have started to fail. Emitted once for each kind of trouble until all trouble is over. */
  'poll:failed': HandlerRef & { readonly trouble: PollFailure; readonly error: Error };
  /** The trouble is over: for 30 s no poll has failed, or a poll was answered after none had been. */
  'poll:recovered': HandlerRef & { readonly afterMs: number; readonly failures: number };
  /** A poll ended without an answer. If the service had leased a task to that poll, the task's token is lost. */
  'poll:token-possibly-lost': HandlerRef & { readonly error: Error };
}

/**
 * The events of a task. Each is emitted at most once per task, with three exceptions: `task:progress`;
 * `report:retried`, for each failed attempt; and `task:ignored-abort`, which is emitted again if the worker abandons
 * the handler.
 */
export interface TaskEvents {
  /** A task has arrived. */
  'task:received': TaskRef & { readonly receivedAt: Date };
  /**
   * The handler has returned or thrown, or the worker has stopped waiting for it. `handlerMs`: milliseconds since the
   * task was received.
   */
  'task:settled': TaskRef & { readonly handlerMs: number };
  /**
   * The service has accepted the handler's result. `durationMs`: milliseconds since the task was received. `reportMs`:
   * milliseconds since it was decided what to report.
   */
  'task:succeeded': TaskRef & { readonly durationMs: number; readonly reportMs: number };
  /** The service accepted the failure. `durationMs` and `reportMs` are measured as in `task:succeeded`. */
  'task:failed': TaskRef & {
    readonly durationMs: number;
    readonly reportMs: number;
    readonly error: string;
    readonly cause: string;
  };
  /** The handler has deferred the task, and has ended: somebody else completes it. `id`: the id that it is under. */
  'task:deferred': TaskRef & {
    readonly durationMs: number;
    readonly reportMs: number;
    readonly id: string | undefined;
  };
  /**
   * The service no longer wants the task, so nothing more is sent for it.
   *
   * `probablyDelivered`: true if an earlier report of the task got no response, so that the service has most likely
   * accepted that report.
   */
  'task:gone': TaskRef & {
    readonly durationMs: number;
    readonly probablyDelivered: boolean;
    readonly error: Error;
  };
  /**
   * A handler has reported progress. Emitted at most once per second for each task, always with the latest progress.
   */
  'task:progress': TaskRef & TaskProgress;
  /**
   * A handler is still running long after its signal was aborted. `afterMs`: milliseconds since the abort. `abandoned`:
   * true if the worker stops waiting for the handler.
   */
  'task:ignored-abort': TaskRef & { readonly afterMs: number; readonly abandoned: boolean };
  /** An attempt to report a task's outcome has failed, and will be repeated after `delayMs`. */
  'report:retried': TaskRef & { readonly attempt: number; readonly delayMs: number; readonly error: Error };
  /**
   * The report of a task was given up. As far as the worker knows, the service has not accepted the outcome.
   *
   * `kept`: true if the outbox has the outcome, so that it is offered again.
   */
  'report:lost': TaskRef & {
    readonly durationMs: number;
    readonly reportMs: number;
    readonly attempts: number;
    readonly outcome: Outcome;
    readonly error: Error;
    readonly kept: boolean;
  };
}

/** The events of an outbox. */
interface OutboxEvents {
  /**
   * A task's outcome is in the store of the outbox. `keepMs`: the milliseconds that this took. Its report is sent after
   * that.
   */
  'outbox:kept': TaskRef & { readonly keepMs: number };
  /** The report of a task's outcome is sent although the outcome isn't in the store of the outbox, or isn't yet. */
  'outbox:unkept': TaskRef & { readonly error: Error };
  /**
   * The report of an outcome that a process had left in the outbox has ended. `accepted`: the service accepted it.
   * `delivered`: another worker has delivered it. `gone`: the service no longer wanted the task. `lost`: it was older than
   * a day, and could not be delivered once more. The record is removed.
   */
  'outbox:offered': TaskRef & {
    readonly outcome: 'accepted' | 'delivered' | 'gone' | 'lost';
    /** Present if it is lost. */
    readonly error?: Error;
  };
}

/** The events of a worker and their payloads. The names are stable. */
export interface WorkerEvents extends PollEvents, TaskEvents, StoreEvents, OutboxEvents {
  state: { readonly from: WorkerState; readonly to: WorkerState };
  /**
   * For 30 s, no slot of a handler (place for a running task) could become free, because handlers ignore that their
   * signal was aborted, or because the service doesn't accept results. No tasks are received meanwhile. `slots:freed`
   * is emitted when a slot can become free again.
   */
  'slots:stuck': HandlerRef & {
    readonly ignoring: number;
    readonly undelivered: number;
    readonly reason: string;
  };
  'slots:freed': HandlerRef;
  /**
   * A handler was paused: it gets no tasks until the time `until` or, without that, until it is resumed. Running
   * tasks continue.
   */
  'handler:paused': HandlerRef & HandlerPause & { readonly reason: string };
  'handler:resumed': HandlerRef;
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

/** Emits an event. Never throws. */
export type Emit = <K extends EventName>(event: K, payload: WorkerEvents[K]) => void;

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
