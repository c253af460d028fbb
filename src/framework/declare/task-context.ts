import type { Logger } from '../base/log/log.js';
import type { Checkpoint } from './checkpoint.js';

/**
 * The reason for which a task's signal was aborted.
 * - `gone`: the service no longer wants the task, because it timed out or its execution was stopped. Nothing is
 *   reported.
 * - `deadline`: the handler's `timeout` is over. The task is reported as failed with `Stepwright.DeadlineExceeded`.
 * - `shutdown`: the worker is stopping and its grace period (the time for running tasks to end) is over. If the handler
 *   still returns a value, that is reported as a success. If it throws, `Stepwright.WorkerShutdown` is reported.
 */
export type AbortKind = 'gone' | 'deadline' | 'shutdown';

/** The `reason` of a task's `signal` after it was aborted. */
export class TaskAborted extends Error {
  override readonly name = 'TaskAborted';
  readonly kind: AbortKind;

  constructor(kind: AbortKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/**
 * The milliseconds that a handler gets to end after its signal was aborted. Then the worker no longer waits for it.
 * This applies when the worker stops, and to handlers in a thread or process.
 */
export const ABANDON_MS = 5_000;

/** The task that a handler works on. It is passed as the handler's second parameter. */
export interface TaskContext {
  /** Aborts when the work is no longer wanted, with a {@link TaskAborted} as its reason. */
  readonly signal: AbortSignal;
  /**
   * Aborts when the worker begins to stop. The handler can then bring its work to a good point before the grace period
   * (the time for running tasks to end) is over.
   */
  readonly shuttingDown: AbortSignal;
  /**
   * Sends a heartbeat now, in addition to the automatic ones. Calls in quick succession share one heartbeat. Rejects
   * with `signal.reason` once the service no longer wants the task, but never because of network trouble.
   */
  heartbeat(): Promise<void>;
  /**
   * Reports how far the work has got. The worker's status shows it, and it is logged from time to time. May be called
   * as often as you like.
   * @param fraction from 0 to 1
   * @param message a few words, cut to 256 characters
   */
  progress(fraction?: number, message?: string): void;
  /**
   * Saves and loads the state of the piece of work that this task is an attempt at. Available if the handler has the
   * option `checkpoint`; otherwise its methods reject.
   */
  readonly checkpoint: Checkpoint;
  /**
   * Makes this worker take no more tasks for this handler for a while, such as when a service that the handler calls
   * responds with 429. Running tasks go on, this one included. If the handler is already paused for longer, that pause
   * stays.
   * @param duration such as `'30s'`
   * @param reason a few words for the log, cut to 256 characters
   * @throws TypeError if `duration` isn't a duration
   */
  pauseHandler(duration: string, reason?: string): void;
  /**
   * Says that the task's result comes later, from somebody else: by {@link TaskContext.token}, or by an id. The handler
   * returns what this resolves to, as in `return task.defer()`; its slot is then free. No worker sends heartbeats for the
   * task, so its state needs `TimeoutSeconds`, and no `HeartbeatSeconds`.
   *
   * Once this has resolved, nothing of the handler is reported, with one exception: an error that it throws before its
   * signal has aborted fails the task.
   * @param options writes the task under an id, into the config's `deferred.store`, before this resolves. An id whose
   * task is over is used again
   * @throws DeferredIdTaken if another task waits under the id; StoreError if the store doesn't answer for a minute
   */
  defer(options?: DeferOptions): Promise<Deferral>;
  /** A logger that adds the handler, the activity and a short hash of the task token to every line. */
  readonly log: Logger;
  /** The handler's name, `Class.method`. */
  readonly handler: string;
  readonly activityArn: string;
  readonly workerName: string;
  /** The task token. Anyone who has it can report the task's outcome. */
  readonly token: string;
  /** The input as JSON text, exactly as the service sent it. */
  readonly rawInput: string;
  /** The time at which the worker received the task. The service's own timeouts started a moment earlier. */
  readonly receivedAt: Date;
}

/** Options of `task.defer`. */
export interface DeferOptions {
  /** Names the task for those who complete it, such as by an order's number: 1 to 200 characters. */
  readonly id: string;
  /** A few words for those who look at the tasks that wait: at most 1,000 characters. @default none */
  readonly note?: string;
}

const TASK = Symbol.for('stepwright.deferral');

/**
 * Says that a task's result comes later, from somebody else: a person, a webhook, another machine. `task.defer()` resolves
 * to it, and the handler returns it.
 */
export class Deferral {
  /** Keeps other objects that have an id from being taken for one. */
  protected readonly isDeferral = true;

  /** @param task the token of the task */
  constructor(
    task: string,
    /** The id under which the task was written down. @default it was deferred without one */
    readonly id: string | undefined,
  ) {
    Object.defineProperty(this, TASK, { value: task });
  }
}

/** Returns true for a {@link Deferral}, also for one that another copy of this package has made. */
export function isDeferral(value: unknown): value is Deferral {
  return typeof value === 'object' && value !== null && TASK in value;
}

/** Returns the token of the deferral's task. */
export const taskOf = (deferral: Deferral): unknown => Reflect.get(deferral, TASK);

/** Thrown by `task.defer` if another task that the service still wants waits under the same id. */
export class DeferredIdTaken extends Error {
  override readonly name = 'DeferredIdTaken';
}
