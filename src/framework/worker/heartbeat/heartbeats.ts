import type { ActivityPort } from '../../aws/port.js';

/** A lease that heartbeats keep alive. */
export interface TrackedLease {
  readonly port: ActivityPort;
  readonly token: string;
  /**
   * Milliseconds between two heartbeats; the first is sent at most one interval from now. Infinity: only on request.
   */
  readonly everyMs: number;
  /** Epoch milliseconds from which the service may count; usually the receipt. */
  readonly leasedAt: number;
  /** Called at most once, when an answer says that the task is gone. No heartbeat is sent after that. */
  readonly onGone: (error: Error) => void;
}

/** The heartbeat of one task. */
export interface Heartbeat {
  /** Epoch milliseconds of the last accepted heartbeat; undefined before the first. */
  readonly lastAt: number | undefined;
  /** Sends one as soon as the worker's rate allows; calls made while one is due share it. Never rejects. */
  now(): Promise<void>;
  /** Stops the heartbeat. Idempotent. */
  release(): void;
}

/** Sends heartbeats for all tasks of a worker. Implementations keep to the worker's `heartbeatRate`. */
export interface Heartbeats {
  track(lease: TrackedLease): Heartbeat;
}
