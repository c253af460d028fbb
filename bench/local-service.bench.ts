import { setTimeout as sleep } from 'node:timers/promises';
import type { Absence, Benchmark, Figure, Measured } from './benchmark.js';
import {
  assertSucceeded,
  execute,
  type LocalCandidate,
  type Machine,
  startLocal,
} from './support/service/local-services.js';
import { cpuMs } from './support/measure/cpu.js';
import { median } from './support/measure/median.js';
import { RawClient } from './support/service/raw-client.js';
import { installRivals } from './support/workers/rivals.js';

const CONNECTIONS = 32;
const ROUNDS = 3;
const EXECUTIONS = 5_000;
/** Executions that are measured after these, when V8 has compiled what they run. */
const WARM = 10_000;
/** Executions in a Wait, of which 100,000 may take 300 MB. */
const WAITING = 20_000;
const WAITING_BYTES = 3_000;
const MANY = 100_000;
/** The service remembers 10,000 finished executions: from here on the heap must have settled. */
const SETTLED = 20_000;
/** The tolerated growth of a heap, 4 MB, spread over the executions between its two measurements. */
const ALLOWED_BYTES = 50;

const PARKED = 1_000;
const POLLS = 1_000;
const STARTS = 200;

interface Round {
  readonly perSecond: number;
  /** Processor time of the service for one, in milliseconds. */
  readonly cpuMs: number;
  /** The same of the executions after the first. */
  readonly warmPerSecond: number;
  readonly warmCpuMs: number;
  readonly emptyPolls: number;
  /** Until the last was seen SUCCEEDED. */
  readonly afterMs: number;
}

type Rounds = ReadonlyMap<LocalCandidate, readonly Round[]>;

/** Everybody in a fresh process each round, in turns. */
async function measureRounds(candidates: readonly LocalCandidate[]): Promise<Rounds> {
  const rounds = new Map<LocalCandidate, Round[]>(candidates.map((candidate) => [candidate, []]));
  for (let i = 0; i < ROUNDS; i++)
    for (const candidate of candidates) rounds.get(candidate)?.push(await round(candidate));
  return rounds;
}

async function round(candidate: LocalCandidate): Promise<Round> {
  const service = await startLocal(candidate);
  try {
    const { url, pid } = service;
    const machine = await service.create('HelloWorld');
    const cpuBefore = cpuMs(pid);
    const { perSecond, executionArns, emptyPolls } = await execute(url, machine, EXECUTIONS, CONNECTIONS);
    const cpu = (cpuMs(pid) - cpuBefore) / EXECUTIONS;
    const afterMs = await assertSucceeded(url, executionArns);
    const warmBefore = cpuMs(pid);
    const warm = await execute(url, machine, WARM, CONNECTIONS);
    const warmCpuMs = (cpuMs(pid) - warmBefore) / WARM;
    return { perSecond, cpuMs: cpu, warmPerSecond: warm.perSecond, warmCpuMs, emptyPolls, afterMs };
  } finally {
    await service.stop();
  }
}

const short = (value: number): number => Number(value.toPrecision(3));

type Key = 'perSecond' | 'cpuMs' | 'warmPerSecond' | 'warmCpuMs';

function figureOf(who: LocalCandidate, rounds: Rounds, key: Key): Figure {
  const all = rounds.get(who) ?? [];
  const values = all.map((each) => each[key]);
  const spread = `from ${short(Math.min(...values))} to ${short(Math.max(...values))}`;
  const { emptyPolls, afterMs } = all.at(-1) ?? { emptyPolls: 0, afterMs: 0 };
  const rest = `; ${emptyPolls} empty polls; all seen SUCCEEDED ${Math.round(afterMs)} ms later`;
  return { who, value: median(values), note: key === 'perSecond' ? spread + rest : spread };
}

/** Returns the figures of everybody else in the rounds. */
const othersOf = (rounds: Rounds, key: Key): Figure[] =>
  [...rounds.keys()].filter((who) => who !== 'Stepwright').map((who) => figureOf(who, rounds, key));

