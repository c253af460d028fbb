import { type Service, startService } from './service.js';
import type { ServiceSettings } from './service-process.js';
import { until } from './child.js';
import { type Candidate, install, startWorker, type WorkerSettings } from './workers.js';

export interface Terms extends Pick<WorkerSettings, 'env' | 'log' | 'concurrency' | 'heartbeatMs'> {
  readonly workers: number;
  readonly service?: ServiceSettings;
}

const START_LIMIT_MS = 60_000;

/** Ours first, then the rivals that can be had. */
export const contestants = (): readonly Candidate[] =>
  install(['Stepwright', 'bare loop', 'step-function-worker']);

/** Starts a service and workers, waits until each worker has polled, uses them, and ends them however that went. */
async function withOne<T>(
  candidate: Candidate,
  { workers: count, service: asked, ...settings }: Terms,
  use: (service: Service) => Promise<T>,
): Promise<T> {
  const service = await startService(asked);
  const { url } = service;
  const workers = Array.from({ length: count }, (_, i) =>
    startWorker(candidate, { url, name: `w${i + 1}`, ...settings }),
  );
  try {
    await until(async () => (await service.workers()) >= count, START_LIMIT_MS, 50);
    return await use(service);
  } finally {
    for (const worker of workers) worker.kill('SIGKILL');
    await Promise.all(workers.map(({ ended }) => ended));
    await service.stop();
  }
}

/** Measures all candidates at once, each at a service of its own. */
export const compete = <T>(
  candidates: readonly Candidate[],
  termsOf: (candidate: Candidate) => Terms,
  use: (service: Service, candidate: Candidate) => Promise<T>,
): Promise<T[]> =>
  Promise.all(candidates.map((each) => withOne(each, termsOf(each), (service) => use(service, each))));
