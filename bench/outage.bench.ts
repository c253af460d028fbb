import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Benchmark, Findings } from './benchmark.js';
import type { WireRecord } from './support/measure/wire.js';
import type { Plan } from './support/service/fault-plan.js';
import { type Service, startService } from './support/service/service.js';
import { round } from './support/show/table.js';
import { until } from './support/until.js';
import { type Contestant, contestants, withContestants } from './support/workers/contestant.js';
import type { Candidate } from './support/workers/workers.js';

const SLOTS = 20;
const TASK_MS = 300;
const OUTAGE_SECONDS = 60;
/** Short, so that the parked polls of a worker run into the outage soon. */
const POLL_HOLD_MS = 3_000;
/** Full speed is this share of the slots at work. */
const FULL = 0.95;
/** The longest that a worker may take to come back. */
const RETURN_LIMIT_MS = 30_000;
const COUNTER = new URL('support/workers/count-connects.js', import.meta.url).href;

/** The troubles, and the longest that ours may take to full speed after each, in milliseconds. */
const OUTAGES = {
  gone: { plan: undefined, promisedMs: 2_000 },
  refusing: { plan: everything('refused'), promisedMs: undefined },
  throttling: { plan: everything('throttled'), promisedMs: 10_000 },
} as const;
type Outage = keyof typeof OUTAGES;

function everything(trouble: 'refused' | 'throttled'): Plan {
  return { kind: 'share', troubles: [trouble], share: 1, seed: 1 };
}

interface Measurement {
  readonly outage: Outage;
  readonly candidate: Candidate;
  readonly callsPerSecond: number;
  readonly logLines: number;
  /** Infinity: it was not within the limit. */
  readonly fullSpeedMs: number;
}

async function measure(
  outage: Outage,
  candidates: readonly Candidate[],
  seconds: number,
): Promise<Measurement[]> {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-bench-'));
  const file = (candidate: Candidate, ending: string): string => join(dir, `${candidate}.${ending}`);
  return withContestants(
    candidates,
    (candidate) => ({
      slots: SLOTS,
      heartbeatMs: 20_000,
      service: { pollHoldMs: POLL_HOLD_MS },
      log: file(candidate, 'log'),
      env: { NODE_OPTIONS: `--import ${COUNTER}`, BENCH_CONNECTS: file(candidate, 'connects') },
    }),
    async (contestant) => {
      const { candidate, service } = contestant;
      await service.feed({ tasks: 100, sleepMs: 50 });
      await until(async () => (await service.fed()).length > 0 && (await service.open()) === 0, 10_000);
      await sleep(1_000);
      const linesOf = (): number => readFileSync(file(candidate, 'log'), 'utf8').split('\n').length;
      const connects = (): number => Number(readFileSync(file(candidate, 'connects'), 'utf8'));
      const lines = linesOf();
      const endure =
        outage === 'gone' ? endureGone(contestant, connects) : endurePlan(service, OUTAGES[outage].plan);
      const { calls, back } = await endure(seconds);
      const logLines = linesOf() - lines;
      try {
        const fullSpeedMs = await fullSpeed(back);
        return { outage, candidate, callsPerSecond: calls / seconds, logLines, fullSpeedMs };
      } finally {
        if (back !== service) await back.stop();
      }
    },
  );
}

/** An outage of so many seconds. @returns how much was asked in it, and the service that is back. */
type Endure = (seconds: number) => Promise<{ calls: number; back: Service }>;

function endurePlan(service: Service, plan: Plan): Endure {
  return async (seconds) => {
    await service.plan(plan);
    const before = totalOf(await service.calls());
    await sleep(seconds * 1_000);
    const calls = totalOf(await service.calls()) - before;
    await service.plan();
    return { calls, back: service };
  };
}

/** The service's process ends, and after a while another listens at the same address. */
function endureGone({ service }: Contestant, connects: () => number): Endure {
  return async (seconds) => {
    await service.stop();
    const before = connects();
    await sleep(seconds * 1_000);
    const calls = connects() - before;
    return {
      calls,
      back: await startService({ port: Number(new URL(service.url).port), pollHoldMs: POLL_HOLD_MS }),
    };
  };
}

const totalOf = (calls: WireRecord['calls']): number =>
  ['GetActivityTask', 'SendTaskSuccess', 'SendTaskFailure', 'SendTaskHeartbeat'].reduce(
    (sum, operation) => sum + (calls[operation]?.total ?? 0),
    0,
  );

/** Measures the time from now until (nearly) all slots are in use, with more than enough tasks. */
async function fullSpeed(service: Service): Promise<number> {
  const { now: began } = await service.record();
  const perSecond = 1.5 * ((SLOTS * 1_000) / TASK_MS);
  await service.feed({ tasks: (perSecond * RETURN_LIMIT_MS) / 1_000, perSecond, sleepMs: TASK_MS });
  let reachedMs = Number.POSITIVE_INFINITY;
  await until(
    async () => {
      const { record } = await service.record();
      reachedMs = firstFull(record, began, Math.ceil(SLOTS * FULL)) - began;
      return Number.isFinite(reachedMs);
    },
    RETURN_LIMIT_MS,
    500,
  ).catch(() => {});
  return reachedMs;
}

/** Returns the time at which so many leases were first open at once. */
function firstFull({ leases }: WireRecord, from: number, slots: number): number {
  const steps = leases
    .flatMap(({ at, end }) => [{ at, step: 1 }, ...(end ? [{ at: end.at, step: -1 }] : [])])
    .toSorted((a, b) => a.at - b.at || a.step - b.step);
  let open = 0;
  for (const { at, step } of steps) {
    open += step;
    if (open >= slots && at >= from) return at;
  }
  return Number.POSITIVE_INFINITY;
}

function tabulate(all: readonly Measurement[], seconds: number): Findings {
  const shown = (ms: number): string => (Number.isFinite(ms) ? `${round(ms / 1_000)} s` : 'never');
  const broken = all.flatMap(({ outage, candidate, fullSpeedMs }) => {
    const { promisedMs } = OUTAGES[outage];
    return candidate === 'Stepwright' && promisedMs !== undefined && fullSpeedMs > promisedMs
      ? [`${outage}: full speed after ${shown(fullSpeedMs)}, ${shown(promisedMs)} are promised`]
      : [];
  });
  return {
    tables: [
      {
        title: `one worker of ${SLOTS} slots, before, during and after ${seconds} s of an outage`,
        columns: ['outage', 'who', 'calls/s in it', 'lines in the log', 'full speed after'],
        rows: all.map(({ outage, candidate, callsPerSecond, logLines, fullSpeedMs }) => [
          outage,
          candidate,
          round(callsPerSecond),
          String(logLines),
          shown(fullSpeedMs),
        ]),
      },
    ],
    broken,
    measured: all,
  };
}

export default {
  title: `a service that is gone, refuses or throttles everything (--outage NAME, --seconds N, --quick)`,
  run: async (args) => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        outage: { type: 'string', multiple: true },
        seconds: { type: 'string' },
        quick: { type: 'boolean', default: false },
      },
    });
    const seconds = Number(values.seconds ?? (values.quick ? 8 : OUTAGE_SECONDS));
    const candidates = contestants();
    const all: Measurement[] = [];
    for (const outage of Object.keys(OUTAGES) as Outage[]) {
      if (values.outage && !values.outage.includes(outage)) continue;
      console.error(`  ${outage}, ${seconds} s …`);
      all.push(...(await measure(outage, candidates, seconds)));
    }
    return tabulate(all, seconds);
  },
} satisfies Benchmark;
