import { mulberry32 } from '../test/support/random.js';
import { type Benchmark, brokenOf, show } from './benchmark.js';
import { linesOf } from './support/pictures.js';
import { CANDIDATES, type Candidate, ORACLE } from './support/scaling/candidates.js';
import { SCENARIOS } from './support/scaling/scenarios.js';
import { type Outcome, type Scenario, simulate } from './support/scaling/world.js';

const SEEDS = 10;
/** The bounds that ours must reach: at most so many times the oracle's mean wait and worker-hours. */
const TIMES_THE_ORACLE = 1.25;
/**
 * The first task from zero waits for the end of its minute, CloudWatch's three minutes, one period of a minute, and a
 * boot of one.
 */
const FROM_ZERO_S = 360;
/** Those that the picture shows, each with its colour. */
const SHOWN = [
  { name: ORACLE, colour: '#888888' },
  { name: 'ours, keda.yaml', colour: '#0a6b2d' },
  { name: 'KEDA without the scaler', colour: '#d98c00' },
  { name: 'ECS without the scaler', colour: '#a3171c' },
];

interface Run {
  readonly scenario: Scenario;
  readonly candidate: Candidate;
  /** The means of the seeds, and of `fromZero` the most. */
  readonly outcome: Outcome;
  /** The workers of the first seed. */
  readonly curve: readonly number[];
}

function run(scenario: Scenario, candidate: Candidate, seeds: number): Run {
  const outcomes = Array.from({ length: seeds }, (_, index) =>
    simulate(scenario, candidate.make, mulberry32(index + 1)),
  );
  const known = (key: keyof Outcome): number[] =>
    outcomes.map((each) => each[key]).filter((each) => !Number.isNaN(each));
  const mean = (key: keyof Outcome): number =>
    known(key).reduce((sum, each) => sum + each, 0) / known(key).length;
  return {
    scenario,
    candidate,
    curve: outcomes[0]?.curve ?? [],
    outcome: {
      meanWait: mean('meanWait'),
      fromZero: known('fromZero').length > 0 ? Math.max(...known('fromZero')) : Number.NaN,
      workerHours: mean('workerHours'),
      cutWhileWaiting: mean('cutWhileWaiting'),
      takenUnseen: mean('takenUnseen'),
    },
  };
}

/** Each promise of ours that a run breaks, in words. */
function brokenIn({ scenario, candidate, outcome }: Run, runs: readonly Run[]): string[] {
  const oracle = runs.find((each) => each.scenario === scenario && each.candidate.name === candidate.oracle);
  if (candidate.oracle === undefined || !oracle) return [];
  const { fromZero, cutWhileWaiting, takenUnseen } = outcome;
  const isNear = (key: keyof Outcome): boolean => !(outcome[key] > TIMES_THE_ORACLE * oracle.outcome[key]);
  const beside = (key: keyof Outcome): string =>
    `${show(outcome[key])}, and the oracle's ${show(oracle.outcome[key])}`;
  return brokenOf([
    [cutWhileWaiting === 0, 'scaled in while something waited'],
    [
      candidate.oracle !== ORACLE || !(fromZero > FROM_ZERO_S),
      `the first task from zero waited for ${show(fromZero, 's')}`,
    ],
    [!(takenUnseen > 0), 'workers were taken away at work while none was seen'],
    [isNear('meanWait'), `the mean wait in seconds is ${beside('meanWait')}`],
    [isNear('workerHours'), `the worker-hours are ${beside('workerHours')}`],
  ]).map((what) => `${scenario.name}, ${candidate.name}: ${what}`);
}

export default {
  title: `fleets that scale themselves by the templates of deploy/, second by second on virtual time; means of ${SEEDS} seeds`,
  run: ({ rounds = SEEDS, includes }) => {
    const runs = SCENARIOS.filter(({ name }) => includes(name)).flatMap((scenario) =>
      CANDIDATES.map((candidate) => run(scenario, candidate, rounds)),
    );
    const lines = SHOWN.map(({ name, colour }) => {
      const day = runs.find((each) => each.scenario.name.startsWith('a day') && each.candidate.name === name);
      return { name, colour, values: day?.curve ?? [] };
    });
    return Promise.resolve({
      tables: [
        {
          title: 'Fleets that scale themselves',
          columns: [
            'scenario',
            'who',
            'mean wait',
            'first from zero',
            'worker-hours',
            'scaled in while something waited',
            'taken at work unseen',
          ],
          rows: runs.map(({ scenario, candidate, outcome }) => [
            scenario.name,
            candidate.name,
            show(outcome.meanWait, 's'),
            show(outcome.fromZero, 's'),
            show(outcome.workerHours),
            show(outcome.cutWhileWaiting),
            show(outcome.takenUnseen),
          ]),
        },
      ],
      broken: runs.flatMap((each) => brokenIn(each, runs)),
      picture: linesOf('Workers over a day of 0 to 100 tasks a minute', lines),
    });
  },
} satisfies Benchmark;
