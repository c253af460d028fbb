import type { ActivityPort } from '../../aws/activity-port.js';

/** A lease that heartbeats keep alive. */
export interface TrackedLease {
  readonly port: ActivityPort;
  readonly token: string;
  /**
   * Milliseconds between two heartbeats, of which the first is sent at most one interval from now. Infinity: heartbeats
   * are sent only on request.
   */
  readonly everyMs: number;
  /** Epoch milliseconds from which the service may count the lease; usually those of the task's receipt. */
  readonly leasedAt: number;
  /** Called at most once, when an answer shows that the task is gone. No heartbeat is sent after that. */
  readonly onGone: (error: Error) => void;
}

/** The heartbeat of one task, from its lease to `release`. */
export interface Heartbeat {
  /** Epoch milliseconds of the last accepted heartbeat; undefined before the first. */
  readonly lastAt: number | undefined;
  /**
   * Sends a heartbeat as soon as the worker's rate allows, and resolves when it was answered or failed. Calls that are
   * made before that share the heartbeat. Never rejects.
   */
  now(): Promise<void>;
  /** Stops the task's heartbeat. Further calls do nothing. */
  release(): void;
}

/** Sends heartbeats for all tasks of a worker, no more a second than its `heartbeatRate`. */
export interface Heartbeats {
  track(lease: TrackedLease): Heartbeat;
}
