import type { AbortKind } from '../../declare/task-context.js';
import type { Outcome } from '../handler/outcome/outcome.js';
import type { LogLine } from './log-line.js';

/** The options with which a thread or a process of a pool is started. */
export interface HostOptions {
  /** The URL of the module whose default export is the config. */
  readonly module: string;
  /** The folder to which the globs of `activities` are relative. */
  readonly baseDir: string;
  /**
   * The globs for activities that a command line flag or an environment variable sets, which replace those in the
   * config; undefined if neither is set.
   */
  readonly globs: readonly string[] | undefined;
  /** The names of the handlers that the host must be able to run, as `Class.method`. */
  readonly handlers: readonly string[];
  /** True if stack traces show source files and lines, by means of source maps. */
  readonly sourceMaps: boolean;
}

/** A task, as plain data that can be sent to a host. */
export interface HostedLease {
  /** The name of the task's handler, as `Class.method`. */
  readonly handler: string;
  readonly text: string;
  readonly token: string;
  readonly activityArn: string;
  readonly workerName: string;
  /** The time at which the worker received the task, in epoch milliseconds. */
  readonly receivedAt: number;
}

/**
 * A message from the worker to a thread or a process (the host). A host handles one task at a time, and messages arrive
 * in the order in which they were sent. So all messages between `task` and `settled`, in both directions, are about
 * that task.
 */
export type ToHost =
  /**
   * The first message to a host. `measures` is true if each `settled` message must say how much memory the host uses.
   */
  | { readonly kind: 'start'; readonly options: HostOptions; readonly measures: boolean }
  | ({ readonly kind: 'task' } & HostedLease)
  | { readonly kind: 'abort'; readonly reason: AbortKind; readonly message: string }
  | { readonly kind: 'drain' }
  /**
   * The result of the heartbeat that the host requested with `heartbeat`. `gone` is true if the service no longer wants
   * the task.
   */
  | { readonly kind: 'heartbeat-answer'; readonly gone: boolean }
  /** The worker has written log lines of the host with this many characters. The host may send that many more. */
  | { readonly kind: 'lines-written'; readonly characters: number }
  /** The last message to a host, after which the host disposes of its container and exits. */
  | { readonly kind: 'close' };

/** A message from a thread or a process (the host) to the worker. */
export type FromHost =
  | { readonly kind: 'ready' }
  /** The host can't run its handlers. `message` says why. */
  | { readonly kind: 'not-started'; readonly message: string }
  /**
   * A log line that doesn't belong to the running task. `token` is the token of an earlier task that has logged it, or
   * undefined if it isn't known which task has.
   */
  | { readonly kind: 'stray'; readonly line: LogLine; readonly token: string | undefined }
  /** The number of log lines that the host has dropped, because the worker hadn't written the earlier ones yet. */
  | { readonly kind: 'lines-lost'; readonly lines: number }
  | FromTask;

/** A message from a host about the task that runs there. */
export type FromTask =
  /** Sent just before the handler is called. If the host exits without having sent it, the task has not begun. */
  | { readonly kind: 'begun' }
  /**
   * The handler has requested a heartbeat for its task. The host sends this again only after `heartbeat-answer` has
   * arrived.
   */
  | { readonly kind: 'heartbeat' }
  /** The latest progress of the task. Sent at most once per second. */
  | {
      readonly kind: 'progress';
      readonly fraction: number | undefined;
      readonly message: string | undefined;
    }
  /**
   * The task has requested a pause of its handler, so that it gets no new tasks for `forMs`. Sent only if the pause
   * ends at least a second later than the one that the task requested before.
   */
  | { readonly kind: 'pause'; readonly forMs: number; readonly reason: string }
  | { readonly kind: 'log'; readonly line: LogLine }
  /**
   * The outcome of a task whose cleanup isn't finished. Sent early, so that the outcome is reported while the task's
   * own container is disposed of.
   */
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  /**
   * The task has ended completely, so the host can take another one. `outcome` is undefined if it was already sent with
   * the message `outcome`.
   */
  | { readonly kind: 'settled'; readonly outcome: Outcome | undefined; readonly memoryMb: number };
