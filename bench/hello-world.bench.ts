import { setTimeout as sleep } from 'node:timers/promises';
import type { Absence, Benchmark, Figure, Measured } from './benchmark.js';
import { cpuMs } from './support/measure/cpu.js';
import { median } from './support/measure/median.js';
import { installRivals } from './support/workers/rivals.js';
import { type Service, startService } from './support/service/service.js';
import { type Candidate, startWorker, type WorkerProcess } from './support/workers/workers.js';

const EXECUTIONS = 4_000;
const CONCURRENCY = 10;
const ROUNDS = 5;
/** What is left out at both ends: code that is not hot yet, slots that run empty. */
const EDGE = 0.2;

/** What one worker did between two moments. */
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

/** In turns, so that whatever else the machine does falls on everybody. */
async function measure(candidates: readonly Candidate[]): Promise<Map<Candidate, Round[]>> {
  const rounds = new Map<Candidate, Round[]>(candidates.map((candidate) => [candidate, []]));
  for (let i = 0; i < ROUNDS; i++)
    for (const candidate of candidates) rounds.get(candidate)?.push(await round(candidate));
  return rounds;
}

function figures(rounds: ReadonlyMap<Candidate, readonly Round[]>, key: keyof Round): Figure[] {
  return [...rounds].map(([who, each]) => {
    const values = each.map((one) => one[key]);
    const shown = values.toSorted((a, b) => a - b).map((value) => Number(value.toPrecision(3)));
    return { who, value: median(values), note: `from ${shown.at(0)} to ${shown.at(-1)}` };
  });
}

export default {
  title: `tasks without work through one worker, ${CONCURRENCY} at once; the median of ${ROUNDS} rounds`,
  run: async () => {
    const absent = installRivals();
    const rivals: Candidate[] = absent === undefined ? ['bare loop', 'step-function-worker'] : ['bare loop'];
    const missing: Absence[] = absent === undefined ? [] : [{ who: 'step-function-worker', absent }];
    const rounds = await measure(['Stepwright', ...rivals]);
    const compare = (
      what: string,
      unit: string,
      better: Measured['better'],
      key: keyof Round,
    ): Measured[] => {
      const [ours, ...others] = figures(rounds, key);
      return ours ? [{ what, unit, better, ours, rivals: [...others, ...missing] }] : [];
    };
    return [
      ...compare('executions a second', '/s', 'higher', 'perSecond'),
      ...compare("the worker's processor time for one", 'ms', 'lower', 'cpuMs'),
    ];
  },
} satisfies Benchmark;
