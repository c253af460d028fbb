import type { AbortKind } from '../../declare/task-context.js';
import type { Outcome } from '../handler/outcome/outcome.js';
import type { LogLine } from './log-line.js';

/** The options that a thread or a process is started with. */
export interface HostOptions {
  /** The URL of the module whose default export is the config. */
  readonly module: string;
  /** The folder that globs in `activities` are relative to. */
  readonly baseDir: string;
  /** Globs of a flag or a variable, which replace the config's `activities`. */
  readonly globs: readonly string[] | undefined;
  /** The handlers that it must have: `Class.method`. */
  readonly handlers: readonly string[];
  /** True where stack traces show the lines of the sources. */
  readonly sourceMaps: boolean;
}

/** A task as it is sent to a host: plain data. */
export interface HostedLease {
  /** `Class.method`. */
  readonly handler: string;
  readonly text: string;
  readonly token: string;
  readonly activityArn: string;
  readonly workerName: string;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
}

/**
 * A message to a thread or a process. A host works on one task at a time, and messages keep their order: those between
 * `task` and `settled`, in either direction, are about that task.
 */
export type ToHost =
  /** The first message. `measures`: each `settled` has the memory that the host holds. */
  | { readonly kind: 'start'; readonly options: HostOptions; readonly measures: boolean }
  | ({ readonly kind: 'task' } & HostedLease)
  | { readonly kind: 'abort'; readonly reason: AbortKind; readonly message: string }
  | { readonly kind: 'drain' }
  /** The answer to `heartbeat`. `gone`: the service no longer wants the task. */
  | { readonly kind: 'heartbeat-answer'; readonly gone: boolean }
  /** The worker has written log lines of so many characters: as many more may be sent. */
  | { readonly kind: 'lines-written'; readonly characters: number }
  /** The last message: the host disposes of what it holds, and exits. */
  | { readonly kind: 'close' };

/** A message from a thread or a process. */
export type FromHost =
  | { readonly kind: 'ready' }
  /** The host can't run its handlers. */
  | { readonly kind: 'not-started'; readonly message: string }
  /** A log line that is not of the task at work: of a task that has ended, or of an unknown one. */
  | { readonly kind: 'stray'; readonly line: LogLine; readonly token: string | undefined }
  /** So many log lines were dropped, because the worker had not written the lines before. */
  | { readonly kind: 'lines-lost'; readonly lines: number }
  | FromTask;

/** A message about the task at work. */
export type FromTask =
  /** The handler is called next. A task whose host exits before that has not begun. */
  | { readonly kind: 'begun' }
  /** Asks for a heartbeat. No other follows before its answer. */
  | { readonly kind: 'heartbeat' }
  /** The latest progress, once a second at most. */
  | {
      readonly kind: 'progress';
      readonly fraction: number | undefined;
      readonly message: string | undefined;
    }
  | { readonly kind: 'log'; readonly line: LogLine }
  /** The outcome of a task that may go on a while, since its own providers are disposed of. */
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  /** Nothing of the task is left, so the host can take another. Has the outcome, unless that was sent before. */
  | { readonly kind: 'settled'; readonly outcome: Outcome | undefined; readonly memoryMb: number };
