import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMs } from '../measure/cpu.js';
import { type Candidate, project, start } from './candidates.js';
import { type Counted, startStub, type Stub, type StubSettings } from './stub.js';

/** One measurement. */
export interface Setting {
  /** Tasks at once. */
  readonly inFlight: number;
  /** A certificate, and the file that says to trust it. */
  readonly tls?: Required<Pick<StubSettings, 'key' | 'cert'>> & { readonly ca: string };
  /** The time of each call. */
  readonly delayMs?: number;
  /** The time of each task. */
  readonly sleepMs?: number;
  /** Measures the first tasks too: so many, from the start of the process. */
  readonly firstTasks?: number;
}

/** The figures of a worker from the start of its process until it has done so many tasks. */
export interface FirstTasks {
  readonly perSecond: number;
  /** Processor time of the worker's process for one task, in milliseconds, with its start. */
  readonly cpuMs: number;
}

/** The figures of one warm worker. */
export interface Round {
  /** Measured where a setting asks for it. */
  readonly first: FirstTasks | undefined;
  readonly perSecond: number;
  /** Processor time of the worker's process for one task, in milliseconds. */
  readonly cpuMs: number;
  /** The server's processor time, which shows that the server is not the bottleneck. */
  readonly serverCpuMs: number;
  /** Resident memory at the end. */
  readonly rssMb: number;
  /** The times from the lease to the handler, and from there to the accepted report, in milliseconds. */
  readonly toHandler: readonly [p50: number, p99: number];
  readonly toAccepted: readonly [p50: number, p99: number];
}

/** The tasks before the measurement. It also waits until V8 has compiled what runs often. */
const WARM = { least: 2_000, perSlot: 4, limitMs: 30_000, compiledAfterMs: 5_000 } as const;
export const MEASURE_MS = 3_000;

/** One worker at a server of its own. @throws Error where it does no tasks */
export async function measureRound(candidate: Candidate, setting: Setting): Promise<Round> {
  const { inFlight, tls, delayMs, sleepMs = 0, firstTasks } = setting;
  // Packed before the clock runs.
  project();
  const stub = await startStub({ ...tls, delayMs });
  await stub.feed(0, sleepMs);
  const started = await stub.counted();
  const worker = start(candidate, { url: stub.url, inFlight, ca: tls?.ca });
  try {
    // Fewer tasks are enough where they take time.
    const warm = sleepMs + (delayMs ?? 0) > 0 ? inFlight * 2 : Math.max(WARM.least, WARM.perSlot * inFlight);
    const done = await waitFor(stub, firstTasks ?? warm, candidate);
    const first = firstTasks === undefined ? undefined : firstOf(started, done, cpuMs(worker.pid));
    await sleep(Math.max(0, WARM.compiledAfterMs - (done.at - started.at)));
    await stub.feed(0, sleepMs);
    const from = await stub.counted();
    const cpu = cpuMs(worker.pid);
    const serverCpu = cpuMs(stub.pid);
    await sleep(MEASURE_MS);
    const to = await stub.counted();
    const tasks = to.accepted - from.accepted;
    const { toHandler, toAccepted } = await stub.answered();
    return {
      first,
      perSecond: (tasks * 1_000) / (to.at - from.at),
      cpuMs: (cpuMs(worker.pid) - cpu) / tasks,
      serverCpuMs: (cpuMs(stub.pid) - serverCpu) / tasks,
      rssMb: worker.rssMb(),
      toHandler,
      toAccepted,
    };
  } finally {
    await worker.stop();
    await stub.stop();
  }
}

/** Waits until so many tasks are done. @throws Error if that takes too long */
async function waitFor(stub: Stub, tasks: number, candidate: Candidate): Promise<Counted> {
  const limit = performance.now() + WARM.limitMs;
  for (;;) {
    const counted = await stub.counted();
    if (counted.accepted >= tasks) return counted;
    if (performance.now() > limit) throw new Error(`${candidate} did not do ${tasks} tasks in 30 s`);
    await sleep(5);
  }
}

const firstOf = (started: Counted, { accepted, at }: Counted, cpu: number): FirstTasks => ({
  perSecond: (accepted * 1_000) / (at - started.at),
  cpuMs: cpu / accepted,
});