/** Measures the heap that an execution in a Wait takes. */
async function measureWaiting(): Promise<Figure> {
  const service = await startLocal('Stepwright');
  try {
    await service.park(1_000);
    const before = await service.heap();
    await service.park(WAITING);
    const bytes = (await service.heap()) - before;
    return { who: 'Stepwright', value: bytes / WAITING, note: `${megabytes(bytes)} MB for ${WAITING}` };
  } finally {
    await service.stop();
  }
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

/** Returns the heap that an execution leaves behind, between two counts of executions. */
async function measureHeap(who: LocalCandidate, from: number, to: number, step: number): Promise<Figure> {
  const service = await startLocal(who);
  try {
    const machine = await service.create('HelloWorld');
    const seen = new Map([[0, await service.heap()]]);
    for (let done = step; done <= to; done += step) {
      const { executionArns } = await execute(service.url, machine, step, CONNECTIONS);
      await assertSucceeded(service.url, executionArns.slice(-1_000));
      seen.set(done, await service.heap());
    }
    const value = ((seen.get(to) ?? Number.NaN) - (seen.get(from) ?? Number.NaN)) / (to - from);
    const note = `MB after GC: ${[...seen].map(([n, bytes]) => `${megabytes(bytes)} at ${n}`).join(', ')}`;
    return { who, value, note };
  } finally {
    await service.stop();
  }
}

/** 1,000 executions wait for their task, half of them leased, and 1,000 polls are open: how fast is a new one served? */
async function parkedTimes(): Promise<number[]> {
  const service = await startLocal('Stepwright');
  const clients: RawClient[] = [];
  const open = async (count: number): Promise<RawClient[]> => {
    const opened = await Promise.all(Array.from({ length: count }, () => RawClient.open(service.url)));
    clients.push(...opened);
    return opened;
  };
  try {
    const parked = await service.create('Parked');
    const fresh = await service.create('Fresh');
    const { stateMachineArn, activityArn } = parked;
    const [starter] = await open(1);
    if (!starter) throw new Error('no connection');
    for (let n = 0; n < PARKED; n++) await starter.call('StartExecution', { stateMachineArn, input: '{}' });
    for (let n = 0; n < PARKED / 2; n++) await starter.call('GetActivityTask', { activityArn });
    const arrivals = new Map<number, (at: number) => void>();
    for (const client of await open(POLLS)) void keepPolling(client, fresh, arrivals);
    await sleep(1_000);
    const times: number[] = [];
    for (let n = 0; n < STARTS; n++) {
      const from = performance.now();
      const arrived = new Promise<number>((resolve) => arrivals.set(n, resolve));
      await starter.call('StartExecution', {
        stateMachineArn: fresh.stateMachineArn,
        input: JSON.stringify({ n }),
      });
      times.push((await arrived) - from);
      await sleep(5);
    }
    return times;
  } finally {
    for (const client of clients) client.close();
    await service.stop();
  }
}

/** The longest of each round; the figure is the middle one, since the machine has longer pauses of its own. */
async function measureParked(): Promise<Figure> {
  const rounds: number[][] = [];
  for (let i = 0; i < ROUNDS; i++) rounds.push(await parkedTimes());
  const longest = rounds.map((times) => Math.max(...times));
  const all = longest.map((ms) => ms.toFixed(1)).join(', ');
  const note = `${ROUNDS} rounds of ${STARTS}: ${all}; the middle start ${median(rounds.flat()).toFixed(2)} ms`;
  return { who: 'Stepwright', value: median(longest), note };
}

/** One connection that always has a poll open, and tells when a task came. */
async function keepPolling(
  client: RawClient,
  { activityArn }: Machine,
  arrivals: ReadonlyMap<number, (at: number) => void>,
): Promise<void> {
  for (;;) {
    const { taskToken, input } = (await client.call('GetActivityTask', { activityArn })) as {
      taskToken?: string;
      input?: string;
    };
    if (taskToken === undefined) continue;
    const { n } = JSON.parse(input ?? '') as { n: number };
    arrivals.get(n)?.(performance.now());
    await client.call('SendTaskSuccess', { taskToken, output: '{}' });
  }
}

/** Measures how long a poll without a task stays open, in milliseconds; a second at most. */
async function pollIsHeldFor(candidate: LocalCandidate): Promise<number> {
  const service = await startLocal(candidate);
  try {
    const { activityArn } = await service.create('Idle');
    const client = await RawClient.open(service.url);
    const from = performance.now();
    await Promise.race([client.call('GetActivityTask', { activityArn }), sleep(1_000)]);
    client.close();
    return performance.now() - from;
  } finally {
    await service.stop();
  }
}

async function parkedRival(): Promise<Absence> {
  const who = 'stepfunctions-local';
  const ms = await pollIsHeldFor(who);
  const absent =
    ms < 1_000
      ? `it answers a poll without a task after ${Math.round(ms)} ms, so none is ever open`
      : 'it holds polls after all; the benchmark does not know how to measure it yet';
  return { who, absent };
}

/** A rival that can't do it is no reason to say nothing of the others. */
async function attempt<T>(who: string, measure: () => Promise<T>): Promise<T | Absence> {
  try {
    return await measure();
  } catch (error) {
    return { who, absent: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error) };
  }
}

