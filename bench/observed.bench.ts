import type { Benchmark, Findings } from './benchmark.js';
import { median, percentile } from './support/measure/median.js';
import { type Recorded, RECORDED, type SideName, startSides } from './support/observed/sides.js';

/** Processes of the same differ by their compiled code, so the middle one is taken. */
const PROCESSES = 3;
const TURNS = 40;
const TASKS = 2_000;
/** The code that is compiled by then is the code that runs for days. */
const WARM_TURNS = 12;
/** The most that it may cost a task to record one thing, beside the library's own part, in microseconds. */
const PROMISED: Partial<Record<Recorded, number>> = { traces: 6 };
const WHO = ['Stepwright', 'the floor'] as const;

/** The processor time a task of recording one thing, in microseconds. */
interface Row {
  readonly recorded: Recorded;
  readonly ours: number;
  /** The part of the library: a bare loop's for the same calls. */
  readonly floor: number;
  /** Ours beside the library's. */
  readonly beside: number;
}

/** The processor time a task of each side in one round, in microseconds. */
type Round = ReadonlyMap<string, number>;

/** Measures one process. */
async function measure(recorded: readonly Recorded[], turns: number): Promise<Row[]> {
  const names = (['nothing', ...recorded] as const).flatMap((each): SideName[] =>
    WHO.map((who) => ({ who, recorded: each })),
  );
  const sides = await startSides(names);
  const rounds: Round[] = [];
  try {
    for (let n = 0; n < WARM_TURNS + turns; n++) {
      const us = new Map<string, number>();
      for (const side of inTurns(names, n)) us.set(keyOf(side), await sides.turn(side, TASKS));
      if (n >= WARM_TURNS) rounds.push(us);
    }
  } finally {
    await sides.stop();
  }
  return recorded.map((each) => rowOf(each, rounds));
}

/** Another one begins in each round, and every second round goes backwards: garbage is left to the next. */
function inTurns(names: readonly SideName[], n: number): SideName[] {
  const from = n % names.length;
  const turned = [...names.slice(from), ...names.slice(0, from)];
  return n % 2 === 0 ? turned : turned.toReversed();
}

const keyOf = ({ who, recorded }: SideName): string => `${who}, ${recorded}`;

function rowOf(recorded: Recorded, rounds: readonly Round[]): Row {
  const cost = (who: SideName['who']): number =>
    usOf({ who, recorded }, rounds) - usOf({ who, recorded: 'nothing' }, rounds);
  const [ours, floor] = [cost('Stepwright'), cost('the floor')];
  return { recorded, ours, floor, beside: ours - floor };
}

/** The bound of the best quarter of a side's turns, which the rest of the machine disturbed least. */
const usOf = (side: SideName, rounds: readonly Round[]): number =>
  percentile(
    rounds.map((us) => us.get(keyOf(side)) ?? NaN),
    25,
  );

function middle(rows: readonly Row[]): Row {
  const of = (value: (row: Row) => number): number => median(rows.map(value));
  return {
    recorded: rows[0]?.recorded ?? 'nothing',
    ours: of(({ ours }) => ours),
    floor: of(({ floor }) => floor),
    beside: of(({ beside }) => beside),
  };
}

const microseconds = (us: number): string => `${us.toFixed(1)} µs`;

export default {
  title:
    'what the log line, the metrics and the spans of a task cost, beside the same calls of their libraries',
  run: async (args): Promise<Findings> => {
    const valueOf = (name: string): string | undefined =>
      args.includes(name) ? args[args.indexOf(name) + 1] : undefined;
    const only = valueOf('--only')?.split(',');
    const recorded = RECORDED.slice(1).filter((each) => only?.some((part) => each.includes(part)) ?? true);
    const processes: Row[][] = [];
    for (let n = 0; n < Number(valueOf('--processes') ?? PROCESSES); n++)
      processes.push(await measure(recorded, Number(valueOf('--turns') ?? TURNS)));
    const rows = recorded.map((_, index) => middle(processes.flatMap((each) => each[index] ?? [])));
    return {
      tables: [
        {
          title: 'Processor time a task, 100 in flight',
          columns: ['recorded', 'Stepwright', 'the floor', 'of our own', 'promised'],
          rows: rows.map(({ recorded: what, ours, floor, beside }) => [
            ...[what, microseconds(ours), microseconds(floor), microseconds(beside)],
            what in PROMISED ? `at most ${PROMISED[what]} µs` : '',
          ]),
        },
      ],
      broken: rows.flatMap(({ recorded: what, beside }) => {
        const most = PROMISED[what];
        return most === undefined || beside <= most
          ? []
          : [`${what}: ${microseconds(beside)} of our own, promised at most ${most}`];
      }),
      measured: { rows, processes },
    };
  },
} satisfies Benchmark;
