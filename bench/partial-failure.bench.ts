import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultName, Plan } from '../test/soak/faults.js';
import { judge } from '../test/soak/judge.js';
import type { Lease } from '../test/soak/wire.js';
import { type Benchmark, brokenOf, medians, percentile, show } from './benchmark.js';
import { until } from './support/child.js';
import { compete, contestants } from './support/contestants.js';
import type { Service } from './support/service.js';
import type { Candidate } from './support/workers.js';

const [WORKERS, SLOTS, TASK_MS, TASKS_A_SECOND] = [2, 20, 300, 100];
/** A lease without a sign of life lapses so soon that a cell can wait for it. */
const [LAPSE_MS, HEARTBEAT_MS] = [4_000, 1_500];
const ROUNDS = 3;
const FED_S = 8;
/** The effect of a pace shows later than that of a fault. */
const BUCKET_FED_S = 14;
const WARM_UP_MS = 2_000;
/** The longest that the last reports may take once no tasks arrive. */
const SETTLE_MS = LAPSE_MS + 500;
/** The bounds that ours must reach: of the bare loop's tasks a second, of a bucket's, and a tenth of all faults. */
const [TIE, BUCKET_FILLED, MIXED_P99_MS] = [0.98, 0.9, 150];

const EACH: readonly FaultName[] = [
  ...(['reset before', 'reset in the middle', 'reset after', '500', 'throttled'] as const),
  ...(['answer lost', 'torn body'] as const),
];

/** A kind of fault, and how much of it. */
interface Cell {
  readonly name: string;
  readonly plan?: Plan;
  /** The polls a second that a bucket gives. */
  readonly polls?: number;
}

const sharesOf = (name: string, faults: readonly FaultName[]): Cell[] =>
  [2, 5, 10, 20].map((percent) => ({
    name: `${name}, ${percent} %`,
    plan: { kind: 'share', faults, share: percent / 100, seed: percent },
  }));
const CELLS: readonly Cell[] = [
  { name: 'none' },
  ...EACH.flatMap((fault) => sharesOf(fault, [fault])),
  ...sharesOf('mixed', EACH),
  ...[20, 40, 80].map((polls): Cell => {
    return { name: `bucket, ${polls} polls/s`, polls, plan: { kind: 'bucket', perSecond: polls } };
  }),
];

/** The figures of two workers under an even load. */
interface Steady {
  /** Results that the service took while tasks arrived. */
  readonly perSecond: number;
  /** The waits of tasks for a worker. A task that still waits counts until now. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly lostOnTheWire: number;
  readonly starved: number;
  /** Tasks that were lost by the workers, told twice or told wrong. */
  readonly wrong: number;
  /** The part of those that were done and reported as failed. */
  readonly falseFailures: number;
}

async function measure(service: Service, { plan }: Cell, seconds: number): Promise<Steady> {
  await service.plan(plan);
  await service.feed({
    tasks: seconds * TASKS_A_SECOND,
    perSecond: TASKS_A_SECOND,
    sleepMs: TASK_MS,
  });
  await sleep(seconds * 1_000);
  const fed = await service.fed();
  // A candidate with a backlog is not waited for.
  await until(async () => (await service.open()) === 0, SETTLE_MS).catch(() => {});
  const { record, now } = await service.record();
  const { leases } = record;
  const [from, to] = [(fed[0] ?? now) + WARM_UP_MS, fed.at(-1) ?? now];
  const accepted = leases.filter(({ end }) => end?.kind === 'succeeded' && end.at >= from && end.at <= to);
  const leasedAt = new Map(leases.map((lease) => [(JSON.parse(lease.input) as { n: number }).n, lease.at]));
  const waits = fed.flatMap((at, n) => (at >= from ? [(leasedAt.get(n) ?? now) - at] : []));
  // A worker that still sends signs of life has lost nothing yet.
  const lastSign = ({ at, calls }: Lease): number => calls.at(-1)?.at ?? at;
  const judged = leases.filter((lease) => lease.end !== undefined || now - lastSign(lease) >= LAPSE_MS);
  const figures = judge({ ...record, leases: judged }, [], [], LAPSE_MS);
  const { lost, successesReportedAsFailures: falseFailures } = figures;
  return {
    perSecond: (accepted.length * 1_000) / (to - from),
    p50Ms: percentile(waits, 50),
    p99Ms: percentile(waits, 99),
    lostOnTheWire: lost.wire,
    starved: lost.starved,
    wrong: lost.worker + figures.sentAgainAfterClean + figures.differingOutcomes + falseFailures,
    falseFailures,
  };
}

