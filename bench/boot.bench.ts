import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark, Figure, Measured } from './benchmark.js';
import { type Candidate, removeProject, start, WITH_DTO } from './support/hello/candidates.js';
import { startStub, type Stub } from './support/hello/stub.js';
import { cpuMs } from './support/measure/cpu.js';
import { median } from './support/measure/median.js';
import { installRivals } from './support/workers/rivals.js';

const ROUNDS = 21;
/** The rounds before the first that counts: the system reads the files. */
const WARM_UPS = 2;
const LIMIT_MS = 30_000;
/** Ours, in that of the bare loop that checks the same DTO. */
const PROMISED = 2;

/** The time from the start of a process to the first poll at the service. */
interface Boot {
  readonly ms: number;
  /** Processor time of the worker's process until then. */
  readonly cpuMs: number;
}

async function boot(who: Candidate, stub: Stub): Promise<Boot> {
  // Polls wait from now on, as those of an idle worker do.
  await stub.feed(1e-9);
  const { polls } = await stub.counted();
  const from = Number(process.hrtime.bigint()) / 1e6;
  const worker = start(who, { url: stub.url, inFlight: 1 });
  try {
    for (;;) {
      const counted = await stub.counted();
      if (counted.polls > polls) return { ms: counted.firstPollAt - from, cpuMs: cpuMs(worker.pid) };
      if (counted.at - from > LIMIT_MS) throw new Error(`${who} did not poll within ${LIMIT_MS / 1_000} s`);
      await sleep(2);
    }
  } finally {
    await worker.stop();
  }
}

export default {
  title: `from the start of a process to its first open poll, each start the first one, in turns; medians of ${ROUNDS}`,
  run: async (): Promise<Measured[]> => {
    const stub = await startStub();
    const absent = installRivals();
    const candidates = [
      'Stepwright',
      'bare loop',
      WITH_DTO,
      ...(absent ? [] : (['step-function-worker'] as const)),
    ] as const;
    const boots = new Map<Candidate, Boot[]>(candidates.map((who) => [who, []]));
    try {
      for (let n = -WARM_UPS; n < ROUNDS; n++)
        for (const who of candidates) {
          const one = await boot(who, stub);
          if (n >= 0) boots.get(who)?.push(one);
        }
    } finally {
      await stub.stop();
      removeProject();
    }
    const figure = (who: Candidate, key: keyof Boot): Figure => {
      const values = boots.get(who)?.map((each) => each[key]) ?? [];
      return {
        who,
        value: median(values),
        note: `from ${Math.round(Math.min(...values))} to ${Math.round(Math.max(...values))}`,
      };
    };
    const compared = (what: string, key: keyof Boot): Measured => {
      const [ours, bare, dto] = [figure('Stepwright', key), figure('bare loop', key), figure(WITH_DTO, key)];
      const promised = Math.round(PROMISED * dto.value);
      const rivals = [
        bare,
        dto,
        absent === undefined ? figure('step-function-worker', key) : { who: 'step-function-worker', absent },
      ];
      return { what, unit: 'ms', better: 'lower', ours, promised, rivals };
    };
    return [compared('boot to the first open poll', 'ms'), compared('processor time until then', 'cpuMs')];
  },
} satisfies Benchmark;
