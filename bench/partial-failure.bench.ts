import { parseArgs } from 'node:util';
import type { Benchmark, Findings } from './benchmark.js';
import { median } from './support/measure/median.js';
import { type Steady, wrongs } from './support/measure/steady.js';
import type { Trouble } from './support/service/fault-plan.js';
import { round, type Table } from './support/show/table.js';
import { contestants } from './support/workers/contestant.js';
import {
  type Cell,
  FEED_SECONDS,
  measure,
  type Measurement,
  SLOTS,
  TASK_MS,
  TASKS_A_SECOND,
  WORKERS,
} from './support/workers/under-pressure.js';
import type { Candidate } from './support/workers/workers.js';

const EACH: readonly Trouble[] = [
  'reset before',
  'reset in the middle',
  'reset after',
  '500',
  'throttled',
  'answer lost',
  'torn body',
];
const SHARES = [2, 5, 10, 20];
const BUCKETS = [20, 40, 80];

/** The effect of a pace shows later than that of a fault. */
const BUCKET_SECONDS = 14;

/** Below that the candidates take the machine from each other. */
const LEAST_IDLE = 0.15;

/** The bounds that ours must reach. */
const TIE = 0.98;
const BUCKET_FILLED = 0.9;
const MIXED_P99_MS = 150;

function allCells(): Cell[] {
  const share = (fault: string, troubles: readonly Trouble[]): Cell[] =>
    SHARES.map((rate) => ({ fault, rate, plan: { kind: 'share', troubles, share: rate / 100, seed: rate } }));
  return [
    { fault: 'none', rate: 0, plan: undefined },
    ...EACH.flatMap((trouble) => share(trouble, [trouble])),
    ...share('mixed', EACH),
    ...BUCKETS.map((rate): Cell => ({ fault: 'bucket', rate, plan: { kind: 'bucket', perSecond: rate } })),
  ];
}

/** The figures of one candidate in one cell: the medians of its rounds, and the sums of what must be zero. */
interface Row {
  readonly perSecond: number;
  readonly waitP50Ms: number;
  readonly waitP99Ms: number;
  readonly lostOnTheWire: number;
  readonly starved: number;
  readonly lostByWorker: number;
  readonly sentAgain: number;
  readonly differing: number;
  readonly falseFailures: number;
  readonly wrongs: number;
  /** The idle part of the machine. */
  readonly idle: number;
}

function summarise(measured: readonly Measurement[]): Row {
  const steady = measured.map((one) => one.steady);
  const middle = (of: (one: Steady) => number): number => median(steady.map(of));
  const sum = (of: (one: Steady) => number): number => steady.reduce((total, one) => total + of(one), 0);
  return {
    perSecond: middle(({ perSecond }) => perSecond),
    waitP50Ms: middle(({ waitP50Ms }) => waitP50Ms),
    waitP99Ms: middle(({ waitP99Ms }) => waitP99Ms),
    lostOnTheWire: sum(({ lost }) => lost.wire),
    starved: sum(({ lost }) => lost.starved),
    lostByWorker: sum(({ lost }) => lost.worker),
    sentAgain: sum((one) => one.sentAgain),
    differing: sum((one) => one.differingOutcomes),
    falseFailures: sum((one) => one.successesReportedAsFailures),
    wrongs: sum(wrongs),
    idle: median(measured.map(({ idle }) => idle)),
  };
}

/** Returns the promises that ours breaks in a cell. */
function breaches({ fault, rate }: Cell, ours: Row, bare: Row | undefined, leastIdle: number): string[] {
  if (ours.idle < leastIdle) return [`the machine was too busy to tell: ${round(100 * ours.idle)} % idle`];
  const checks: [boolean, string][] = [
    [!bare || ours.perSecond >= TIE * bare.perSecond, `${round(ours.perSecond)} tasks/s, the bare loop more`],
    [
      fault !== 'bucket' || ours.perSecond >= BUCKET_FILLED * rate,
      `${round(ours.perSecond)} tasks/s of the ${rate} that the bucket gives`,
    ],
    [
      fault !== 'mixed' || rate !== 10 || ours.waitP99Ms < MIXED_P99_MS,
      `p99 of ${round(ours.waitP99Ms)} ms, ${MIXED_P99_MS} are promised`,
    ],
    [ours.wrongs === 0, `${ours.wrongs} tasks lost, told twice or told wrong`],
  ];
  return checks.filter(([holds]) => !holds).map(([, what]) => what);
}

const nameOf = ({ fault, rate }: Cell): string =>
  `${fault}, ${rate}${fault === 'bucket' ? ' polls/s' : ' %'}`;

