import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Benchmark, Findings } from './benchmark.js';
import { lapsed } from './support/measure/beats.js';
import { median } from './support/measure/median.js';
import type { Lease } from './support/measure/wire.js';
import { ACTIVITY_ARN } from './support/service/service.js';
import { until } from './support/until.js';
import { type Contestant, withContestants } from './support/workers/contestant.js';
import { startWorker } from './support/workers/workers.js';

const WAYS = ['main', 'thread', 'process'] as const;
type Way = (typeof WAYS)[number];

const QUICK_ARN = `${ACTIVITY_ARN}Quick`;
const TASKS = 8;
/** Some 1.3 s of one core. */
const ROUNDS = 4_000_000;
/** The part of the main thread's throughput that threads and processes must reach, on two idle cores. */
const PROMISED = 1.7;
const ANSWERED_WITHIN_MS = 100;
const SMALL_TASKS = 300;

/** The figures of one way. */
interface Reached {
  readonly way: Way;
  /** The time from the first of eight tasks to the end of the last. */
  readonly seconds: number;
  /** The longest time of the worker's other tasks, from start to end. */
  readonly slowestMs: number;
  readonly startMs: number;
  /** For one task without work, beyond what it costs on the main thread. */
  readonly taskMs: number;
  /** The memory of the whole worker with its children, after two had worked. */
  readonly megabytes: number;
  readonly lostAtStop: number;
}

const inputOf = ({ input }: Lease) => JSON.parse(input) as { readonly at: number; readonly quick?: true };
const tookMs = (leases: readonly Lease[]): number[] =>
  leases.map((lease) => (lease.end?.at ?? Infinity) - inputOf(lease).at);

async function allEnded({ service }: Contestant, many: number): Promise<readonly Lease[]> {
  await until(async () => (await service.leases()) >= many && (await service.open()) === 0, 120_000, 20);
  return (await service.record()).record.leases;
}

async function measure(contestant: Contestant, way: Way): Promise<Reached> {
  const { service, workers } = contestant;
  // The first finds no thread yet.
  await service.feed({ tasks: 1, sleepMs: 0 });
  const [startMs = NaN] = tookMs(await allEnded(contestant, 1));
  await service.feed({ tasks: 2, sleepMs: 0, input: { rounds: ROUNDS / 10 } });
  await allEnded(contestant, 3);
  await service.feed({ tasks: SMALL_TASKS, sleepMs: 0, perSecond: 100 });
  const small = tookMs((await allEnded(contestant, 3 + SMALL_TASKS)).slice(3));
  const megabytes = memoryMb(workers[0]?.pid ?? 0);
  const before = 3 + SMALL_TASKS;
  await service.feed({ tasks: TASKS, sleepMs: 0, input: { rounds: ROUNDS } });
  await service.fed();
  await service.feed({
    activityArn: QUICK_ARN,
    tasks: 20,
    perSecond: 10,
    sleepMs: 0,
    input: { quick: true },
  });
  const leases = (await allEnded(contestant, before + TASKS + 20)).slice(before);
  const heavy = leases.filter((lease) => !inputOf(lease).quick);
  const ends = heavy.map(({ end }) => end?.at ?? Infinity);
  return {
    way,
    seconds: (Math.max(...ends) - Math.min(...heavy.map(({ at }) => at))) / 1000,
    slowestMs: Math.max(...tookMs(leases.filter((lease) => inputOf(lease).quick))),
    startMs,
    taskMs: median(small),
    megabytes,
    lostAtStop: await stopInTheMiddle(contestant, way, before + TASKS + 20),
  };
}

