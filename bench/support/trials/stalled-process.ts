import { setTimeout as sleep } from 'node:timers/promises';
import { beatsOf, mostWithin } from '../measure/beats.js';
import { until } from '../until.js';
import { type Contestant, withContestants } from '../workers/contestant.js';
import type { Candidate } from '../workers/workers.js';
import { broken, lostOnly, type Tried, untilEnded } from './trial.js';

/** Every slot polls from the start, so that polls are answered while the process is stopped. */
const allPolling = (slots: number): { env: Record<string, string> } => ({
  env: { STEPWRIGHT_POLLERS: String(slots) },
});

export function blocked(candidates: readonly Candidate[], quick: boolean): Promise<Tried[]> {
  const [afterMs, blockMs] = quick ? [2_000, 3_000] : [58_000, 18_000];
  const slots = 5;
  const settings = { slots, heartbeatMs: 20_000, service: { state: { HeartbeatSeconds: 90 } } };
  return withContestants(
    candidates,
    () => ({ ...settings, ...allPolling(slots) }),
    async ({ candidate, service }) => {
      await sleep(afterMs);
      await service.start({ n: 0, blockMs });
      await sleep(1_500);
      await service.feed({ tasks: slots - 1, sleepMs: 100 });
      await sleep(blockMs);
      return lostOnly(candidate, await untilEnded(service, 20_000));
    },
  );
}

export function stopped(candidates: readonly Candidate[], quick: boolean): Promise<Tried[]> {
  const stopMs = quick ? 4_000 : 87_000;
  const slots = 5;
  const settings = { slots, heartbeatMs: 20_000, service: { state: { HeartbeatSeconds: 120 } } };
  return withContestants(
    candidates,
    () => ({ ...settings, ...allPolling(slots) }),
    async ({ candidate, service, workers }) => {
      await sleep(1_000);
      for (const worker of workers) worker.kill('SIGSTOP');
      await sleep(1_000);
      await service.feed({ tasks: slots, sleepMs: 100 });
      await sleep(stopMs - 1_000);
      for (const worker of workers) worker.kill('SIGCONT');
      return lostOnly(candidate, await untilEnded(service, 20_000));
    },
  );
}

const RATE = 250;

export async function burst(candidates: readonly Candidate[], quick: boolean): Promise<Tried[]> {
  const [tasks, heartbeatMs, stopMs] = quick ? [1_000, 4_000, 3_000] : [5_000, 20_000, 6_000];
  const settings = {
    slots: tasks,
    heartbeatMs,
    service: { state: { HeartbeatSeconds: 60 }, keptExecutions: tasks },
    env: { STEPWRIGHT_POLLERS: '1-100', BENCH_HEARTBEAT_RATE: String(RATE) },
  };
  const tried = async ({ candidate, service, workers }: Contestant): Promise<Tried> => {
    await service.feed({ tasks, sleepMs: 3_600_000 });
    await until(async () => (await service.leases()) === tasks, 60_000);
    await sleep(1.25 * heartbeatMs);
    for (const worker of workers) worker.kill('SIGSTOP');
    await sleep(stopMs);
    for (const worker of workers) worker.kill('SIGCONT');
    await sleep(1.25 * heartbeatMs);
    const { record } = await service.record();
    const most = mostWithin(beatsOf(record.leases), 1_000);
    const lost = record.leases.filter(({ end }) => end !== undefined).length;
    return {
      who: candidate,
      figures: { 'most beats within a second': String(most), lost: String(lost) },
      ...broken(candidate, most <= RATE && lost === 0, `${most} beats within a second, ${lost} leases lost`),
    };
  };
  // One after the other: each has thousands of tasks.
  const all: Tried[] = [];
  for (const candidate of candidates)
    all.push(...(await withContestants([candidate], () => settings, tried)));
  return all;
}
