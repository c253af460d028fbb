import type { StoreMonitor } from '../../base/store.js';
import type { Container } from '../../declare/container.js';
import type { OpenConnection } from '../../aws/lean/connections.js';
import { createLog, guardedLog, type Logger } from '../../base/log/log.js';
import type { Platform } from '../protect/platform.js';
import { type Clock, systemClock } from '../../base/time/clock.js';
import type { servePages } from '../health/page-server.js';
import type { SpawnHost } from '../pool/host.js';
import type { StartThread } from '../thread/heartbeat-thread.js';

/** Options of `createWorker` that aren't part of the config. */
export interface WorkerOptions {
  /** The clock that the worker uses for all waits. @default the machine's time */
  clock?: Clock;
  /** Returns random numbers from 0 up to, but not including, 1. @default Math.random */
  random?: () => number;
  /** Receives the worker's log lines. @default lines of JSON on standard output */
  log?: Logger;
  /** The folder to which globs in `activities` are relative. @default that of `module`, else the working directory */
  baseDir?: string;
  /**
   * The URL of a module whose default export is this config. Threads and processes import it, so importing it must not
   * start anything. Required if a handler has `run: 'thread'` or `'process'`.
   * @default none
   */
  module?: string | URL;
  /**
   * A container of another framework, which provides activities and their dependencies. @default tsyringe's alone
   */
  container?: Container;
  /** Cancels the start: `createWorker` then rejects with the signal's reason. Ignored once the worker is made. */
  signal?: AbortSignal;
}

/**
 * Everything that a worker is made from besides its plan (settings and handlers): the clock, the log, and replacements
 * that tests pass in.
 */
export interface StartWorld extends Readonly<
  Required<Pick<WorkerOptions, 'clock' | 'random' | 'log'>> & Pick<WorkerOptions, 'signal' | 'container'>
> {
  /** The URL of the module that exports the config. */
  readonly module?: string;
  /**
   * The platform (ECS or Kubernetes) that is asked not to remove the worker while a long task runs. @default the
   * platform that the option `protect` and the environment variables show
   */
  readonly platform?: Platform;
  /**
   * Called before each poll. If it returns an error, the poll isn't sent, and waits as one that was refused. It must
   * not reject.
   */
  readonly beforePoll?: () => Promise<Error | undefined>;
  /** Opens the connections for calls that are sent without the AWS SDK. @default connections over TCP and TLS */
  readonly open?: OpenConnection;
  /** Starts a thread or process of a pool. @default Node's worker threads and child processes */
  readonly spawnHost?: SpawnHost;
  /**
   * Starts the thread that sends heartbeats. @default a worker thread of this process; if a clock was passed in, no
   * thread is started and the main thread sends heartbeats
   */
  readonly startHeartbeatThread?: StartThread;
  /** Opens the health port on the main thread. @default over HTTP */
  readonly servePages?: typeof servePages;
  /**
   * Reads AWS's shared config and credentials files again. Called before the credential provider is asked for new
   * credentials.
   * @default the SDK reads the files itself
   */
  readonly readFiles?: () => Promise<void>;
}

/** Adds the defaults to the options of `createWorker`. */
export function startWorld(options: WorkerOptions): StartWorld {
  const { clock = systemClock, random = Math.random, module, ...rest } = options;
  const log = guardedLog(options.log ?? createLog());
  const { signal, container } = rest;
  return { clock, random, log, module: module && String(module), signal, container };
}

/** What a worker is made from, once its start has begun. */
export interface BuildWorld extends StartWorld {
  /** Is told of errors of the worker's stores. */
  readonly stores: StoreMonitor;
}
