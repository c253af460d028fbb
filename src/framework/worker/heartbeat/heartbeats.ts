import type { ActivityPort } from '../../aws/activity-port.js';

/** A task that heartbeats keep from timing out. */
export interface TrackedLease {
  readonly port: ActivityPort;
  readonly token: string;
  /**
   * The milliseconds between two heartbeats. The first heartbeat is sent within this time after the task is tracked. If
   * this is Infinity, heartbeats are sent only when the handler requests them.
   */
  readonly everyMs: number;
  /**
   * The earliest time at which the service may have given out the task and started to count its timeouts, in epoch
   * milliseconds. Usually it is the time at which the worker received the task.
   */
  readonly leasedAt: number;
  /**
   * Called at most once, when the response to a heartbeat shows that the service no longer wants the task. No heartbeat
   * is sent after that.
   */
  readonly onGone: (error: Error) => void;
  /** Called with each heartbeat that the service accepts. @param sentAt the time at which it was sent */
  readonly onAccepted?: (sentAt: number) => void;
}

/** Sends the heartbeats of one task, until `release` is called. */
export interface Heartbeat {
  /**
   * Resolves when the task's heartbeats will be sent even if this thread is blocked from then on. A handler begins only
   * after that. @default they already are, or never will be
   */
  readonly known?: Promise<void> | undefined;
  /** The time, in epoch milliseconds, at which the last accepted heartbeat was sent; undefined before the first. */
  readonly lastAt: number | undefined;
  /**
   * Sends a heartbeat as soon as the worker's rate limit allows it. Resolves when that heartbeat has got its response,
   * or has failed. If this is called again before that, no second heartbeat is sent. Never rejects.
   */
  now(): Promise<void>;
  /** Stops sending heartbeats for the task. Calls of `now` and `release` after that do nothing. */
  release(): void;
}

/** Sends heartbeats for all tasks of a worker, at most `heartbeatRate` per second. */
export interface Heartbeats {
  track(lease: TrackedLease): Heartbeat;
}
