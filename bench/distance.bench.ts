import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Benchmark, Findings } from './benchmark.js';
import { median } from './support/measure/median.js';
import type { Lease } from './support/measure/wire.js';
import type { Service } from './support/service/service.js';
import { round } from './support/show/table.js';
import { until } from './support/until.js';
import { contestants, withContestants } from './support/workers/contestant.js';
import type { Candidate } from './support/workers/workers.js';

const TASK_MS = 300;
/** In step, slots would come free all at once, and a span of time would hold one round of them more or less. */
const SPREAD_MS = 100;
const HEARTBEAT_MS = 20_000;
/** The delays of a call and its answer together. */
const DISTANCES_MS = [20, 100, 300];
const SLOTS = [10, 50, 100];
const WARM_UP_MS = 2_000;
const WATCH_MS = 6_000;
/** So many tasks a second of each candidate the machine bears at once. */
const AT_ONCE = 160;
/** The part of slots / (poll + work) that ours must reach. */
const PROMISED = 0.95;

const CROWD = 100;
const CROWD_TASK_MS = 1_500;
const CROWD_DISTANCES_MS = [0, 20, 100];
/** Idle polls go down to what they are at rest within some holds. */
const HOLD_MS = 1_500;
const REST_MS = 3 * HOLD_MS;
const FILL_LIMIT_MS = 20_000;
/** A round trip for each: four must be enough, and some time to work. */
const ROUND_TRIPS = 4;
const ON_THE_SPOT_MS = 50;

interface Cell {
  readonly distanceMs: number;
  readonly slots: number;
}

/** Tasks a second out of a backlog that never ends, of each candidate. */
function throughput(candidates: readonly Candidate[], { distanceMs, slots }: Cell): Promise<number[]> {
  const perSecond = (slots * 1_000) / TASK_MS;
  const tasks = Math.ceil((perSecond * (WARM_UP_MS + WATCH_MS)) / 1_000) + 2 * slots;
  const settings = { slots, heartbeatMs: HEARTBEAT_MS, service: { keptExecutions: tasks } };
  return withContestants(
    candidates,
    () => settings,
    async ({ service }) => {
      await service.plan({ kind: 'distance', ms: distanceMs });
      await service.feed({ tasks, sleepMs: TASK_MS, spreadMs: SPREAD_MS });
      await until(async () => (await service.leases()) >= slots, 30_000, 20);
      await sleep(WARM_UP_MS + WATCH_MS);
      const { record, now } = await service.record();
      const accepted = record.leases.filter(({ end }) => end && end.at >= now - WATCH_MS);
      return (accepted.length * 1_000) / WATCH_MS;
    },
  );
}

const mostOf = ({ distanceMs, slots }: Cell): number => (slots * 1_000) / (distanceMs + TASK_MS);

interface Filled {
  /** The time from the arrival of many tasks until so many had reached the worker. */
  readonly ms: number;
  /** The number of polls that were open when it came. */
  readonly parked: number;
}

/** Measures how long an idle worker takes to fill all its slots. */
async function fill(candidate: Candidate, distanceMs: number, crowds: number): Promise<Filled[]> {
  const settings = { slots: CROWD, heartbeatMs: HEARTBEAT_MS, service: { pollHoldMs: HOLD_MS } };
  const [filled = []] = await withContestants(
    [candidate],
    () => settings,
    async ({ service }) => {
      await service.plan({ kind: 'distance', ms: distanceMs });
      // The first crowd finds code that never ran.
      await come(service);
      const each: Filled[] = [];
      for (let n = 0; n < crowds; n++) each.push(await come(service));
      return each;
    },
  );
  return filled;
}

async function come(service: Service): Promise<Filled> {
  await sleep(REST_MS);
  const before = await service.leases();
  const parked = await service.parked();
  await service.startCrowd(Array.from({ length: CROWD }, () => ({ sleepMs: CROWD_TASK_MS })));
  const done = async (): Promise<boolean> =>
    (await service.leases()) >= before + CROWD && (await service.open()) === 0;
  await until(done, FILL_LIMIT_MS, 100);
  const { record } = await service.record();
  const crowd = record.leases.slice(before);
  return { ms: Math.max(...crowd.map(arrivedAt)) - scheduledAt(crowd), parked };
}

/** They are scheduled at one instant, and a poll that is open then takes the first at once. */
const scheduledAt = (crowd: readonly Lease[]): number => Math.min(...crowd.map(({ at }) => at));
const arrivedAt = ({ at, poll }: Lease): number => poll?.cleanAt ?? at;

interface Throughput extends Cell {
  readonly who: Candidate;
  readonly perSecond: number;
}

interface Fill extends Filled {
  readonly who: Candidate;
  readonly distanceMs: number;
}

