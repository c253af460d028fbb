import { setTimeout as sleep } from 'node:timers/promises';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Benchmark, Findings } from './benchmark.js';
import type { Lease } from './support/measure/wire.js';
import { lapsed } from './support/measure/beats.js';
import { median } from './support/measure/median.js';
import { broken, type Tried, untilEnded } from './support/trials/trial.js';
import { until } from './support/until.js';
import { round } from './support/workers/queued.js';
import { contestants, withContestants } from './support/workers/contestant.js';
import type { Candidate } from './support/workers/workers.js';

const HEARTBEAT = { seconds: 3, everyMs: 1_000 } as const;
const SLOTS = 5;
/** The tasks that are given to the slots that poll while one blocks. */
const HANDED = SLOTS - 2;

/** Numbers of the two; those of the others are from 0. */
const [BEFORE, BLOCKING] = [1_001, 1_002];

const inputOf = ({ input }: Lease): { readonly n: number } => JSON.parse(input) as { readonly n: number };

/** The longest that a lease was without a sign of its worker, in milliseconds. */
function longestSilence({ at, calls, end }: Lease): number {
  const signs = [at, ...calls.map((call) => call.at), ...(end ? [end.at] : [])];
  return Math.max(...signs.slice(1).map((each, i) => each - (signs[i] ?? each)));
}

const seconds = (ms: number): string => (ms / 1000).toFixed(2);

/** One blocks the event loop, another was leased before and waits; three polls are handed tasks meanwhile. */
function blocked(candidates: readonly Candidate[], blockMs: number): Promise<Tried[]> {
  const settings = {
    slots: SLOTS,
    heartbeatMs: HEARTBEAT.everyMs,
    service: { state: { HeartbeatSeconds: HEARTBEAT.seconds } },
    env: { STEPWRIGHT_POLLERS: String(SLOTS) },
  };
  return withContestants(
    candidates,
    () => settings,
    async ({ candidate, service }) => {
      await service.start({ n: BEFORE, sleepMs: blockMs + 4_000 });
      await until(async () => (await service.leases()) === 1, 10_000);
      await service.start({ n: BLOCKING, blockMs });
      await sleep(3_000);
      await service.feed({ tasks: HANDED, sleepMs: 100 });
      await sleep(blockMs);
      const leases = await untilEnded(service, 20_000);
      const byInput = (n: number): Lease[] => leases.filter((lease) => inputOf(lease).n === n);
      const held = [...byInput(BEFORE), ...byInput(BLOCKING)];
      const handed = leases.filter((lease) => !held.includes(lease));
      const beats = held.flatMap(({ calls }) =>
        calls.filter(({ operation }) => operation === 'SendTaskHeartbeat'),
      );
      const [lost, silence] = [lapsed(held), Math.max(...held.map(longestSilence))];
      return {
        who: candidate,
        figures: {
          'leased before, or blocking': String(held.length),
          lost: String(lost),
          beats: String(beats.length),
          'longest silence, s': seconds(silence),
          'handed to its polls meanwhile': String(handed.length),
          'of these lost': String(lapsed(handed)),
        },
        ...broken(
          candidate,
          lost === 0 && silence < HEARTBEAT.seconds * 1_000,
          `${lost} leases lost, ${seconds(silence)} s of silence`,
        ),
      };
    },
  );
}

/** A loop that is blocked for longer than `stallAfter` is given up: the other worker gets its task. */
async function stuck(blockMs: number, stallAfterMs: number): Promise<Tried[]> {
  const Retry = [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 1, MaxAttempts: 5, BackoffRate: 1 }];
  const settings = {
    workers: 2,
    slots: 1,
    heartbeatMs: HEARTBEAT.everyMs,
    service: { state: { HeartbeatSeconds: HEARTBEAT.seconds, Retry } },
    env: {
      STEPWRIGHT_STALL_AFTER: `${stallAfterMs}ms`,
      BENCH_BLOCKS_ONCE: join(mkdtempSync(join(tmpdir(), 'stepwright-bench-')), 'blocked'),
    },
  };
  return withContestants(
    ['Stepwright'],
    () => settings,
    async ({ candidate, service }) => {
      const execution = await service.start({ n: 1, blockMs });
      await until(async () => (await service.describe(execution)).status !== 'RUNNING', blockMs);
      const { status } = await service.describe(execution);
      const [first, second] = [...(await service.record()).record.leases];
      const heldMs = (first?.end?.at ?? Infinity) - (first?.at ?? 0);
      const elsewhere = first !== undefined && second !== undefined && first.worker !== second.worker;
      const holds = status === 'SUCCEEDED' && elsewhere && heldMs > stallAfterMs && heldMs < blockMs;
      return {
        who: candidate,
        figures: {
          'blocked for, s': seconds(blockMs),
          'given up by the service after, s': seconds(heldMs),
          'then run by': elsewhere ? 'the other worker' : 'nobody else',
          'its execution': status ?? '',
        },
        ...broken(candidate, holds, `lapsed after ${seconds(heldMs)} s, ${status}`),
      };
    },
  );
}

const ON: Candidate = 'Stepwright';
const OFF: Candidate = 'Stepwright, beats on the main thread';
/** The least throughput with the thread, as a part of that without. */
const LEAST_SHARE = 0.9;

/** Tasks without work, with the thread on and off by turns: the most that handing every lease over can cost. */
async function throughput(rounds: number): Promise<Tried[]> {
  const seen: Record<string, number[]> = { [ON]: [], [OFF]: [] };
  for (let i = 0; i < rounds; i++) for (const who of [ON, OFF]) seen[who]?.push((await round(who)).perSecond);
  const [on, off] = [median(seen[ON] ?? []), median(seen[OFF] ?? [])];
  const share = on / off;
  return [ON, OFF].map((who) => ({
    who,
    figures: {
      'executions a second': String(Math.round(who === ON ? on : off)),
      share: who === ON ? share.toFixed(2) : '',
    },
    ...(who === ON &&
      broken(who, share >= LEAST_SHARE, `with the thread ${share.toFixed(2)} of what it is without`)),
  }));
}

const table = (title: string, tried: readonly Tried[]) => ({
  title,
  columns: ['who', ...Object.keys(tried[0]?.figures ?? {})],
  rows: tried.map(({ who, figures }) => [who, ...Object.values(figures)]),
});

export default {
  title:
    'what a handler that blocks the event loop costs, HeartbeatSeconds 3 (--quick: for 8 s instead of 30 s; --ours: without the rivals)',
  run: async (args): Promise<Findings> => {
    const { values } = parseArgs({
      args: [...args],
      options: { quick: { type: 'boolean', default: false }, ours: { type: 'boolean', default: false } },
    });
    const [blockMs, stallAfterMs] = values.quick ? [8_000, 2_000] : [30_000, 10_000];
    const kept = await blocked(values.ours ? ['Stepwright'] : contestants(), blockMs);
    const given = await stuck(blockMs + stallAfterMs, stallAfterMs);
    const fast = values.quick ? [] : await throughput(5);
    return {
      tables: [
        table(`an event loop that is blocked for ${blockMs / 1000} s`, kept),
        table(`and one that is blocked for longer than stallAfter, ${stallAfterMs / 1000} s`, given),
        ...(fast.length > 0 ? [table('tasks without work, the median of 5 rounds', fast)] : []),
      ],
      broken: [...kept, ...given, ...fast].flatMap((tried) => tried.broken ?? []),
      measured: { kept, given, fast },
    };
  },
} satisfies Benchmark;
