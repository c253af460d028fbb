import type { Benchmark, Findings } from './benchmark.js';
import { removeProject } from './support/hello/candidates.js';
import { startWatched, type Turn, type Watch, type Watched } from './support/observed/watched.js';
import { median, percentile } from './support/measure/median.js';
import { round } from './support/show/table.js';

const IN_FLIGHT = 100;
/** One process is a tenth faster than another of the same: the middle one of so many is taken. */
const PROCESSES = 3;
const TURNS = 20;
const TURN_MS = 200;
/** The least throughput of a watched worker, as a part of an unwatched one's. */
const LEAST = 0.9;

const ALONE: Watch = { who: 'nobody' };
/** The same once more: what lies between the two is the machine's doing, and both together are what is compared with. */
const CONTROL: Watch = { who: 'nobody again' };
const WATCHES: readonly Watch[] = [
  { who: 'Prometheus', scraped: true },
  { who: 'OpenTelemetry: metrics', registered: 'metrics' },
  { who: 'OpenTelemetry: traces', registered: 'traces' },
  { who: 'OpenTelemetry: both', registered: 'metrics,traces' },
  { who: 'the same, with a context manager', registered: 'metrics,traces,context' },
  { who: 'Prometheus and all of it', scraped: true, registered: 'metrics,traces,context' },
];

/** One worker's turns. */
interface Row {
  readonly who: string;
  readonly perSecond: number;
  readonly cpuMs: number;
  /** `speed` and `cpu` are parts of the unwatched worker's figures. */
  readonly speed: number;
  readonly cpu: number;
}

/** Measures warm workers in turns, so that other work of the machine affects each of them. */
async function measure(watches: readonly Watch[], turns: number, processes: number): Promise<Row[]> {
  const seen: Seen[][] = watches.map(() => []);
  try {
    for (let n = 0; n < processes; n++)
      for (const [index, each] of (await inTurns(watches, turns)).entries()) seen[index]?.push(each);
  } finally {
    removeProject();
  }
  const alone = middle([...(seen[0] ?? []), ...(seen[1] ?? [])]);
  return watches.map(({ who }, index) => {
    const { perSecond, cpuMs } = middle(seen[index] ?? []);
    return { who, perSecond, cpuMs, speed: perSecond / alone.perSecond, cpu: alone.cpuMs / cpuMs };
  });
}

/** The figures of one process. */
type Seen = Pick<Row, 'perSecond' | 'cpuMs'>;

const middle = (seen: readonly Seen[]): Seen => ({
  perSecond: median(seen.map(({ perSecond }) => perSecond)),
  cpuMs: median(seen.map(({ cpuMs }) => cpuMs)),
});

/** One process of each. */
async function inTurns(watches: readonly Watch[], turns: number): Promise<Seen[]> {
  const workers: Watched[] = [];
  try {
    for (const watch of watches) workers.push(await startWatched(watch, IN_FLIGHT));
    const done: Turn[][] = watches.map(() => []);
    for (let n = 0; n < turns; n++)
      for (const [index, worker] of workers.entries()) done[index]?.push(await worker.turn(TURN_MS));
    return done.map((each) => ({
      perSecond: best(each.map(perSecond), 'higher'),
      cpuMs: best(each.map(cpuEach), 'lower'),
    }));
  } finally {
    for (const worker of workers) await worker.stop();
  }
}

const perSecond = ({ tasks, ms }: Turn): number => (tasks * 1_000) / ms;
const cpuEach = ({ tasks, cpuMs }: Turn): number => cpuMs / tasks;

/** Returns the bound of the best quarter of the turns, which the rest of the machine disturbed least. */
const best = (values: readonly number[], better: 'higher' | 'lower'): number =>
  percentile(values, better === 'higher' ? 75 : 25);

export default {
  title: 'tasks that do nothing, with and without somebody who watches',
  run: async (args): Promise<Findings> => {
    const valueOf = (name: string): string | undefined =>
      args.includes(name) ? args[args.indexOf(name) + 1] : undefined;
    const only = valueOf('--only')?.split(',');
    const watches = [
      ALONE,
      CONTROL,
      ...WATCHES.filter(({ who }) => only?.some((part) => who.includes(part)) ?? true),
    ];
    const rows = await measure(
      watches,
      Number(valueOf('--turns') ?? TURNS),
      Number(valueOf('--processes') ?? PROCESSES),
    );
    return {
      tables: [
        {
          title: `${IN_FLIGHT} in flight`,
          columns: ['who watches', 'tasks/s', "of nobody's", 'processor time a task', "of nobody's"],
          rows: rows.map(({ who, perSecond, cpuMs, speed, cpu }) => [
            ...[who, String(Math.round(perSecond)), round(speed), `${round(cpuMs)} ms`, round(cpu)],
          ]),
        },
      ],
      broken: rows
        .slice(2)
        .flatMap(({ who, speed }) =>
          speed >= LEAST
            ? []
            : [`${who}: ${round(speed)} of the tasks/s of one that nobody watches, promised ${LEAST}`],
        ),
      measured: rows,
    };
  },
} satisfies Benchmark;
