import type { AbortKind } from '../../declare/task-context.js';
import type { Outcome } from '../handler/outcome/outcome.js';
import type { LogLine } from './log-line.js';

/** The options that a thread or a process of a pool is started with. */
export interface HostOptions {
  /** The URL of the module whose default export is the config. */
  readonly module: string;
  /** The folder that the globs of `activities` are relative to. */
  readonly baseDir: string;
  /** The globs of a flag or a variable, which replace the config's `activities`; undefined where neither is set. */
  readonly globs: readonly string[] | undefined;
  /** The names of the handlers that the host must have, as `Class.method`. */
  readonly handlers: readonly string[];
  /** True where stack traces show the lines of the sources. */
  readonly sourceMaps: boolean;
}

/** A task as it is sent to a host: plain data. */
export interface HostedLease {
  /** The name of the task's handler, as `Class.method`. */
  readonly handler: string;
  readonly text: string;
  readonly token: string;
  readonly activityArn: string;
  readonly workerName: string;
  /** Epoch milliseconds of the task's arrival at the worker. */
  readonly receivedAt: number;
}

/**
 * A message from the worker to a thread or a process. A host works on one task at a time, and messages keep their
 * order: those between `task` and `settled`, in either direction, are about that task.
 */
export type ToHost =
  /** The first message to a host. `measures` is true where each `settled` must have the memory that the host holds. */
  | { readonly kind: 'start'; readonly options: HostOptions; readonly measures: boolean }
  | ({ readonly kind: 'task' } & HostedLease)
  | { readonly kind: 'abort'; readonly reason: AbortKind; readonly message: string }
  | { readonly kind: 'drain' }
  /** Answers `heartbeat`. `gone` is true where the service no longer wants the task. */
  | { readonly kind: 'heartbeat-answer'; readonly gone: boolean }
  /** The worker has written log lines of this many characters, so that the host may send as many more. */
  | { readonly kind: 'lines-written'; readonly characters: number }
  /** The last message to a host, which disposes of what it holds and exits. */
  | { readonly kind: 'close' };

/** A message from a thread or a process to the worker. */
export type FromHost =
  | { readonly kind: 'ready' }
  /** The host can't run its handlers, for the reason in `message`. */
  | { readonly kind: 'not-started'; readonly message: string }
  /** A log line of a task that has ended, or of an unknown one: then `token` is undefined. */
  | { readonly kind: 'stray'; readonly line: LogLine; readonly token: string | undefined }
  /** The number of log lines that were dropped, because the worker had not written those before. */
  | { readonly kind: 'lines-lost'; readonly lines: number }
  | FromTask;

/** A message from a host about the task at work there. */
export type FromTask =
  /** The handler is called next. A task whose host exits before this message has not begun. */
  | { readonly kind: 'begun' }
  /** Asks the worker for a heartbeat. The host asks for no other before the answer. */
  | { readonly kind: 'heartbeat' }
  /** The latest progress of the task, sent once a second at most. */
  | {
      readonly kind: 'progress';
      readonly fraction: number | undefined;
      readonly message: string | undefined;
    }
  | { readonly kind: 'log'; readonly line: LogLine }
  /** The outcome of a task that may go on for a while, since its own providers are still disposed of. */
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  /**
   * Nothing of the task is left, so that the host can take another. `outcome` is undefined where it was sent before.
   */
  | { readonly kind: 'settled'; readonly outcome: Outcome | undefined; readonly memoryMb: number };
