import type { ActivityPort } from '../../aws/activity-port.js';

/** A task that heartbeats keep from timing out. */
export interface TrackedLease {
  readonly port: ActivityPort;
  readonly token: string;
  /**
   * The milliseconds between two heartbeats. The first one is sent within this time from now. Infinity: heartbeats are
   * sent only if the handler requests them.
   */
  readonly everyMs: number;
  /**
   * The earliest time from which the service may count the task's timeouts, in epoch milliseconds. Usually it is the
   * time at which the task was received.
   */
  readonly leasedAt: number;
  /**
   * Called at most once, when an answer shows that the service no longer wants the task. No heartbeat is sent after
   * that.
   */
  readonly onGone: (error: Error) => void;
}

/** Sends the heartbeats of one task, until `release` is called. */
export interface Heartbeat {
  /** The time, in epoch milliseconds, at which the last accepted heartbeat was sent; undefined before the first. */
  readonly lastAt: number | undefined;
  /**
   * Sends a heartbeat as soon as the worker's rate allows it. Resolves when that heartbeat was answered or has failed;
   * further calls until then get the same heartbeat. Never rejects.
   */
  now(): Promise<void>;
  /** Ends the task's heartbeats. Calls after that do nothing. */
  release(): void;
}

/** Sends heartbeats for all tasks of a worker, at most `heartbeatRate` per second. */
export interface Heartbeats {
  track(lease: TrackedLease): Heartbeat;
}