const PER_SECOND = { unit: '/s', better: 'higher' } as const;
const MILLISECONDS = { unit: 'ms', better: 'lower' } as const;

export default {
  title: `the local service under a raw keep-alive client with ${CONNECTIONS} connections, each in a process of its own`,
  run: async (): Promise<Measured[]> => {
    const absent = installRivals();
    const who = 'stepfunctions-local';
    const missing: Absence[] = absent === undefined ? [] : [{ who, absent }];
    const measured: LocalCandidate[] = ['Stepwright', 'bare HTTP server'];
    const rounds = await measureRounds(absent === undefined ? [...measured, who] : measured);
    const compared = (key: Key): Omit<Measured, 'what'> => ({
      ...(key.endsWith('Ms') ? MILLISECONDS : PER_SECOND),
      ours: figureOf('Stepwright', rounds, key),
      rivals: [...othersOf(rounds, key), ...missing],
    });
    return [
      {
        what: `HelloWorld executions a second: start, poll, success; ${EXECUTIONS} in each of ${ROUNDS} rounds`,
        ...compared('perSecond'),
        promised: 2_000,
      },
      { what: "the service's processor time for one", ...compared('cpuMs') },
      { what: `the same of the next ${WARM} in each round`, ...compared('warmPerSecond') },
      { what: "the service's processor time for one of these", ...compared('warmCpuMs') },
      {
        what: 'the heap that an execution in a Wait takes',
        unit: 'bytes',
        better: 'lower',
        ours: await measureWaiting(),
        promised: WAITING_BYTES,
        rivals: [],
      },
      {
        what: `the heap that an execution leaves behind: ours from ${SETTLED} to ${MANY}, theirs from 1000 to ${EXECUTIONS}`,
        unit: 'bytes',
        better: 'lower',
        ours: await measureHeap('Stepwright', SETTLED, MANY, SETTLED),
        promised: ALLOWED_BYTES,
        rivals:
          absent === undefined
            ? [await attempt(who, () => measureHeap(who, 1_000, EXECUTIONS, 1_000))]
            : missing,
      },
      {
        what: `the longest from a start to a poll, beside ${PARKED} parked executions and ${POLLS} open polls`,
        unit: 'ms',
        better: 'lower',
        ours: await measureParked(),
        promised: 50,
        rivals: absent === undefined ? [await attempt(who, parkedRival)] : missing,
      },
    ];
  },
} satisfies Benchmark;
