import { type Benchmark, brokenOf, cpuMs, inTurns, show } from './benchmark.js';
import { until } from './support/child.js';
import { now, withStub, type Stub } from './support/stub.js';
import { type Candidate, install, startHello } from './support/workers.js';

const CANDIDATES = ['Stepwright', 'bare loop', 'bare loop with a DTO', 'step-function-worker'] as const;
const ROUNDS = 21;
const LIMIT_MS = 30_000;
/** Stepwright's boot, in those of the bare loop that checks the same DTO. */
const PROMISED = 2;

/** The time from the start of a process to its first poll, and its processor time until then. */
interface Boot {
  readonly ms: number;
  readonly cpuMs: number;
}

async function boot(who: Candidate, stub: Stub): Promise<Boot> {
  // Polls wait from now on, as those of an idle worker do.
  await stub.feed(1e-9);
  const { polls } = await stub.counted();
  const from = now();
  const worker = startHello(who, stub.url, 1);
  try {
    let seen = await stub.counted();
    await until(async () => (seen = await stub.counted()).polls > polls, LIMIT_MS, 2);
    return { ms: seen.firstPollAt - from, cpuMs: cpuMs(worker.pid) };
  } finally {
    worker.kill('SIGKILL');
    await worker.ended;
  }
}

export default {
  title: `from the start of a process to its first poll, each start the first one; medians of ${ROUNDS}, in turns`,
  run: ({ rounds = ROUNDS }) =>
    withStub(async (stub) => {
      const candidates = install(CANDIDATES);
      // The system reads the files.
      for (const who of candidates) await boot(who, stub);
      const boots = await inTurns(rounds, candidates, (who) => boot(who, stub));
      const dtoMs = boots.get('bare loop with a DTO')?.ms ?? Number.NaN;
      const times = (boots.get('Stepwright')?.ms ?? Number.NaN) / dtoMs;
      const columns = ['', 'first poll', 'processor time', 'in bare loops with a DTO'];
      const rows = [...boots].map(([who, { ms, cpuMs: cpu }]) => [
        who,
        show(ms, 'ms'),
        show(cpu, 'ms'),
        show(ms / dtoMs),
      ]);
      return {
        tables: [{ title: 'Boot', columns, rows }],
        broken: brokenOf([
          [times <= PROMISED, `${show(times)} times the bare loop with a DTO, ${PROMISED} are promised`],
        ]),
      };
    }),
} satisfies Benchmark;
