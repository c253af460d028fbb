import { callLocalService, END_POLLS } from '../../base/local-service.js';
import type { Endpoint } from '../../aws/endpoint.js';
import type { Worker } from '../worker.js';
import { MOST_IN_FLIGHT } from '../heartbeat/heartbeat-scheduler.js';
import type { PlannedHandler } from './plan.js';

/** Returns true if the local service of a `start`, `local` or `dev` listens at the URL. */
export function isLocalService(url: string): Promise<boolean> {
  // A POST without an operation changes nothing. A GET could be answered by the console instead.
  return callLocalService(url, {});
}

/**
 * From now on, tells the local service to end the worker's open polls when the worker begins to drain (to finish its
 * tasks and take no more). Otherwise the worker would have to wait until its polls end by themselves, as it does at any
 * other endpoint.
 */
export function endPollsOnDrain(worker: Pick<Worker, 'on' | 'status'>, endpoint: Endpoint): void {
  if (endpoint.kind === 'aws') return;
  worker.on('state', ({ from, to }) => {
    if (from === 'running' && to === 'draining') void endPollsAt(endpoint.url, worker.status().name);
  });
}

async function endPollsAt(url: string, workerName: string): Promise<void> {
  if (!url.startsWith('http:') || !(await isLocalService(url))) return;
  await callLocalService(url, { workerName }, { target: END_POLLS });
}

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
