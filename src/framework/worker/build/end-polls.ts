import { END_POLLS, SERVICE_HEADER } from '../../base/local-service.js';
import { systemClock } from '../../base/time/clock.js';
import type { Endpoint } from '../../aws/endpoint.js';
import type { Worker } from '../worker.js';

/** The most milliseconds to wait for a response from a service on this machine. */
const LOOK_MS = 1_000;

/** Returns true if the local service of a `start`, `local` or `dev` listens at the URL. */
export async function isLocalService(url: string): Promise<boolean> {
  // A POST without an operation changes nothing. A GET could be answered by the console instead.
  return (await ask(url, {}, '{}')) !== undefined;
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
  await ask(url, { 'x-amz-target': END_POLLS }, JSON.stringify({ workerName }));
}

/**
 * Sends a request. Resolves with the response's header that marks a local service of Stepwright. Resolves with
 * undefined if there is no such header or no response.
 */
function ask(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<unknown> {
  // Loaded here, since a test bed loads this file but sends nothing.
  const { request } = process.getBuiltinModule('node:http');
  return new Promise((resolve) => {
    const sent = request(url, { method: 'POST', headers, agent: false }, (response) => {
      response.resume();
      settle(response.headers[SERVICE_HEADER]);
    });
    const cancel = systemClock.after(LOOK_MS, () => settle(undefined));
    const settle = (header: unknown): void => {
      cancel();
      sent.destroy();
      resolve(header);
    };
    sent.on('error', () => settle(undefined));
    sent.end(body);
  });
}
