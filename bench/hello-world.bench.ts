import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCertificate } from '../test/support/certificate.js';
import { type Benchmark, brokenOf, cpuMs, inFolder, inTurns, rssMb, show, type Table } from './benchmark.js';
import { until } from './support/child.js';
import { barsOf } from './support/pictures.js';
import { type Stub, withStub } from './support/stub.js';
import { type Candidate, install, startHello } from './support/workers.js';

const CANDIDATES = ['Stepwright', 'bare loop', 'step-function-worker', 'the floor'] as const;
const IN_FLIGHT = [1, 10, 100, 1_000];
const ROUNDS = 5;
/** What is promised at 100 in flight. */
const [TIMES_THE_BARE_LOOP, TIMES_THE_FLOOR] = [7, 1.5];
/** A worker is measured from then on after its start, and after so many tasks: V8 has compiled what runs often. */
const WARM = { ms: 5_000, tasks: 2_000, tasksOfSlot: 4, limitMs: 60_000 } as const;
const MEASURED_S = 3;

interface Cell {
  readonly name: string;
  readonly over: 'HTTP' | 'HTTPS';
  readonly inFlight: number;
  readonly who: Candidate;
}

interface Figures {
  readonly perSecond: number;
  /** Processor time of the worker's process for one task. */
  readonly cpuMs: number;
  readonly rssMb: number;
}

async function measure(stub: Stub, { inFlight, who }: Cell, ca: string, seconds: number): Promise<Figures> {
  const began = performance.now();
  const worker = startHello(who, stub.url, inFlight, { NODE_EXTRA_CA_CERTS: ca });
  try {
    const warm = Math.max(WARM.tasks, WARM.tasksOfSlot * inFlight);
    await until(async () => (await stub.counted()).accepted >= warm, WARM.limitMs, 5);
    await sleep(Math.max(0, WARM.ms - (performance.now() - began)));
    const [from, cpu] = [await stub.counted(), cpuMs(worker.pid)];
    await sleep(seconds * 1_000);
    const to = await stub.counted();
    const tasks = to.accepted - from.accepted;
    return {
      perSecond: (tasks * 1_000) / (to.at - from.at),
      cpuMs: (cpuMs(worker.pid) - cpu) / tasks,
      rssMb: rssMb(worker.pid),
    };
  } finally {
    worker.kill('SIGKILL');
    await worker.ended;
  }
}

/** The figures of another worker under the same conditions; NaN of none. */
function beside(cells: ReadonlyMap<Cell, Figures>, { over, inFlight }: Cell, who: Candidate): Figures {
  const found = [...cells].find(
    ([cell]) => cell.over === over && cell.inFlight === inFlight && cell.who === who,
  );
  return found?.[1] ?? { perSecond: Number.NaN, cpuMs: Number.NaN, rssMb: Number.NaN };
}

const brokenIn = (cells: ReadonlyMap<Cell, Figures>): string[] =>
  [...cells].flatMap(([cell, ours]) => {
    if (cell.who !== 'Stepwright' || cell.inFlight !== 100) return [];
    const times = ours.perSecond / beside(cells, cell, 'bare loop').perSecond;
    const ofFloor = ours.cpuMs / beside(cells, cell, 'the floor').cpuMs;
    return brokenOf([
      [!(times < TIMES_THE_BARE_LOOP), `${cell.over}: ${show(times)} times the bare loop's tasks/s`],
      [!(ofFloor > TIMES_THE_FLOOR), `${cell.over}: ${show(ofFloor)} times the floor's processor time`],
    ]);
  });

const tableOf = (cells: ReadonlyMap<Cell, Figures>): Table => ({
  title: 'One worker',
  columns: ['in flight', 'who', 'tasks/s', "Stepwright's times as many", 'processor time a task', 'RSS'],
  rows: [...cells].map(([cell, figures]) => [
    `${cell.over}, ${cell.inFlight}`,
    cell.who,
    show(figures.perSecond),
    show(beside(cells, cell, 'Stepwright').perSecond / figures.perSecond),
    show(figures.cpuMs, 'ms'),
    show(figures.rssMb, 'MB'),
  ]),
});

export default {
  title: `tasks that do nothing, beside the rivals and the floor; medians of ${ROUNDS} rounds in turns`,
  run: async ({ rounds = ROUNDS, seconds = MEASURED_S, includes }) => {
    const all = (['HTTP', 'HTTPS'] as const).flatMap((over) =>
      IN_FLIGHT.flatMap((inFlight) =>
        install(CANDIDATES).map((who): Cell => {
          return { name: `${over}, ${inFlight}, ${who}`, over, inFlight, who };
        }),
      ),
    );
    const asked = all.filter(({ name }) => includes(name));
    const certificate = makeCertificate();
    const cells = await inFolder((folder) => {
      const ca = join(folder, 'ca.pem');
      writeFileSync(ca, certificate.cert);
      return inTurns(rounds, asked, (cell) =>
        withStub((stub) => measure(stub, cell, ca, seconds), cell.over === 'HTTPS' ? certificate : undefined),
      );
    });
    const bars = [...cells].map(([{ over, inFlight, who }, { perSecond }]) => {
      return { group: `${over}, ${inFlight} in flight`, name: who, value: perSecond };
    });
    const picture = barsOf('Tasks a second that do nothing, one worker, two cores', bars);
    return { tables: [tableOf(cells)], broken: brokenIn(cells), picture };
  },
} satisfies Benchmark;
