import { parseArgs } from 'node:util';
import type { Benchmark, Findings } from './benchmark.js';
import { randomOf } from './support/random.js';
import { CANDIDATES, type Candidate, ORACLE } from './support/scaling/candidates.js';
import { dayPicture } from './support/scaling/day-picture.js';
import { SCENARIOS } from './support/scaling/scenarios.js';
import { type Outcome, type Scenario, simulate } from './support/scaling/world.js';
import { round, type Table } from './support/show/table.js';

const SEEDS = 10;
/** The bounds that ours must reach: at most so many times the oracle's mean wait and worker-hours. */
const TIMES_THE_ORACLE = 1.25;
/**
 * The first task from zero waits for the end of its minute, CloudWatch's three minutes, one period of a minute, and a
 * boot of one.
 */
const FROM_ZERO_S = 360;

interface Run {
  readonly scenario: Scenario;
  readonly candidate: Candidate;
  readonly outcomes: readonly Outcome[];
}

type Figure = Exclude<keyof Outcome, 'curve'>;

const known = (run: Run, figure: Figure): number[] =>
  run.outcomes.map((each) => each[figure]).filter((each) => !Number.isNaN(each));
const mean = (run: Run, figure: Figure): number => {
  const values = known(run, figure);
  return values.reduce((sum, each) => sum + each, 0) / values.length;
};
const most = (run: Run, figure: Figure): number => {
  const values = known(run, figure);
  return values.length > 0 ? Math.max(...values) : Number.NaN;
};

const COLUMNS = [
  'scenario',
  'who',
  'mean wait',
  'first from zero',
  'worker-hours',
  'most workers',
  'scaled in',
  'while something waited',
  'at work unseen',
  'still wait',
];

function rowOf(run: Run): string[] {
  const count = (value: number): string => (Number.isNaN(value) ? '-' : round(value));
  const seconds = (value: number): string => (Number.isNaN(value) ? '-' : `${round(value)} s`);
  return [
    ...[run.scenario.name, run.candidate.name],
    ...[seconds(mean(run, 'meanWait')), seconds(most(run, 'fromZero')), round(mean(run, 'workerHours'))],
    ...[String(most(run, 'mostWorkers')), round(mean(run, 'scaleIns'))],
    ...[round(mean(run, 'cutWhileWaiting')), count(mean(run, 'takenUnseen')), round(mean(run, 'left'))],
  ];
}

/** Each promise of ours that a run breaks, in words. */
function breaches(run: Run, runs: readonly Run[]): string[] {
  const { scenario, candidate } = run;
  const oracle = runs.find((each) => each.scenario === scenario && each.candidate.name === candidate.oracle);
  if (candidate.oracle === undefined || !oracle) return [];
  const worse = (figure: Figure): boolean => mean(run, figure) > TIMES_THE_ORACLE * mean(oracle, figure);
  const beside = (figure: Figure): string =>
    `${round(mean(run, figure))}, and the oracle's ${round(mean(oracle, figure))}`;
  const cut = most(run, 'cutWhileWaiting');
  const fromZero = most(run, 'fromZero');
  const checks: [boolean, string][] = [
    [cut === 0, `scaled in ${cut} times while something waited`],
    [
      candidate.oracle !== ORACLE || !(fromZero > FROM_ZERO_S),
      `the first task from zero waited for ${round(fromZero)} s`,
    ],
    [
      !(most(run, 'takenUnseen') > 0),
      `${most(run, 'takenUnseen')} workers were taken away at work while none was seen`,
    ],
    [!worse('meanWait'), `the mean wait is ${beside('meanWait')} s`],
    [!worse('workerHours'), `the worker-hours are ${beside('workerHours')}`],
  ];
  return checks.flatMap(([holds, what]) => (holds ? [] : [`${scenario.name}, ${candidate.name}: ${what}`]));
}

function tabulate(runs: readonly Run[]): Findings {
  const tables: Table[] = [
    { title: 'fleets that scale themselves, means of the seeds', columns: COLUMNS, rows: runs.map(rowOf) },
  ];
  const measured = runs.map(({ scenario, candidate, outcomes }) => ({
    scenario: scenario.name,
    who: candidate.name,
    outcomes,
  }));
  const day = runs.filter(({ scenario }) => scenario.name.startsWith('day'));
  const picture =
    day.length > 0
      ? {
          picture: dayPicture(
            day.map(({ candidate, outcomes }) => [candidate.name, outcomes[0]?.curve ?? []]),
          ),
        }
      : {};
  return { tables, broken: runs.flatMap((run) => breaches(run, runs)), measured, ...picture };
}

export default {
  title: `fleets that scale themselves by the templates of deploy/, second by second on virtual time, ${SEEDS} seeds each (--scenario NAME, --who NAME, --seeds N)`,
  run: async (args) => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        scenario: { type: 'string', multiple: true },
        who: { type: 'string', multiple: true },
        seeds: { type: 'string', default: String(SEEDS) },
      },
    });
    const named = (names: readonly string[] | undefined, name: string): boolean =>
      names === undefined || names.some((each) => name.startsWith(each));
    const runs: Run[] = [];
    for (const scenario of SCENARIOS.filter(({ name }) => named(values.scenario, name))) {
      for (const candidate of CANDIDATES.filter(({ name }) => named(values.who, name))) {
        const outcomes = Array.from({ length: Number(values.seeds) }, (_, index) =>
          simulate(scenario, candidate.make, randomOf(index + 1)),
        );
        const run = { scenario, candidate, outcomes };
        runs.push(run);
        console.error(`  ${rowOf(run).join(' | ')}`);
      }
    }
    return tabulate(runs);
  },
} satisfies Benchmark;
