import type { Logger } from '../base/log/log.js';

/**
 * The reason for which a task's signal was aborted.
 * - `gone`: the service no longer wants the task (it timed out, or its execution was stopped). Nothing is reported.
 * - `deadline`: the handler's `timeout` is over. `Stepwright.DeadlineExceeded` is reported.
 * - `shutdown`: the worker stops and its grace is over. A returned value is still a success, a throw is reported as
 * `Stepwright.WorkerShutdown`.
 */
export type AbortKind = 'gone' | 'deadline' | 'shutdown';

/** The `reason` of a `task.signal` that was aborted. */
export class TaskAborted extends Error {
  override readonly name = 'TaskAborted';
  readonly kind: AbortKind;

  constructor(kind: AbortKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/**
 * The milliseconds that a handler has, after its signal aborted, before the worker abandons it: at a stop, and in a
 * pool.
 */
export const ABANDON_MS = 5_000;

/** The task that a handler works on. It is the handler's second parameter. */
export interface TaskContext {
  /** Aborts when the work is no longer wanted, with a {@link TaskAborted} as its reason. */
  readonly signal: AbortSignal;
  /**
   * Aborts when the worker begins to drain, so that the handler can come to a good point to stop before the grace is
   * over.
   */
  readonly shuttingDown: AbortSignal;
  /**
   * Sends a heartbeat now, beside the automatic ones. Calls in quick succession share a heartbeat. Rejects with
   * `signal.reason` once the task is gone, and never because of trouble on the network.
   */
  heartbeat(): Promise<void>;
  /**
   * Reports how far the work is, to be shown by the worker's status and logged from time to time. May be called as
   * often as you like.
   * @param fraction from 0 to 1
   * @param message a few words, cut at 256 characters
   */
  progress(fraction?: number, message?: string): void;
  /** A logger that adds the handler, the activity and a short hash of the token to every line. */
  readonly log: Logger;
  /** The handler's name, `Class.method`. */
  readonly handler: string;
  readonly activityArn: string;
  readonly workerName: string;
  /** The task token. Anyone who holds it can report the task's outcome. */
  readonly token: string;
  /** The input as the service sent it. */
  readonly rawInput: string;
  /** The time at which the worker received the task. The service's own timeouts began a moment before. */
  readonly receivedAt: Date;
}