async function measureThroughputs(
  candidates: readonly Candidate[],
  cells: readonly Cell[],
  rounds: number,
): Promise<Throughput[]> {
  const all: Throughput[] = [];
  for (let turn = 1; turn <= rounds; turn++) {
    for (const cell of cells) {
      const groups = mostOf(cell) <= AT_ONCE ? [candidates] : candidates.map((who) => [who]);
      for (const group of groups) {
        const figures = await throughput(group, cell);
        all.push(...figures.map((perSecond, i) => ({ ...cell, who: group[i] ?? 'Stepwright', perSecond })));
        const shown = group.map((who, i) => `${who} ${round(figures[i] ?? Number.NaN)}`);
        console.error(`  ${turn}/${rounds} ${nameOf(cell)}: ${shown.join(', ')} tasks/s`);
      }
    }
  }
  return all;
}

async function measureFills(candidates: readonly Candidate[], crowds: number): Promise<Fill[]> {
  const all: Fill[] = [];
  for (const distanceMs of CROWD_DISTANCES_MS) {
    for (const who of candidates) {
      const filled = await fill(who, distanceMs, crowds);
      all.push(...filled.map((one) => ({ ...one, who, distanceMs })));
      console.error(
        `  ${distanceMs} ms: ${who} ${filled.map(({ ms }) => round(ms)).join(', ')} ms until all work`,
      );
    }
  }
  return all;
}

const nameOf = ({ distanceMs, slots }: Cell): string => `${distanceMs} ms, ${slots} slots`;

/** One row each, with a column for every candidate; ours is held to what is promised. */
function tabulate(
  candidates: readonly Candidate[],
  cells: readonly Cell[],
  throughputs: readonly Throughput[],
  fills: readonly Fill[],
): Findings {
  const broken: string[] = [];
  const speeds = cells.map((cell) => {
    const most = mostOf(cell);
    const figures = candidates.map((who) =>
      median(
        throughputs
          .filter((one) => one.who === who && one.distanceMs === cell.distanceMs && one.slots === cell.slots)
          .map(({ perSecond }) => perSecond),
      ),
    );
    const [ours = 0] = figures;
    if (ours < PROMISED * most) broken.push(`${nameOf(cell)}: ${round(ours)} tasks/s of ${round(most)}`);
    return [nameOf(cell), round(most), ...figures.map((one) => `${round(one)} (${(one / most).toFixed(2)})`)];
  });
  const filling = CROWD_DISTANCES_MS.map((distanceMs) => {
    const figures = candidates.map((who) => {
      const own = fills.filter((one) => one.who === who && one.distanceMs === distanceMs);
      return { ms: median(own.map(({ ms }) => ms)), parked: median(own.map(({ parked }) => parked)) };
    });
    const limitMs = ROUND_TRIPS * distanceMs + ON_THE_SPOT_MS;
    const oursMs = figures[0]?.ms ?? 0;
    if (oursMs > limitMs)
      broken.push(
        `${CROWD} slots filled after ${round(oursMs)} ms at ${distanceMs} ms, ${limitMs} are promised`,
      );
    return [`${distanceMs} ms`, ...figures.map(({ ms, parked }) => `${round(ms)} ms (${parked})`)];
  });
  return {
    tables: [
      {
        title: `tasks/s of ${TASK_MS} ms out of a backlog, and their share of slots / (poll + work)`,
        columns: ['distance, slots', 'at most', ...candidates],
        rows: speeds,
      },
      {
        title: `from rest until ${CROWD} slots are at work (polls that were open)`,
        columns: ['distance', ...candidates],
        rows: filling,
      },
    ],
    broken,
    measured: { throughputs, fills },
  };
}

export default {
  title: `one worker at a distance from its service (--slots N, --distance MS, --rounds N, --crowds N, --quick)`,
  run: async (args) => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        slots: { type: 'string', multiple: true },
        distance: { type: 'string', multiple: true },
        rounds: { type: 'string' },
        crowds: { type: 'string' },
        quick: { type: 'boolean', default: false },
      },
    });
    const { quick, slots, distance = quick ? ['100'] : undefined } = values;
    const cells = DISTANCES_MS.flatMap((distanceMs) => SLOTS.map((slots) => ({ distanceMs, slots }))).filter(
      (cell) =>
        (!slots || slots.includes(String(cell.slots))) &&
        (!distance || distance.includes(String(cell.distanceMs))),
    );
    const candidates = contestants();
    const throughputs = await measureThroughputs(candidates, cells, Number(values.rounds ?? (quick ? 1 : 3)));
    const fills = await measureFills(candidates, Number(values.crowds ?? (quick ? 1 : 5)));
    return tabulate(candidates, cells, throughputs, fills);
  },
} satisfies Benchmark;
