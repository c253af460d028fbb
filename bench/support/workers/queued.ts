import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMs } from '../measure/cpu.js';
import { type Service, startService } from '../service/service.js';
import { type Candidate, startWorker, type WorkerProcess } from './workers.js';

const EXECUTIONS = 4_000;
const CONCURRENCY = 10;
/** The parts left out at both ends: code that is not hot yet, slots that run empty. */
const EDGE = 0.2;

/** The figures of one worker between two moments. */
export interface Round {
  readonly perSecond: number;
  /** Processor time of the worker for one execution, in milliseconds. */
  readonly cpuMs: number;
}

/** Tasks without work, queued before the worker starts, so that nothing but the worker is measured. */
export async function round(candidate: Candidate): Promise<Round> {
  const service = await startService({ state: { TimeoutSeconds: 300 }, keptExecutions: EXECUTIONS });
  try {
    for (let n = 0; n < EXECUTIONS; n += 50)
      await Promise.all(Array.from({ length: 50 }, (_, i) => service.start({ n: n + i })));
    const { url, activityArn } = service;
    const settings = { url, activityArn, name: 'hello', concurrency: CONCURRENCY, heartbeatMs: 20_000 };
    const worker = startWorker(candidate, settings);
    const from = await reach(service, worker, EXECUTIONS * EDGE);
    const to = await reach(service, worker, EXECUTIONS * (1 - EDGE));
    worker.kill('SIGKILL');
    await worker.ended;
    const done = to.leases - from.leases;
    return {
      perSecond: (done * 1_000) / (to.at - from.at),
      cpuMs: (to.cpu - from.cpu) / done,
    };
  } finally {
    await service.stop();
  }
}

/** Waits until this many tasks were leased, and says where things stand then. */
async function reach(service: Service, worker: WorkerProcess, leases: number) {
  for (;;) {
    const now = await service.leases();
    if (now >= leases) return { leases: now, at: performance.now(), cpu: cpuMs(worker.pid) };
    await sleep(20);
  }
}
