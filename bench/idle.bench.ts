import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark, Findings } from './benchmark.js';
import { removeProject, start } from './support/hello/candidates.js';
import { startStub, type Stub } from './support/hello/stub.js';
import { cpuMs } from './support/measure/cpu.js';
import { median } from './support/measure/median.js';
import { round } from './support/show/table.js';
import { until } from './support/until.js';

const HANDLERS = [1, 10, 100];
const ROUNDS = 5;
const SLOTS = 10;
/** The time before measuring, in which a start's garbage is collected and polls open. */
const SETTLE_MS = 8_000;
const WATCH_MS = 12_000;
const LIMIT_MS = 30_000;
/** The memory of the most handlers above that of one, in megabytes. */
const PROMISED_MB = 15;

/** One worker that has nothing to do. */
interface Idle {
  readonly rssMb: number;
  /** Processor time in a minute. */
  readonly cpuMs: number;
  readonly sockets: number;
}

/** @param handlers each with an activity of its own */
async function idle(handlers: number, stub: Stub): Promise<Idle> {
  // Polls wait from now on, as at a service without tasks.
  await stub.feed(1e-9);
  const env = { BENCH_IDLE: String(handlers - 1) };
  const worker = start('Stepwright', { url: stub.url, inFlight: SLOTS, env });
  try {
    await until(async () => (await stub.counted()).parked >= handlers, LIMIT_MS, 50);
    await sleep(SETTLE_MS);
    const [from, began] = [cpuMs(worker.pid), performance.now()];
    await sleep(WATCH_MS);
    const used = cpuMs(worker.pid) - from;
    return {
      rssMb: worker.rssMb(),
      cpuMs: (used * 60_000) / (performance.now() - began),
      sockets: sockets(worker.pid),
    };
  } finally {
    await worker.stop();
  }
}

/** Counts the sockets of a process: those of TCP, and those of Node itself and its output. */
function sockets(pid: number): number {
  const fds = `/proc/${pid}/fd`;
  return readdirSync(fds).filter((fd) => readlinkSync(`${fds}/${fd}`).startsWith('socket:')).length;
}

export default {
  title: `handlers without tasks in one worker: memory, processor time and sockets; medians of ${ROUNDS}`,
  run: async (): Promise<Findings> => {
    const stub = await startStub();
    const rounds: Idle[][] = HANDLERS.map(() => []);
    try {
      for (let n = 0; n < ROUNDS; n++)
        for (const [i, handlers] of HANDLERS.entries()) {
          const one = await idle(handlers, stub);
          rounds[i]?.push(one);
          console.error(`  ${n + 1}/${ROUNDS} ${handlers}: ${round(one.rssMb)} MB, ${one.sockets} sockets`);
        }
    } finally {
      await stub.stop();
      removeProject();
    }
    const of = (value: (each: Idle) => number): number[] => rounds.map((each) => median(each.map(value)));
    const [rss, cpu, open] = [of(({ rssMb }) => rssMb), of((each) => each.cpuMs), of((each) => each.sockets)];
    const more = (rss.at(-1) ?? Number.NaN) - (rss[0] ?? Number.NaN);
    const rows = HANDLERS.map((handlers, i) => [
      String(handlers),
      `${round(rss[i] ?? Number.NaN)} MB`,
      `${round(cpu[i] ?? Number.NaN)} ms`,
      String(open[i]),
    ]);
    return {
      tables: [
        { title: 'Idle', columns: ['handlers', 'RSS', 'processor time a minute', 'open sockets'], rows },
      ],
      broken:
        more <= PROMISED_MB
          ? []
          : [`${HANDLERS.at(-1)} handlers hold ${round(more)} MB more than one, promised ${PROMISED_MB}`],
      measured: { handlers: HANDLERS, rounds },
    };
  },
} satisfies Benchmark;
