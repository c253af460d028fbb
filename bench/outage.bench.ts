import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FaultName, type Plan, WORKER_CALLS } from '../test/soak/faults.js';
import type { WireRecord } from '../test/soak/wire.js';
import { type Benchmark, brokenOf, inFolder, show } from './benchmark.js';
import { until } from './support/child.js';
import { compete, contestants } from './support/contestants.js';
import { type Service, startService } from './support/service.js';
import type { Candidate } from './support/workers.js';

const SLOTS = 20;
const TASK_MS = 300;
const OUTAGE_SECONDS = 60;
/** Short, so that the parked polls of a worker run into the outage soon. */
const POLL_HOLD_MS = 3_000;
/** Full speed is this share of the slots at work. */
const FULL = 0.95;
/** The longest that a worker may take to come back. */
const RETURN_LIMIT_MS = 30_000;
const COUNTER = new URL('support/count-connects.js', import.meta.url).href;

const everything = (fault: FaultName): Plan => ({ kind: 'share', faults: [fault], share: 1, seed: 1 });

interface Outage {
  readonly name: string;
  /** Unset: the service's process ends. */
  readonly plan?: Plan;
  /** The longest that ours may take to full speed after it. */
  readonly promisedMs?: number;
}

const OUTAGES: readonly Outage[] = [
  { name: 'gone', promisedMs: 2_000 },
  { name: 'refusing', plan: everything('refused') },
  { name: 'throttling', plan: everything('throttled'), promisedMs: 10_000 },
];

interface Measurement {
  readonly outage: Outage;
  readonly who: Candidate;
  readonly callsPerSecond: number;
  readonly logLines: number;
  /** Infinity: it was not within the limit. */
  readonly fullSpeedMs: number;
}

async function measure(outage: Outage, seconds: number, dir: string): Promise<Measurement[]> {
  const read = (who: Candidate, ending: string): string =>
    readFileSync(join(dir, `${who}.${ending}`), 'utf8');
  const termsOf = (who: Candidate) => ({
    workers: 1,
    concurrency: SLOTS,
    heartbeatMs: 20_000,
    service: { pollHoldMs: POLL_HOLD_MS },
    log: join(dir, `${who}.log`),
    env: { NODE_OPTIONS: `--import ${COUNTER}`, BENCH_CONNECTS: join(dir, `${who}.connects`) },
  });
  return compete(contestants(), termsOf, async (service, who) => {
    await service.feed({ tasks: 100, sleepMs: 50 });
    await until(async () => (await service.fed()).length > 0 && (await service.open()) === 0, 30_000);
    await sleep(1_000);
    const linesOf = (): number => read(who, 'log').split('\n').length;
    const lines = linesOf();
    const [calls, back] = outage.plan
      ? await endurePlan(service, outage.plan, seconds)
      : await endureGone(service, () => Number(read(who, 'connects')), seconds);
    const logLines = linesOf() - lines;
    try {
      return { outage, who, callsPerSecond: calls / seconds, logLines, fullSpeedMs: await fullSpeed(back) };
    } finally {
      if (back !== service) await back.stop();
    }
  });
}

/** @returns how much was asked in an outage, and the service that is back */
async function endurePlan(service: Service, plan: Plan, seconds: number): Promise<[number, Service]> {
  await service.plan(plan);
  const before = await callsOf(service);
  await sleep(seconds * 1_000);
  const calls = (await callsOf(service)) - before;
  await service.plan();
  return [calls, service];
}

/** The service's process ends, and after a while another listens at the same address. */
async function endureGone(
  service: Service,
  connects: () => number,
  seconds: number,
): Promise<[number, Service]> {
  const port = Number(new URL(service.url).port);
  await service.stop();
  const before = connects();
  await sleep(seconds * 1_000);
  const calls = connects() - before;
  return [calls, await startService({ port, pollHoldMs: POLL_HOLD_MS })];
}

async function callsOf(service: Service): Promise<number> {
  const { calls } = (await service.record()).record;
  return WORKER_CALLS.reduce((sum, operation) => sum + (calls[operation]?.total ?? 0), 0);
}

/** Measures the time from now until (nearly) all slots are in use, with more than enough tasks. */
async function fullSpeed(service: Service): Promise<number> {
  const { now: began } = await service.record();
  const perSecond = 1.5 * ((SLOTS * 1_000) / TASK_MS);
  await service.feed({ tasks: (perSecond * RETURN_LIMIT_MS) / 1_000, perSecond, sleepMs: TASK_MS });
  let reachedMs = Number.POSITIVE_INFINITY;
  const isReached = async (): Promise<boolean> => {
    const { record } = await service.record();
    reachedMs = firstFull(record, began) - began;
    return Number.isFinite(reachedMs);
  };
  await until(isReached, RETURN_LIMIT_MS, 500).catch(() => {});
  return reachedMs;
}

/** Returns the time at which so many leases were first open at once. */
function firstFull({ leases }: WireRecord, from: number): number {
  const steps = leases
    .flatMap(({ at, end }) => [{ at, step: 1 }, ...(end ? [{ at: end.at, step: -1 }] : [])])
    .toSorted((a, b) => a.at - b.at || a.step - b.step);
  let open = 0;
  for (const { at, step } of steps) {
    open += step;
    if (open >= SLOTS * FULL && at >= from) return at;
  }
  return Number.POSITIVE_INFINITY;
}

const secondsOf = (ms: number): string => (Number.isFinite(ms) ? show(ms / 1_000, 's') : 'never');

export default {
  title: `one worker of ${SLOTS} slots, and a service that is gone, refuses or throttles everything`,
  run: async ({ seconds = OUTAGE_SECONDS, includes }) => {
    const all: Measurement[] = [];
    for (const outage of OUTAGES)
      if (includes(outage.name)) all.push(...(await inFolder((dir) => measure(outage, seconds, dir))));
    return {
      tables: [
        {
          title: `Before, during and after ${seconds} s of an outage`,
          columns: ['', 'who', 'calls/s in it', 'lines in the log', 'full speed after'],
          rows: all.map(({ outage, who, callsPerSecond, logLines, fullSpeedMs }) => [
            outage.name,
            who,
            show(callsPerSecond),
            show(logLines),
            secondsOf(fullSpeedMs),
          ]),
        },
      ],
      broken: brokenOf(
        all.map(({ outage: { name, promisedMs = Infinity }, who, fullSpeedMs }) => [
          who !== 'Stepwright' || fullSpeedMs <= promisedMs,
          `${name}: full speed after ${secondsOf(fullSpeedMs)}, ${secondsOf(promisedMs)} are promised`,
        ]),
      ),
    };
  },
} satisfies Benchmark;
