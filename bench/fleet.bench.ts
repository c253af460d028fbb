import { parseArgs } from 'node:util';
import type { Benchmark, Findings } from './benchmark.js';
import { MEMBERS, type Overrides } from './support/fleet/members.js';
import {
  BURST,
  type Outcome,
  OUTAGE_MS,
  type Scenario,
  SCENARIOS,
  SLOTS,
  TASK_MS,
  TASKS_A_SECOND,
} from './support/fleet/scenarios.js';
import { type CellFigures, simulateCell } from './support/fleet/simulated-cell.js';
import { round, type Table } from './support/show/table.js';
import { contestants } from './support/workers/contestant.js';
import { type Cell, FEED_SECONDS, measure } from './support/workers/under-pressure.js';
import type { Candidate } from './support/workers/workers.js';

const SIZES = [50, 200, 1_000];
/** The bounds that ours must reach. */
const WORKED_OFF = 1.25;
const BUSIEST = 3;
const CALM: readonly Scenario[] = ['idle', 'steady'];

interface Run {
  readonly scenario: Scenario;
  readonly size: number;
  readonly candidate: Candidate;
  readonly outcome: Outcome;
}

function breaches({ scenario, size, outcome }: Run): string[] {
  const { calls, workedOffMs = 0, atLeastMs = 0 } = outcome;
  const calm = CALM.includes(scenario);
  const checks: [boolean, string][] = [
    [!calm || calls.throttled === 0, `${percent(calls.throttled)} throttled`],
    [!calm || calls.overTheLimit === 0, `${calls.overTheLimit} polls above what an activity may have`],
    [
      !calm || !(calls.busiest > BUSIEST),
      `a second with ${round(calls.busiest)} times the mean of its minute`,
    ],
    [
      workedOffMs <= WORKED_OFF * atLeastMs,
      `worked off in ${seconds(workedOffMs)}, ${seconds(atLeastMs)} are possible`,
    ],
    [outcome.lost === 0, `${outcome.lost} tasks started and never finished`],
  ];
  return checks.flatMap(([holds, what]) => (holds ? [] : [`${scenario}, ${size} workers: ${what}`]));
}

const COLUMNS = [
  'scenario',
  'workers',
  'who',
  'calls/s',
  'throttled',
  'over 1,000',
  'most polls',
  'busiest s',
  'p50',
  'p99',
  'worked off',
  'lost',
];

function rowOf({ scenario, size, candidate, outcome }: Run): string[] {
  const { calls, waitP50Ms, waitP99Ms, workedOffMs, atLeastMs, lost, mostPolls } = outcome;
  const workedOff =
    workedOffMs === undefined || atLeastMs === undefined
      ? '-'
      : Number.isFinite(workedOffMs)
        ? `${seconds(workedOffMs)} (${round(workedOffMs / atLeastMs)} x)`
        : 'never';
  return [
    scenario,
    String(size),
    candidate,
    round(calls.perSecond),
    percent(calls.throttled),
    String(calls.overTheLimit),
    String(mostPolls),
    Number.isNaN(calls.busiest) ? '-' : `${round(calls.busiest)} x`,
    Number.isNaN(waitP50Ms) ? '-' : `${round(waitP50Ms)} ms`,
    Number.isNaN(waitP99Ms) ? '-' : `${round(waitP99Ms)} ms`,
    workedOff,
    String(lost),
  ];
}

const percent = (share: number): string => `${round(100 * share)} %`;
const seconds = (ms: number): string => (Number.isFinite(ms) ? `${round(ms / 1_000)} s` : 'never');

/** One cell of the table of partial failure, to hold the simulation and its models against what they stand for. */
const HELD: Cell = {
  fault: 'throttled',
  rate: 10,
  plan: { kind: 'share', troubles: ['throttled'], share: 0.1, seed: 10 },
};

interface Held extends CellFigures {
  readonly candidate: Candidate;
  readonly real: CellFigures;
}

async function hold(overrides: Overrides): Promise<Held[]> {
  const real = await measure(HELD, contestants(), FEED_SECONDS);
  return Promise.all(
    real.map(async ({ candidate, steady }) => {
      const simulated = await simulateCell(HELD, candidate, overrides);
      return { candidate, ...simulated, real: steady };
    }),
  );
}

function heldTable(held: readonly Held[]): Table {
  const shown = ({ perSecond, waitP50Ms, waitP99Ms }: CellFigures): string =>
    `${round(perSecond)} (${round(waitP50Ms)} / ${round(waitP99Ms)})`;
  return {
    title: `the simulation against processes: ${HELD.rate} % of the calls ${HELD.fault}, tasks/s (schedule-to-start p50 / p99 in ms)`,
    columns: ['who', 'simulated', 'in processes'],
    rows: held.map(({ candidate, real, ...simulated }) => [candidate, shown(simulated), shown(real)]),
  };
}

function tabulate(runs: readonly Run[], held: readonly Held[]): Findings {
  const table: Table = {
    title: `a fleet on a hand clock, ${SLOTS} slots a worker`,
    columns: COLUMNS,
    rows: runs.map(rowOf),
  };
  const broken = runs.flatMap((run) => (run.candidate === 'Stepwright' ? breaches(run) : []));
  const tables = held.length > 0 ? [table, heldTable(held)] : [table];
  return { tables, broken, measured: { runs, held } };
}

export default {
  title: `fleets in one process on a hand clock, with AWS's quotas: idle, ${TASKS_A_SECOND} tasks/s of ${TASK_MS} ms, a burst of ${BURST}, an outage of ${OUTAGE_MS / 1_000} s, a rolling deploy (--scenario NAME, --size N, --who NAME, --seed N, --held, --parts JSON, --handler JSON)`,
  run: async (args) => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        scenario: { type: 'string', multiple: true },
        size: { type: 'string', multiple: true },
        who: { type: 'string', multiple: true },
        seed: { type: 'string', default: '1' },
        held: { type: 'boolean', default: false },
        parts: { type: 'string', default: '{}' },
        handler: { type: 'string', default: '{}' },
      },
    });
    const overrides = {
      parts: JSON.parse(values.parts) as Overrides['parts'],
      handler: JSON.parse(values.handler) as Overrides['handler'],
    };
    const { scenario: scenarios, who } = values;
    const sizes = values.size?.map(Number) ?? SIZES;
    const runs: Run[] = [];
    for (const scenario of Object.keys(SCENARIOS) as Scenario[]) {
      if (scenarios && !scenarios.some((name) => scenario.startsWith(name))) continue;
      for (const size of sizes) {
        for (const candidate of MEMBERS) {
          if (who && !who.includes(candidate)) continue;
          const began = performance.now();
          const crew = { candidate, size, seed: Number(values.seed), overrides };
          const run = { scenario, size, candidate, outcome: await SCENARIOS[scenario](crew) };
          runs.push(run);
          console.error(
            `  ${rowOf(run).join(' | ')}   (${seconds(performance.now() - began)} of this machine)`,
          );
        }
      }
    }
    return tabulate(runs, values.held ? await hold(overrides) : []);
  },
} satisfies Benchmark;
