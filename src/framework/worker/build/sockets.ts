import { MOST_IN_FLIGHT } from '../heartbeat/heartbeat-scheduler.js';
import type { PlannedHandler } from './plan.js';

/** The most calls of each kind that a worker may have open at once in one region. */
export interface Sockets {
  readonly polls: number;
  readonly reports: number;
  readonly heartbeats: number;
}

/**
 * Returns the number of connections that one region needs, so that no poll, report or heartbeat of its handlers waits
 * for a free connection.
 */
export function socketsFor(handlers: readonly PlannedHandler[]): Sockets {
  const polls = handlers.reduce((sum, { options }) => sum + options.pollers.max, 0);
  const tasks = handlers.reduce((sum, { options }) => sum + options.concurrency, 0);
  // For every running task, the outcome of an earlier task may still be being reported.
  const reports = Math.max(2 * tasks, 16);
  return { polls, reports, heartbeats: Math.min(reports, MOST_IN_FLIGHT) };
}
