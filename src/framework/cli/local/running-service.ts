import { systemClock } from '../../base/time/clock.js';
import type { Problem } from '../../base/errors.js';
import { END_POLLS, SERVICE_HEADER } from '../../local/api/service-header.js';
import type { Endpoint } from '../../aws/endpoint.js';
import type { Worker } from '../../worker/worker.js';

const { request } = process.getBuiltinModule('node:http');

/** Longer than a service on this machine takes to answer. */
const LOOK_MS = 1_000;

/** Whether the local service of a `start`, `local` or `dev` listens at an address. */
export async function isLocalService(url: string): Promise<boolean> {
  // No operation at all, which harms nobody: a GET may be answered by the console.
  return (await ask(url, {}, '{}')) !== undefined;
}

/**
 * Has our own local service answer the polls of a worker when that drains, so that it need not wait for them. At any other
 * endpoint they end by themselves.
 */
export function endPollsOnDrain(worker: Pick<Worker, 'on' | 'status'>, endpoint: Endpoint | undefined): void {
  if (!endpoint || endpoint.kind === 'aws') return;
  worker.on('state', ({ to }) => {
    if (to === 'draining') void endPollsAt(endpoint.url, worker.status().name);
  });
}

async function endPollsAt(url: string, workerName: string): Promise<void> {
  if (!url.startsWith('http:') || !(await isLocalService(url))) return;
  await ask(url, { 'x-amz-target': END_POLLS }, JSON.stringify({ workerName }));
}

/** Resolves with the answer's header by which our service tells itself; undefined where there is none. */
function ask(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<unknown> {
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

/** What to do where the first worker still runs in another terminal. */
export const portTakenByStepwright = (port: number): Problem => ({
  code: 'PORT_IN_USE',
  where: `port ${port}`,
  what: 'another Stepwright (start, local or dev) serves its local Step Functions there',
  fix: `stop that one (Ctrl-C in its terminal); or let this worker use it: the same command with AWS_ENDPOINT_URL_SFN=http://127.0.0.1:${port} before it; or choose another port: --port ${port + 1}`,
});
