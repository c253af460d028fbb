import { callLocalService, END_POLLS } from '../../base/local-service.js';
import type { Endpoint } from '../../aws/endpoint.js';
import type { Worker } from '../worker.js';

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
