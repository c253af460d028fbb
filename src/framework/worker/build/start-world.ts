import type { Endpoint } from '../../aws/endpoint.js';
import type { OpenConnection } from '../../aws/lean/connections.js';
import { createLog, type Logger } from '../../base/log/log.js';
import { type Clock, systemClock } from '../../base/time/clock.js';

/** Options of `createWorker` beside the config. */
export interface WorkerOptions {
  /** @default the machine's time */
  clock?: Clock;
  /** Numbers from 0 to below 1. @default Math.random */
  random?: () => number;
  /** @default lines of JSON on standard output */
  log?: Logger;
  /** The folder that globs in `activities` are relative to. @default the working directory */
  baseDir?: string;
  /**
   * The URL of a module whose default export is this config, and which starts nothing: threads and processes import it.
   * Needed where a handler has `run: 'thread'` or `'process'`. @default none
   */
  module?: string | URL;
  /** Ends the start, which then rejects with the signal's reason. Ignored once the worker is made. */
  signal?: AbortSignal;
}

/** The world that a worker is built in. */
export interface StartWorld {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** The URL of the module that the config comes from. */
  readonly module?: string;
  readonly signal?: AbortSignal;
  /** Called once everything was checked, before anything is connected. @default to the plan's endpoint */
  readonly connectTo?: () => Promise<Endpoint>;
  /** Opens the connections of lean calls. @default over TCP and TLS */
  readonly open?: OpenConnection;
}

/** Fills in the defaults. */
export function startWorld(options: WorkerOptions): StartWorld {
  const { clock = systemClock, random = Math.random, log = createLog(), module, signal } = options;
  return { clock, random, log, module: module && String(module), signal };
}
