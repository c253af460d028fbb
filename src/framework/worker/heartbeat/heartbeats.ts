import type { ActivityPort } from '../../aws/port.js';

/** One task whose lease is to be kept alive. */
export interface TrackedLease {
  readonly port: ActivityPort;
  readonly token: string;
  /** Milliseconds between two beats, the first at most one interval after now; Infinity: only when asked. */
  readonly everyMs: number;
  /** Since when the service may count, in epoch milliseconds; usually the receipt. */
  readonly leasedAt: number;
  /** Called at most once, when an answer says that the task is gone. No beat is sent after that. */
  readonly onGone: (error: Error) => void;
}

/** The hold on a task's heartbeat. */
export interface Heartbeat {
  /** When the service last took a beat, in epoch milliseconds. */
  readonly lastAt: number | undefined;
  /** Sends one as soon as the worker's rate allows; calls that come while one is due share it. Never rejects. */
  now(): Promise<void>;
  /** Ends the lease. Idempotent. */
  release(): void;
}

/** Beats for all tasks of a worker. Implementations hold the worker's `heartbeatRate`. */
export interface Heartbeats {
  track(lease: TrackedLease): Heartbeat;
}
