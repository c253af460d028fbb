import type { AbortKind } from '../../declare/task-context.js';
import type { Outcome } from '../handler/outcome/outcome.js';
import type { LogLine } from './log-line.js';

/** What a thread or a process is started with. */
export interface HostOptions {
  /** The URL of the module whose default export is the config. */
  readonly module: string;
  /** What globs in `activities` are relative to. */
  readonly baseDir: string;
  /** Globs that win over the config's `activities`: a flag or a variable said them. */
  readonly globs: readonly string[] | undefined;
  /** The handlers that it must have: `Class.method`. */
  readonly handlers: readonly string[];
  /** Whether traces show the sources' lines. */
  readonly sourceMaps: boolean;
}

/** A task as text: all that goes in. */
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
 * What the worker tells a thread or a process. It works on one task at a time, and messages keep their order: what
 * comes between a task and its `settled`, either way, is about that task.
 */
export type ToHost =
  | { readonly kind: 'start'; readonly options: HostOptions }
  | ({ readonly kind: 'task' } & HostedLease)
  | { readonly kind: 'abort'; readonly reason: AbortKind; readonly message: string }
  | { readonly kind: 'drain' }
  /** The answer to `beat`; `gone`: the service no longer wants the task. */
  | { readonly kind: 'beaten'; readonly beat: number; readonly gone: boolean }
  /** Nothing more will come: dispose of everything and end. */
  | { readonly kind: 'close' };

/** What a thread or a process tells the worker. */
export type FromHost =
  | { readonly kind: 'ready' }
  /** It can't run what it should. */
  | { readonly kind: 'unfit'; readonly message: string }
  /** A line of the log that the task at work did not write: one did that has ended, or nobody knows which. */
  | { readonly kind: 'stray'; readonly line: LogLine; readonly token: string | undefined }
  | FromTask;

/** What is told of the task at work. */
export type FromTask =
  | { readonly kind: 'beat'; readonly beat: number }
  | {
      readonly kind: 'progress';
      readonly fraction: number | undefined;
      readonly message: string | undefined;
    }
  | { readonly kind: 'log'; readonly line: LogLine }
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  /** Nothing of the task is left; another may come. */
  | { readonly kind: 'settled'; readonly memoryMb: number };
