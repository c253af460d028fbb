import type { Endpoint } from '../../aws/endpoint.js';
import type { OpenConnection } from '../../aws/lean/connections.js';
import { createLog, type Logger } from '../../base/log/log.js';
import { type Clock, systemClock } from '../../base/time/clock.js';

/** Options of `createWorker` beside the config. */
export interface WorkerOptions {
  /** The source of time. @default the machine's time */
  clock?: Clock;
  /** Returns numbers from 0 to below 1. @default Math.random */
  random?: () => number;
  /** Receives the worker's log. @default lines of JSON on standard output */
  log?: Logger;
  /** The folder to which globs in `activities` are relative. @default the working directory */
  baseDir?: string;
  /**
   * The URL of a module whose default export is this config, for threads and processes to import. The module must start
   * nothing. Needed where a handler has `run: 'thread'` or `'process'`.
   * @default none
   */
  module?: string | URL;
  /** Ends the start, which then rejects with the signal's reason. Ignored once the worker is made. */
  signal?: AbortSignal;
}

/** The clock, the log and the other things outside of the plan that a worker is built with. */
export interface StartWorld {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** The URL of the module that the config comes from. */
  readonly module?: string;
  readonly signal?: AbortSignal;
  /**
   * Returns the endpoint to connect to. Called once everything was checked, before any connection.
   * @default the plan's endpoint
   */
  readonly connectTo?: () => Promise<Endpoint>;
  /** Opens the connections of lean calls. @default over TCP and TLS */
  readonly open?: OpenConnection;
  /** Reads the shared files of AWS anew, before the provider is asked for other credentials. @default the SDK reads them */
  readonly readFiles?: () => Promise<void>;
}

/** Fills in the defaults of the options of `createWorker`. */
export function startWorld(options: WorkerOptions): StartWorld {
  const { clock = systemClock, random = Math.random, log = createLog(), module, signal } = options;
  return { clock, random, log, module: module && String(module), signal };
}
