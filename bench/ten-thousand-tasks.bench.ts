import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark, Figure, Measured } from './benchmark.js';
import { type Lateness, latenessOf } from './support/measure/lateness.js';
import { startService } from './support/service/service.js';
import { type Candidate, startWorker } from './support/workers/workers.js';
import { until } from './support/until.js';

const TASKS = 10_000;
const HEARTBEAT_MS = 20_000;
const WATCH_MS = 60_000;
/** Long enough for every task to beat twice at 34 s. */
const STRETCHED_WATCH_MS = 80_000;

interface Watched {
  readonly all: Lateness;
  /** The lateness in the last half of the watch. */
  readonly settled: Lateness;
  /** The lines of the worker's log about it. */
  readonly said: string;
}

/** Leases 10,000 tasks to one worker that keeps them all, and watches their heartbeats arrive. */
async function watch(candidate: Candidate, watchMs: number, heartbeatRate = 500): Promise<Watched> {
  const service = await startService({ state: { HeartbeatSeconds: 600 }, keptExecutions: TASKS });
  const log = join(mkdtempSync(join(tmpdir(), 'stepwright-bench-')), 'worker.log');
  const { url, activityArn } = service;
  const env = { BENCH_HEARTBEAT_RATE: String(heartbeatRate), STEPWRIGHT_POLLERS: '1-100' };
  const settings = {
    url,
    activityArn,
    name: 'crowd',
    concurrency: TASKS,
    heartbeatMs: HEARTBEAT_MS,
    env,
    log,
  };
  const worker = startWorker(candidate, settings);
  try {
    for (let n = 0; n < TASKS; n += 100)
      await Promise.all(Array.from({ length: 100 }, () => service.start({ sleepMs: 3_600_000 })));
    await until(async () => (await service.leases()) === TASKS, 120_000, 1_000);
    await sleep(watchMs);
    const { record, now } = await service.record();
    return {
      all: latenessOf(record.leases, now),
      settled: latenessOf(record.leases, now, now - watchMs / 2),
      said: whatItSaid(log),
    };
  } finally {
    worker.kill('SIGKILL');
    await worker.ended;
    await service.stop();
  }
}

/** The last line about stretched intervals. */
function whatItSaid(log: string): string {
  const line = readFileSync(log, 'utf8')
    .split('\n')
    .filter((text) => text.includes('stretchedToMs'))
    .at(-1);
  if (line === undefined) return 'its log says nothing of stretched intervals';
  const { stretched } = JSON.parse(line) as { stretched: { tasks: number; stretchedToMs: number }[] };
  const each = stretched.map(({ tasks, stretchedToMs }) => `${stretchedToMs} ms (${tasks} tasks)`);
  return `its log says: intervals stretch to ${each.join(', ')}`;
}

const seconds = (ms: number): number => ms / 1_000;

async function longest(candidate: Candidate): Promise<Figure> {
  const { all } = await watch(candidate, WATCH_MS);
  const note = `the middle span ${seconds(all.medianMs).toFixed(1)} s, ${all.beats} beats`;
  return { who: candidate, value: seconds(all.longestMs), note };
}

async function stretched(): Promise<Figure> {
  const { settled, said } = await watch('Stepwright', STRETCHED_WATCH_MS, 300);
  const note = `the longest ${seconds(settled.longestMs).toFixed(1)} s; ${said}`;
  return { who: 'Stepwright, heartbeatRate 300', value: seconds(settled.medianMs), note };
}

export default {
  title: `${TASKS} tasks in flight in one process, each due every ${seconds(HEARTBEAT_MS)} s, for a minute`,
  run: async (): Promise<Measured[]> => {
    const ours = await longest('Stepwright');
    const rival = await longest('bare loop');
    return [
      {
        what: 'the longest that a task was silent, heartbeatRate 500',
        unit: 's',
        better: 'lower',
        ours,
        promised: seconds(HEARTBEAT_MS * 1.2),
        rivals: [rival],
      },
      {
        what: 'what the interval stretches to where the rate does not suffice',
        unit: 's',
        better: 'lower',
        ours: await stretched(),
        rivals: [],
      },
    ];
  },
} satisfies Benchmark;
