import type { Benchmark, Findings } from './benchmark.js';
import { removeProject } from './support/hello/candidates.js';
import { startWatched, type Turn, type Watch, type Watched } from './support/observed/watched.js';
import { percentile } from './support/measure/median.js';
import { round } from './support/show/table.js';

const IN_FLIGHT = 100;
const TURNS = 40;
const TURN_MS = 200;
/** What a worker that is watched does at least, as a part of what one does alone. */
const LEAST = 0.9;

const ALONE: Watch = { who: 'nobody' };
const WATCHES: readonly Watch[] = [
  { who: 'nobody again' },
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
  /** As parts of those of the worker that nobody watches. */
  readonly speed: number;
  readonly cpu: number;
}

/** All are warm, and each has its turn of the machine, so that whatever else it does falls on everybody. */
async function measure(watches: readonly Watch[], turns: number): Promise<Row[]> {
  const workers: Watched[] = [];
  try {
    for (const watch of watches) workers.push(await startWatched(watch, IN_FLIGHT));
    const done: Turn[][] = watches.map(() => []);
    for (let n = 0; n < turns; n++)
      for (const [index, worker] of workers.entries()) done[index]?.push(await worker.turn(TURN_MS));
    return watches.map(({ who }, index) => rowOf(who, done[index] ?? [], done[0] ?? []));
  } finally {
    for (const worker of workers) await worker.stop();
    removeProject();
  }
}

const perSecond = ({ tasks, ms }: Turn): number => (tasks * 1_000) / ms;
const cpuEach = ({ tasks, cpuMs }: Turn): number => cpuMs / tasks;

/** Of the turns that the rest of the machine disturbed least: the quarter that is best. */
const best = (values: readonly number[], better: 'higher' | 'lower'): number =>
  percentile(values, better === 'higher' ? 75 : 25);

function rowOf(who: string, turns: readonly Turn[], alone: readonly Turn[]): Row {
  const speed = (of: readonly Turn[]): number => best(of.map(perSecond), 'higher');
  const cpu = (of: readonly Turn[]): number => best(of.map(cpuEach), 'lower');
  return {
    ...{ who, perSecond: speed(turns), cpuMs: cpu(turns) },
    ...{ speed: speed(turns) / speed(alone), cpu: cpu(alone) / cpu(turns) },
  };
}

export default {
  title: 'tasks that do nothing, with and without somebody who watches',
  run: async (args): Promise<Findings> => {
    const valueOf = (name: string): string | undefined =>
      args.includes(name) ? args[args.indexOf(name) + 1] : undefined;
    const only = valueOf('--only')?.split(',');
    const watches = [ALONE, ...WATCHES.filter(({ who }) => only?.some((part) => who.includes(part)) ?? true)];
    const rows = await measure(watches, Number(valueOf('--turns') ?? TURNS));
    return {
      tables: [
        {
          title: `${IN_FLIGHT} in flight`,
          columns: ['who watches', 'tasks/s', 'of those alone', 'processor time a task', 'of that alone'],
          rows: rows.map(({ who, perSecond, cpuMs, speed, cpu }) => [
            ...[who, String(Math.round(perSecond)), round(speed), `${round(cpuMs)} ms`, round(cpu)],
          ]),
        },
      ],
      broken: rows.flatMap(({ who, speed }) =>
        speed >= LEAST
          ? []
          : [`${who}: ${round(speed)} of the tasks/s of one that nobody watches, promised ${LEAST}`],
      ),
      measured: rows,
    };
  },
} satisfies Benchmark;
