import type { Logger } from '../base/log/log.js';

/**
 * Why a task's signal aborted.
 * - `gone`: the service no longer wants the task (it timed out, or its execution was stopped); nothing is reported.
 * - `deadline`: the handler's `timeout` is over; `Stepwright.DeadlineExceeded` has been reported.
 * - `shutdown`: the worker stops and its grace is over; a returned value still counts, a throw is `Stepwright.WorkerShutdown`.
 */
export type AbortKind = 'gone' | 'deadline' | 'shutdown';

/** The reason of an aborted `task.signal`. */
export class TaskAborted extends Error {
  override readonly name = 'TaskAborted';
  readonly kind: AbortKind;

  constructor(kind: AbortKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** How long a handler may run on after the signal aborted at a stop, or anywhere but on the main thread. */
export const ABANDON_MS = 5_000;

/** The one task that a handler is working on. */
export interface TaskContext {
  /** Aborts with a {@link TaskAborted} when the work is no longer wanted. */
  readonly signal: AbortSignal;
  /** Aborts when the worker begins to drain: a hint to reach a good place to stop before the grace is over. */
  readonly shuttingDown: AbortSignal;
  /**
   * Sends a heartbeat now, beside the automatic ones; calls in quick succession share one.
   * Rejects with `signal.reason` once the task is gone; never for trouble on the network.
   */
  heartbeat(): Promise<void>;
  /**
   * Says how far the work is: shown in the worker's status, and now and then in its log. As often as you like.
   * @param fraction from 0 to 1. @param message a few words, cut at 256 characters.
   */
  progress(fraction?: number, message?: string): void;
  /** Logs with the handler, the activity and a short hash of the token on every line. */
  readonly log: Logger;
  /** `Class.method`. */
  readonly handler: string;
  readonly activityArn: string;
  readonly workerName: string;
  /** The task token: whoever holds it can report the task's outcome. */
  readonly token: string;
  /** The input as the service sent it. */
  readonly rawInput: string;
  /** When the lease arrived; the service's own clocks for the task started a moment before. */
  readonly receivedAt: Date;
}
