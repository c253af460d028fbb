import { type Service, startService } from '../service/service.js';
import type { ServiceSettings } from '../service/service-process.js';
import { until } from '../until.js';
import { installRivals } from './rivals.js';
import { type Candidate, RIVALS, startWorker, type WorkerProcess, type WorkerSettings } from './workers.js';

/** A candidate's workers at a service of their own, so that several candidates can be measured at once. */
export interface Contestant {
  readonly candidate: Candidate;
  readonly service: Service;
  readonly workers: readonly WorkerProcess[];
  /** Ends everything at once. */
  stop(): Promise<void>;
}

export interface ContestantSettings {
  /** @default 1 */
  readonly workers?: number;
  /** Tasks at once, of each worker. */
  readonly slots: number;
  readonly heartbeatMs: number;
  readonly service?: Partial<ServiceSettings>;
  readonly env?: WorkerSettings['env'];
  readonly log?: string;
}

const START_LIMIT_MS = 60_000;

/** Starts a service and workers, and waits until each worker has polled. */
export async function startContestant(
  candidate: Candidate,
  { workers: count = 1, slots, heartbeatMs, service: asked, env, log }: ContestantSettings,
): Promise<Contestant> {
  const service = await startService(asked);
  const { url, activityArn } = service;
  const workers = Array.from({ length: count }, (_, i) => {
    const name = `w${i + 1}`;
    return startWorker(candidate, { url, activityArn, name, concurrency: slots, heartbeatMs, env, log });
  });
  const stop = async (): Promise<void> => {
    for (const worker of workers) worker.kill('SIGKILL');
    await Promise.all(workers.map(({ ended }) => ended));
    await service.stop();
  };
  try {
    await until(async () => (await service.workers()) >= count, START_LIMIT_MS, 50);
    return { candidate, service, workers, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Ours first, then the rivals that can be had. Says aloud who is missing. */
export function contestants(): readonly Candidate[] {
  const absent = installRivals();
  return ['Stepwright', ...RIVALS.filter((rival) => !absent || rival !== 'step-function-worker')];
}

/** Starts one of each, uses them, and ends them however that went. */
export async function withContestants<T>(
  candidates: readonly Candidate[],
  settings: (candidate: Candidate) => ContestantSettings,
  use: (contestant: Contestant) => Promise<T>,
): Promise<T[]> {
  const started = await Promise.allSettled(candidates.map((each) => startContestant(each, settings(each))));
  const running = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  try {
    for (const each of started) if (each.status === 'rejected') throw each.reason;
    return await Promise.all(running.map(use));
  } finally {
    await Promise.all(running.map((each) => each.stop()));
  }
}
