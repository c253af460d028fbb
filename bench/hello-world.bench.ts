import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeCertificate } from '../test/support/certificate.js';
import type { Benchmark, Findings } from './benchmark.js';
import { type Candidate, CANDIDATES, removeProject } from './support/hello/candidates.js';
import { type FirstTasks, measureRound, type Round, type Setting } from './support/hello/round.js';
import { median } from './support/measure/median.js';
import { asSvg } from './support/show/bars.js';
import { round, type Table } from './support/show/table.js';
import { installRivals } from './support/workers/rivals.js';

const IN_FLIGHT = [1, 10, 100, 1_000];
const ROUNDS = 5;
/** The tasks that a stranger would measure with, from the start of the process, at so many in flight. */
const FIRST = { tasks: 6_000, inFlight: 100 } as const;
/** What is promised there: tasks a second in the bare loop's, and processor time in the floor's. */
const PROMISED = { timesBare: 7, ofFloor: 1.5, firstOfFloor: 1.7 } as const;
/** A ratio that is this part worse than the stored one is a step back. */
const WORSE = 1 / 3;
const STORED = fileURLToPath(new URL('../../bench/results/hello-world.json', import.meta.url));

/** The medians of all rounds of one candidate at one setting. */
interface Cell extends Omit<Round, 'toHandler' | 'toAccepted' | 'first'> {
  readonly who: Candidate;
  readonly over: 'plain' | 'TLS';
  readonly inFlight: number;
  readonly rounds: number;
  readonly toHandlerP50: number;
  readonly toHandlerP99: number;
  readonly toAcceptedP50: number;
  readonly toAcceptedP99: number;
  /** The first tasks with the start, where they are measured. */
  readonly first?: FirstTasks;
}

interface Options {
  readonly rounds: number;
  readonly inFlight: readonly number[];
  readonly over: readonly Cell['over'][];
  readonly who: readonly Candidate[];
  readonly check: boolean;
  readonly store: boolean;
}

function readOptions(args: readonly string[], absent: boolean): Options {
  const valueOf = (name: string): string | undefined =>
    args.includes(name) ? args[args.indexOf(name) + 1] : undefined;
  const over = valueOf('--over');
  return {
    rounds: args.includes('--quick') ? 1 : Number(valueOf('--rounds') ?? ROUNDS),
    inFlight: valueOf('--at')?.split(',').map(Number) ?? IN_FLIGHT,
    over: over === undefined ? ['plain', 'TLS'] : [over === 'TLS' ? 'TLS' : 'plain'],
    who: CANDIDATES.filter((each) => !absent || each === 'Stepwright' || each === 'bare loop'),
    check: args.includes('--check'),
    store: args.includes('--store'),
  };
}

/** Runs all candidates in turns, so that other work of the machine affects each of them. */
async function measure(options: Options, tls: Setting['tls']): Promise<Cell[]> {
  const cells: Cell[] = [];
  for (const over of options.over)
    for (const inFlight of options.inFlight) {
      const firstTasks = inFlight === FIRST.inFlight ? FIRST.tasks : undefined;
      const setting: Setting = { inFlight, firstTasks, ...(over === 'TLS' && { tls }) };
      const rounds = new Map<Candidate, Round[]>(options.who.map((who) => [who, []]));
      for (let n = 0; n < options.rounds; n++)
        for (const who of options.who) rounds.get(who)?.push(await measureRound(who, setting));
      for (const [who, each] of rounds) cells.push(medians(who, over, inFlight, each));
      console.log(`  measured ${over}, ${inFlight} in flight`);
    }
  return cells;
}

function medians(who: Candidate, over: Cell['over'], inFlight: number, rounds: readonly Round[]): Cell {
  const of = (value: (each: Round) => number): number => median(rounds.map(value));
  const firsts = rounds.flatMap(({ first }) => first ?? []);
  return {
    ...{ who, over, inFlight, rounds: rounds.length },
    perSecond: of((each) => each.perSecond),
    cpuMs: of((each) => each.cpuMs),
    serverCpuMs: of((each) => each.serverCpuMs),
    rssMb: of((each) => each.rssMb),
    toHandlerP50: of(({ toHandler: [p50] }) => p50),
    toHandlerP99: of(({ toHandler: [, p99] }) => p99),
    toAcceptedP50: of(({ toAccepted: [p50] }) => p50),
    toAcceptedP99: of(({ toAccepted: [, p99] }) => p99),
    ...(firsts.length > 0 && {
      first: {
        perSecond: median(firsts.map(({ perSecond }) => perSecond)),
        cpuMs: median(firsts.map(({ cpuMs }) => cpuMs)),
      },
    }),
  };
}

/** The ratio of ours to one other; higher is better. */
interface Ratio {
  readonly name: string;
  readonly value: number;
  /** The promise about it. */
  readonly least?: number;
}

function ratiosOf(cells: readonly Cell[]): Ratio[] {
  return cells
    .filter(({ who }) => who === 'Stepwright')
    .flatMap((ours) => {
      const at = `${ours.over}, ${ours.inFlight} in flight`;
      const beside = (who: Candidate): Cell | undefined =>
        cells.find((each) => each.who === who && each.over === ours.over && each.inFlight === ours.inFlight);
      const [bare, worker, floor] = [
        beside('bare loop'),
        beside('step-function-worker'),
        beside('the floor'),
      ];
      const hundred = ours.inFlight === 100;
      return [
        ...(bare
          ? [
              {
                name: `${at}: tasks/s, times the bare loop's`,
                value: ours.perSecond / bare.perSecond,
                ...(hundred && { least: PROMISED.timesBare }),
              },
            ]
          : []),
        ...(bare
          ? [{ name: `${at}: processor time, the bare loop's in ours`, value: bare.cpuMs / ours.cpuMs }]
          : []),
        ...(floor
          ? [
              {
                name: `${at}: processor time, the floor's in ours`,
                value: floor.cpuMs / ours.cpuMs,
                ...(hundred && { least: 1 / PROMISED.ofFloor }),
              },
            ]
          : []),
        ...firstRatios(ours, bare, floor),
        ...(worker
          ? [
              {
                name: `${at}: tasks/s, times step-function-worker's`,
                value: ours.perSecond / worker.perSecond,
                least: 1,
              },
            ]
          : []),
        ...(worker
          ? [
              {
                name: `${at}: processor time, step-function-worker's in ours`,
                value: worker.cpuMs / ours.cpuMs,
                least: 1,
              },
            ]
          : []),
      ];
    });
}

