import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark, Figure } from './benchmark.js';
import { latenessOf } from './support/measure/lateness.js';
import { installRivals } from './support/workers/rivals.js';
import { startService } from './support/service/service.js';
import { type Candidate, startWorker } from './support/workers/workers.js';
import { until } from './support/until.js';

const POLLS = 60;
const HEARTBEAT_MS = 2_000;
/** The service holds a poll for 60 s; a tenth is enough to see who waits for it. */
const POLL_HOLD_MS = 6_000;
/** The longest that a heartbeat may come after its interval. */
const ALLOWED_MS = 100;
const WATCH_MS = 30_000;

/**
 * One task runs while 60 polls are open, and beats every 2 s: how long does the service wait for
 * each?
 */
async function measure(candidate: Candidate): Promise<Figure> {
  const service = await startService({ pollHoldMs: POLL_HOLD_MS });
  const worker = startWorker(candidate, {
    url: service.url,
    activityArn: service.activityArn,
    name: 'latency',
    concurrency: POLLS + 1,
    heartbeatMs: HEARTBEAT_MS,
    env: { STEPWRIGHT_POLLERS: String(POLLS) },
  });
  try {
    await service.start({ n: 0, sleepMs: 10 * WATCH_MS });
    await until(async () => (await service.leases()) > 0, 30_000);
    await sleep(WATCH_MS);
    const { record, now } = await service.record();
    const { longestMs, beats } = latenessOf(record.leases, now);
    const open = Math.round((record.calls['GetActivityTask']?.total ?? 0) / (WATCH_MS / POLL_HOLD_MS));
    return { who: candidate, value: longestMs, note: `${beats} beats; about ${open} polls at once` };
  } finally {
    worker.kill('SIGKILL');
    await worker.ended;
    await service.stop();
  }
}

export default {
  title: `how late a heartbeat reaches the service while ${POLLS} polls are open, held for ${POLL_HOLD_MS / 1000} s`,
  run: async () => {
    const absent = installRivals();
    const ours = await measure('Stepwright');
    const rivals = [{ ...(await measure('bare loop')), who: 'one shared SDK client, 50 sockets' }];
    return [
      {
        what: `the longest between two heartbeats that are due every ${HEARTBEAT_MS} ms`,
        unit: 'ms',
        better: 'lower',
        ours,
        promised: HEARTBEAT_MS + ALLOWED_MS,
        rivals: [
          ...rivals,
          absent === undefined
            ? await measure('step-function-worker')
            : { who: 'step-function-worker', absent },
        ],
      },
    ];
  },
} satisfies Benchmark;
