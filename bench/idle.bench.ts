import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark, Findings } from './benchmark.js';
import { type Candidate, removeProject, type Running, start } from './support/hello/candidates.js';
import { startStub, type Stub } from './support/hello/stub.js';
import { cpuMs } from './support/measure/cpu.js';
import { median } from './support/measure/median.js';
import { round } from './support/show/table.js';
import { until } from './support/until.js';

const HANDLERS = [1, 10, 100];
const ROUNDS = 5;
const SLOTS = 10;
/** The time before measuring, in which a start's garbage is collected and polls open. */
const SETTLE_MS = 25_000;
const WATCH_MS = 12_000;
const LIMIT_MS = 30_000;
/** The memory of the most handlers above that of one, in megabytes. */
const PROMISED_MB = 15;
/** The memory of a worker with one handler, as a multiple of the bare loop's with as many tasks at once. */
const PROMISED_TIMES = 1.25;

/** One worker that has nothing to do. */
interface Idle {
  readonly rssMb: number;
  /** Processor time in a minute. */
  readonly cpuMs: number;
  readonly sockets: number;
}

/** @param handlers each with an activity of its own. @param who the bare loop has one handler */
async function idle(handlers: number, stub: Stub, who: Candidate = 'Stepwright'): Promise<Idle> {
  // Polls wait from now on, as at a service without tasks.
  await stub.feed(1e-9);
  const worker = startIdle(handlers, stub, who);
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

const startIdle = (handlers: number, { url }: Stub, who: Candidate): Running =>
  start(who, { url, inFlight: SLOTS, env: { BENCH_IDLE: String(handlers - 1) } });

/** The medians of some rounds. */
const figures = (who: string, rounds: readonly Idle[]): Idle & { readonly who: string } => ({
  who,
  rssMb: median(rounds.map(({ rssMb }) => rssMb)),
  cpuMs: median(rounds.map(({ cpuMs }) => cpuMs)),
  sockets: median(rounds.map(({ sockets }) => sockets)),
});

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
    const rivals: Idle[] = [];
    try {
      for (let n = 0; n < ROUNDS; n++) {
        rivals.push(await idle(1, stub, 'bare loop'));
        for (const [i, handlers] of HANDLERS.entries()) {
          const one = await idle(handlers, stub);
          rounds[i]?.push(one);
          console.error(`  ${n + 1}/${ROUNDS} ${handlers}: ${round(one.rssMb)} MB, ${one.sockets} sockets`);
        }
      }
    } finally {
      await stub.stop();
      removeProject();
    }
    const found = HANDLERS.map((handlers, i) => figures(String(handlers), rounds[i] ?? []));
    const bare = figures('bare loop', rivals);
    const [one = bare, most = bare] = [found[0], found.at(-1)];
    const [more, times] = [most.rssMb - one.rssMb, one.rssMb / bare.rssMb];
    const rows = [...found, bare].map(({ who, rssMb, cpuMs, sockets }) => [
      who,
      `${round(rssMb)} MB`,
      `${round(cpuMs)} ms`,
      String(sockets),
    ]);
    return {
      tables: [
        { title: 'Idle', columns: ['handlers', 'RSS', 'processor time a minute', 'open sockets'], rows },
      ],
      broken: [
        ...(more <= PROMISED_MB
          ? []
          : [`${most.who} handlers hold ${round(more)} MB more than one, promised ${PROMISED_MB}`]),
        ...(times <= PROMISED_TIMES
          ? []
          : [`one handler holds ${round(times)} times the bare loop's memory, promised ${PROMISED_TIMES}`]),
      ],
      measured: { handlers: HANDLERS, rounds, rivals },
    };
  },
} satisfies Benchmark;
