import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMs } from '../measure/cpu.js';
import { type Candidate, start } from './candidates.js';
import { startStub, type StubSettings } from './stub.js';

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
}

/** The figures of one warm worker. */
export interface Round {
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

/** The tasks before the measurement, and its length. */
const WARM = { least: 2_000, perSlot: 4, limitMs: 30_000 } as const;
export const MEASURE_MS = 3_000;

/** One worker at a server of its own. @throws Error where it does no tasks */
export async function measureRound(candidate: Candidate, setting: Setting): Promise<Round> {
  const { inFlight, tls, delayMs, sleepMs = 0 } = setting;
  const stub = await startStub({ ...tls, delayMs });
  await stub.feed(0, sleepMs);
  const worker = start(candidate, { url: stub.url, inFlight, ca: tls?.ca });
  try {
    // Fewer tasks are enough where they take time.
    const warm = sleepMs + (delayMs ?? 0) > 0 ? inFlight * 2 : Math.max(WARM.least, WARM.perSlot * inFlight);
    const limit = performance.now() + WARM.limitMs;
    while ((await stub.counted()).accepted < warm) {
      if (performance.now() > limit) throw new Error(`${candidate} did not do ${warm} tasks in 30 s`);
      await sleep(20);
    }
    await stub.feed(0, sleepMs);
    const from = await stub.counted();
    const cpu = cpuMs(worker.pid);
    const serverCpu = cpuMs(stub.pid);
    await sleep(MEASURE_MS);
    const to = await stub.counted();
    const tasks = to.accepted - from.accepted;
    const { toHandler, toAccepted } = await stub.answered();
    return {
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