function tabulate(cells: readonly Cell[], all: readonly Measurement[], leastIdle: number): Findings {
  const candidates = [...new Set(all.map(({ candidate }) => candidate))];
  const rowOf = (cell: Cell, who: Candidate): Row | undefined => {
    const own = all.filter((one) => one.cell === cell && one.candidate === who);
    return own.length > 0 ? summarise(own) : undefined;
  };
  const judged = cells.flatMap((cell) => {
    const ours = rowOf(cell, 'Stepwright');
    const rows = candidates.flatMap((who) => {
      const row = rowOf(cell, who);
      return row ? [{ who, row }] : [];
    });
    return ours ? [{ cell, rows, broken: breaches(cell, ours, rowOf(cell, 'bare loop'), leastIdle) }] : [];
  });
  const load: Table = {
    title: 'tasks/s (schedule-to-start p50 / p99 in ms)',
    columns: ['fault', ...candidates, 'ours / bare loop', 'verdict'],
    rows: judged.map(({ cell, rows, broken }) => {
      const [ours, bare] = ['Stepwright', 'bare loop'].map((who) => rows.find((one) => one.who === who)?.row);
      const ratio = ours && bare ? (ours.perSecond / bare.perSecond).toFixed(2) : '-';
      return [nameOf(cell), ...rows.map(({ row }) => loadOf(row)), ratio, verdictOf(ours, broken, leastIdle)];
    }),
  };
  const losses: Table = {
    title:
      'tokens lost on the wire / starved / by the worker; outcomes sent again / differing / false failures',
    columns: ['fault', ...candidates],
    rows: judged.map(({ cell, rows }) => [nameOf(cell), ...rows.map(({ row }) => lossesOf(row))]),
  };
  return {
    tables: [load, losses],
    broken: judged.flatMap(({ cell, broken }) => broken.map((what) => `${nameOf(cell)}: ${what}`)),
    measured: judged.map(({ cell, rows }) => ({ ...cell, rows })),
  };
}

const verdictOf = (ours: Row | undefined, broken: readonly string[], leastIdle: number): string => {
  if (ours && ours.idle < leastIdle) return 'too busy';
  return broken.length > 0 ? 'BROKEN' : 'kept';
};
const loadOf = ({ perSecond, waitP50Ms, waitP99Ms }: Row): string =>
  `${round(perSecond)} (${round(waitP50Ms)} / ${round(waitP99Ms)})`;
const lossesOf = (row: Row): string =>
  `${row.lostOnTheWire} / ${row.starved} / ${row.lostByWorker}; ${row.sentAgain} / ${row.differing} / ${row.falseFailures}`;

export default {
  title: `${TASKS_A_SECOND} tasks/s of ${TASK_MS} ms for ${WORKERS} workers of ${SLOTS} slots, while calls fail (--kind NAME, --rate N, --rounds N, --seconds N, --quick, --anyway)`,
  run: async (args) => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        kind: { type: 'string', multiple: true },
        rate: { type: 'string', multiple: true },
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        quick: { type: 'boolean', default: false },
        // For a run at a higher priority than all that keeps the machine busy.
        anyway: { type: 'boolean', default: false },
      },
    });
    const { kind, rate = values.quick ? ['0', '10', '40'] : undefined, quick } = values;
    const rounds = Number(values.rounds ?? (quick ? 1 : 3));
    const cells = allCells().filter(
      (cell) => (!kind || kind.includes(cell.fault)) && (!rate || rate.includes(String(cell.rate))),
    );
    if (cells.length === 0)
      throw new Error(
        `no cell has that kind and rate; the kinds are: none, ${EACH.join(', ')}, mixed, bucket`,
      );
    const leastIdle = values.anyway ? 0 : LEAST_IDLE;
    const candidates = contestants();
    const all: Measurement[] = [];
    for (let turn = 1; turn <= rounds; turn++) {
      for (const cell of cells) {
        const measured = await measure(
          cell,
          candidates,
          Number(values.seconds ?? (cell.fault === 'bucket' ? BUCKET_SECONDS : FEED_SECONDS)),
        );
        all.push(...measured);
        const idle = Math.min(...measured.map((one) => one.idle));
        const shown = measured.map((one) => `${one.candidate} ${loadOf(summarise([one]))}`);
        const busy = idle < leastIdle ? '   THE MACHINE IS TOO BUSY' : '';
        console.error(
          `  ${turn}/${rounds} ${nameOf(cell)}: ${shown.join(', ')}; ${Math.round(100 * idle)} % idle${busy}`,
        );
      }
    }
    return tabulate(cells, all, leastIdle);
  },
} satisfies Benchmark;
