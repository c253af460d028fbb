import { setTimeout as sleep } from 'node:timers/promises';
import { type Benchmark, brokenOf, cpuMs, inTurns, rssMb, show } from './benchmark.js';
import { until } from './support/child.js';
import { withStub, type Stub } from './support/stub.js';
import { type Candidate, startHello } from './support/workers.js';

const ROUNDS = 5;
/** The time before measuring, in which a start's garbage is collected and polls open. */
const SETTLE_MS = 25_000;
const WATCHED_S = 12;
const LIMIT_MS = 30_000;
/** The memory of 100 handlers above that of one, in megabytes. */
const PROMISED_MB = 15;
/** The memory of a worker with one handler, in the bare loop's with as many tasks at once. */
const PROMISED_TIMES = 1.25;

/** Workers without tasks. Each handler has an activity of its own. */
const CREWS = [
  { name: 'bare loop', who: 'bare loop', handlers: 1 },
  { name: '1 handler', who: 'Stepwright', handlers: 1 },
  { name: '10 handlers', who: 'Stepwright', handlers: 10 },
  { name: '100 handlers', who: 'Stepwright', handlers: 100 },
] as const satisfies readonly { name: string; who: Candidate; handlers: number }[];
type Crew = (typeof CREWS)[number];

interface Idle {
  readonly rssMb: number;
  /** Processor time in a minute. */
  readonly cpuMs: number;
}

async function idle({ who, handlers }: Crew, stub: Stub, seconds: number): Promise<Idle> {
  // Polls wait from now on, as at a service without tasks.
  await stub.feed(1e-9);
  const worker = startHello(who, stub.url, 10, { BENCH_IDLE: String(handlers - 1) });
  const { pid } = worker;
  try {
    await until(async () => (await stub.counted()).parked >= handlers, LIMIT_MS, 50);
    await sleep(SETTLE_MS);
    const from = cpuMs(pid);
    await sleep(seconds * 1_000);
    const used = ((cpuMs(pid) - from) * 60) / seconds;
    return { rssMb: rssMb(pid), cpuMs: used };
  } finally {
    worker.kill('SIGKILL');
    await worker.ended;
  }
}

export default {
  title: `handlers without tasks in one worker; medians of ${ROUNDS}`,
  run: ({ rounds = ROUNDS, seconds = WATCHED_S }) =>
    withStub(async (stub) => {
      const found = await inTurns(rounds, CREWS, (crew) => idle(crew, stub, seconds));
      const [bare, one, , most] = CREWS.map((crew) => found.get(crew)?.rssMb ?? Number.NaN);
      const [more, times] = [(most ?? 0) - (one ?? 0), (one ?? 0) / (bare ?? 0)];
      const rows = [...found].map(([{ name }, { rssMb: rss, cpuMs: cpu }]) => [
        name,
        show(rss, 'MB'),
        show(rss / (bare ?? 0)),
        show(cpu, 'ms'),
      ]);
      const columns = ['', 'RSS', "in the bare loop's", 'processor time a minute'];
      return {
        tables: [{ title: 'Idle', columns, rows }],
        broken: brokenOf([
          [
            more <= PROMISED_MB,
            `100 handlers hold ${show(more)} MB more than one, ${PROMISED_MB} are promised`,
          ],
          [
            times <= PROMISED_TIMES,
            `one handler holds ${show(times)} times the bare loop's memory, ${PROMISED_TIMES} are promised`,
          ],
        ]),
      };
    }),
} satisfies Benchmark;