/** The ratios of the first tasks, with the start. */
function firstRatios(ours: Cell, bare: Cell | undefined, floor: Cell | undefined): Ratio[] {
  const at = `${ours.over}, the first ${FIRST.tasks} tasks with the start`;
  const { first } = ours;
  const ratios: Ratio[] = [];
  if (first && bare?.first)
    ratios.push({
      name: `${at}: tasks/s, times the bare loop's`,
      value: first.perSecond / bare.first.perSecond,
    });
  if (first && floor?.first)
    ratios.push({
      name: `${at}: processor time, the floor's in ours`,
      value: floor.first.cpuMs / first.cpuMs,
      least: 1 / PROMISED.firstOfFloor,
    });
  return ratios;
}

const brokenOf = (ratios: readonly Ratio[]): string[] =>
  ratios.flatMap(({ name, value, least }) =>
    least === undefined || value >= least ? [] : [`${name}: ${round(value)}, promised ${round(least)}`],
  );

/** Ratios that are a third worse than those that are stored. */
function steppedBack(ratios: readonly Ratio[]): string[] {
  if (!existsSync(STORED)) return [`nothing is stored in ${STORED}: run with --store`];
  const { ratios: stored } = JSON.parse(readFileSync(STORED, 'utf8')) as { ratios: readonly Ratio[] };
  return ratios.flatMap(({ name, value }) => {
    const before = stored.find((each) => each.name === name);
    return before && value < before.value * (1 - WORSE)
      ? [`${name}: ${round(value)}, stored ${round(before.value)}`]
      : [];
  });
}

function tablesOf(cells: readonly Cell[]): Table[] {
  const overs = [...new Set(cells.map(({ over }) => over))];
  const steady = overs.map((over) => ({
    title: over === 'plain' ? 'Plain HTTP' : 'TLS',
    columns: [
      'in flight',
      'worker',
      'tasks/s',
      'processor time a task',
      'schedule to handler p50 / p99',
      'handler to accepted p50 / p99',
      'RSS',
    ],
    rows: cells
      .filter((cell) => cell.over === over)
      .map((cell) => [
        String(cell.inFlight),
        cell.who,
        String(Math.round(cell.perSecond)),
        `${round(cell.cpuMs)} ms`,
        `${round(cell.toHandlerP50)} / ${round(cell.toHandlerP99)} ms`,
        `${round(cell.toAcceptedP50)} / ${round(cell.toAcceptedP99)} ms`,
        `${Math.round(cell.rssMb)} MB`,
      ]),
  }));
  return [...steady, firstTable(cells)].filter(({ rows }) => rows.length > 0);
}

/** What a stranger would measure: from the start of the process. */
const firstTable = (cells: readonly Cell[]): Table => ({
  title: `The first ${FIRST.tasks} tasks, from the start of the process, ${FIRST.inFlight} in flight`,
  columns: ['over', 'worker', 'tasks/s', 'processor time a task'],
  rows: cells.flatMap(({ over, who, first }) =>
    first ? [[over, who, String(Math.round(first.perSecond)), `${round(first.cpuMs)} ms`]] : [],
  ),
});

function pictureOf(cells: readonly Cell[]): string {
  const series = CANDIDATES.filter((who) => cells.some((each) => each.who === who));
  const keys = [...new Set(cells.map(({ over, inFlight }) => `${over}, ${inFlight} in flight`))];
  return asSvg({
    title: 'Tasks a second that do nothing, one worker, two cores',
    series,
    groups: keys.map((name) => ({
      name,
      values: series.map(
        (who) =>
          cells.find((each) => each.who === who && `${each.over}, ${each.inFlight} in flight` === name)
            ?.perSecond ?? Number.NaN,
      ),
    })),
  });
}

export default {
  title: 'tasks that do nothing, everything on, beside the rivals and the floor; medians of rounds in turns',
  run: async (args): Promise<Findings> => {
    const absent = installRivals();
    const options = readOptions(args, absent !== undefined);
    const dir = mkdtempSync(join(tmpdir(), 'stepwright-bench-tls-'));
    const certificate = makeCertificate();
    const ca = join(dir, 'ca.pem');
    writeFileSync(ca, certificate.cert);
    try {
      const cells = await measure(options, { ...certificate, ca });
      const ratios = ratiosOf(cells);
      const picture = pictureOf(cells);
      if (options.store) mkdirSync(dirname(STORED), { recursive: true });
      if (options.store) writeFileSync(STORED, `${JSON.stringify({ cells, ratios }, undefined, 1)}\n`);
      for (const { name, value } of ratios) console.log(`  ${round(value).padStart(6)}  ${name}`);
      const broken = [...brokenOf(ratios), ...(options.check ? steppedBack(ratios) : [])];
      return { tables: tablesOf(cells), broken, measured: { cells, ratios }, picture };
    } finally {
      removeProject();
      rmSync(dir, { recursive: true });
    }
  },
} satisfies Benchmark;