/** SIGTERM while two of four compute; another worker takes what is left. @returns how many leases were lost */
async function stopInTheMiddle({ service, workers }: Contestant, way: Way, before: number): Promise<number> {
  const [worker] = workers;
  await service.feed({ tasks: 4, sleepMs: 0, input: { rounds: ROUNDS } });
  await until(async () => (await service.leases()) >= before + 1, 20_000, 20);
  await sleep(500);
  worker?.kill('SIGTERM');
  const { url, activityArn } = service;
  const settings = { url, activityArn, name: 'w2', concurrency: 2, heartbeatMs: 1_000, env: env(way) };
  const other = startWorker('Stepwright, computing', settings);
  try {
    await until(
      async () => (await service.leases()) >= before + 4 && (await service.open()) === 0,
      120_000,
      50,
    );
    await worker?.ended;
    return lapsed((await service.record()).record.leases);
  } finally {
    other.kill('SIGKILL');
    await other.ended;
  }
}

/** Returns the memory of a process and its children, in megabytes, as Linux counts it. */
function memoryMb(pid: number): number {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => each === pid || parentOf(each) === pid);
  return children.reduce((sum, each) => sum + Number(field(each, 'VmRSS') ?? 0) / 1024, 0);
}

const parentOf = (pid: number): number => Number(field(pid, 'PPid') ?? 0);

function field(pid: number, name: string): string | undefined {
  try {
    return new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

// The options of a single handler win over it.
const env = (way: Way): Record<string, string | undefined> => ({
  BENCH_RUN: way,
  STEPWRIGHT_CONCURRENCY: undefined,
});

const BARE = `
const { pbkdf2Sync } = require('node:crypto');
const began = performance.now();
pbkdf2Sync('password', 'salt', ${ROUNDS}, 32, 'sha256');
console.log(performance.now() - began);`;

/** Measures how much more two processes get done than one, without any of our code: the most that the machine can give. */
async function machineGives(): Promise<number> {
  const run = promisify(execFile);
  const once = async (): Promise<number> => Number((await run(process.execPath, ['-e', BARE])).stdout);
  const alone = await once();
  const both = await Promise.all([once(), once()]);
  return (2 * alone) / Math.max(...both);
}

function show(reached: readonly Reached[], gives: number): Findings {
  const seconds = reached.find(({ way }) => way === 'main')?.seconds ?? NaN;
  const broken = reached.flatMap(({ way, seconds: took, slowestMs, lostAtStop }) => [
    ...(lostAtStop > 0 ? [`${way}: ${lostAtStop} leases lost at a stop`] : []),
    ...(way !== 'main' && seconds / took < PROMISED * Math.min(1, gives / 2)
      ? [`${way}: ${(seconds / took).toFixed(2)} times the main thread`]
      : []),
    ...(way !== 'main' && slowestMs > ANSWERED_WITHIN_MS
      ? [`${way}: another task took ${Math.round(slowestMs)} ms`]
      : []),
  ]);
  const rows = reached.map((each) => [
    each.way,
    each.seconds.toFixed(2),
    (seconds / each.seconds).toFixed(2),
    String(Math.round(each.slowestMs)),
    String(Math.round(each.startMs)),
    each.taskMs.toFixed(2),
    String(Math.round(each.megabytes)),
    String(each.lostAtStop),
  ]);
  const columns = [
    ...['run', 'eight tasks, s', 'times main', 'slowest other task, ms', 'first task, ms'],
    ...['task without work, ms', 'memory, MB', 'lost at SIGTERM'],
  ];
  return {
    tables: [
      {
        title: `eight tasks that compute, two at once (two bare processes: ${gives.toFixed(2)} times one)`,
        columns,
        rows,
      },
    ],
    broken,
    measured: { reached, gives },
  };
}

export default {
  title: 'what threads and processes are worth to work that computes, on two cores, and what they cost',
  run: async () => {
    const reached: Reached[] = [];
    const before = await machineGives();
    for (const way of WAYS) {
      const settings = {
        slots: 2,
        heartbeatMs: 1_000,
        service: { state: { HeartbeatSeconds: 10 }, more: [{ activityArn: QUICK_ARN, state: {} }] },
        env: env(way),
      };
      const use = (contestant: Contestant): Promise<Reached> => measure(contestant, way);
      reached.push(...(await withContestants(['Stepwright, computing'], () => settings, use)));
    }
    return show(reached, Math.max(before, await machineGives()));
  },
} satisfies Benchmark;