/** Measures all candidates at once, each at a service of its own with the same faults. */
const round = (cell: Cell, seconds: number): Promise<(readonly [Candidate, Steady])[]> =>
  compete(
    contestants(),
    () => ({
      workers: WORKERS,
      concurrency: SLOTS,
      heartbeatMs: HEARTBEAT_MS,
      service: { state: { HeartbeatSeconds: LAPSE_MS / 1_000 } },
    }),
    async (service, who) => [who, await measure(service, cell, seconds)],
  );

interface Row extends Steady {
  readonly cell: Cell;
  readonly who: Candidate;
}

/** The medians of all rounds, but all that is wrong in any. */
function rowsOf(cell: Cell, rounds: readonly (readonly [Candidate, Steady])[]): Row[] {
  return [...new Set(rounds.map(([who]) => who))].map((who) => {
    const own = rounds.flatMap(([name, steady]) => (name === who ? [steady] : []));
    const sum = (key: keyof Steady): number => own.reduce((total, each) => total + each[key], 0);
    return { cell, who, ...medians(own), wrong: sum('wrong'), falseFailures: sum('falseFailures') };
  });
}

/** Returns the promises that ours breaks. */
function brokenIn(rows: readonly Row[]): string[] {
  return rows.flatMap((row) => {
    const { cell, who, perSecond, p99Ms, wrong } = row;
    if (who !== 'Stepwright') return [];
    const bare = rows.find((each) => each.cell === cell && each.who === 'bare loop');
    const { name, polls = 0 } = cell;
    return brokenOf([
      [
        !bare || perSecond >= TIE * bare.perSecond,
        `${name}: ${show(perSecond)} tasks/s, the bare loop ${show(bare?.perSecond ?? 0)}`,
      ],
      [perSecond >= BUCKET_FILLED * polls, `${name}: ${show(perSecond)} tasks/s`],
      [
        name !== 'mixed, 10 %' || p99Ms < MIXED_P99_MS,
        `${name}: p99 of ${show(p99Ms)} ms, ${MIXED_P99_MS} are promised`,
      ],
      [wrong === 0, `${name}: ${wrong} tasks lost, told twice or told wrong`],
    ]);
  });
}

export default {
  title: `${TASKS_A_SECOND} tasks/s of ${TASK_MS} ms for ${WORKERS} workers of ${SLOTS} slots, while calls fail`,
  run: async ({ rounds = ROUNDS, seconds, includes }) => {
    const measured = new Map<Cell, (readonly [Candidate, Steady])[]>(
      CELLS.filter(({ name }) => includes(name)).map((cell) => [cell, []]),
    );
    for (let n = 1; n <= rounds; n++)
      for (const [cell, found] of measured)
        found.push(...(await round(cell, seconds ?? (cell.polls ? BUCKET_FED_S : FED_S))));
    const rows = [...measured].flatMap(([cell, found]) => rowsOf(cell, found));
    return {
      tables: [
        {
          title:
            'The waits are from schedule to start. Wrong are tasks lost by workers, told twice or told wrong',
          columns: [
            'fault',
            'who',
            'tasks/s',
            'p50 / p99',
            'lost on the wire',
            'starved',
            'wrong',
            'reported as failed though done',
          ],
          rows: rows.map((row) => [
            row.cell.name,
            row.who,
            show(row.perSecond),
            `${show(row.p50Ms)} / ${show(row.p99Ms)} ms`,
            ...[row.lostOnTheWire, row.starved, row.wrong, row.falseFailures].map(String),
          ]),
        },
      ],
      broken: brokenIn(rows),
    };
  },
} satisfies Benchmark;
