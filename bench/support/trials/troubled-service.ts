import { setTimeout as sleep } from 'node:timers/promises';
import { lapsed } from '../measure/beats.js';
import type { Lease } from '../measure/wire.js';
import { round } from '../show/table.js';
import { until } from '../until.js';
import { withContestants } from '../workers/contestant.js';
import type { Candidate } from '../workers/workers.js';
import { broken, lostOnly, type Tried, untilEnded } from './trial.js';

export async function brownOut(candidates: readonly Candidate[], quick: boolean): Promise<Tried[]> {
  const all: Tried[] = [];
  for (const delayMs of quick ? [1_000] : [1_000, 2_000, 4_000, 8_000])
    all.push(...(await brownOutOf(candidates, delayMs, quick)));
  return all;
}

/** Tasks end at any moment of it, so that their results meet the slow service, too. */
function brownOutOf(candidates: readonly Candidate[], delayMs: number, quick: boolean): Promise<Tried[]> {
  const [tasks, lastsMs, heartbeatSeconds] = quick ? [100, 15_000, 12] : [2_000, 120_000, 60];
  const settings = {
    slots: tasks,
    heartbeatMs: (heartbeatSeconds * 1_000) / 3,
    service: { state: { HeartbeatSeconds: heartbeatSeconds }, keptExecutions: tasks },
    env: { STEPWRIGHT_POLLERS: '1-100' },
  };
  return withContestants(
    candidates,
    () => settings,
    async ({ candidate, service }) => {
      const half = lastsMs / 2;
      await service.feed({ tasks, sleepMs: half, spreadMs: half * 0.9, input: { tellWhen: true } });
      await until(async () => (await service.leases()) === tasks, 60_000);
      await service.plan({ kind: 'distance', ms: delayMs });
      await sleep(lastsMs);
      await service.plan();
      const leases = await untilEnded(service, heartbeatSeconds * 1_000 + 5_000);
      const lost = lapsed(leases);
      const acceptedMs = Math.max(...leases.map(acceptedAfterMs));
      const promise = lost === 0 && acceptedMs <= 2 * delayMs;
      return {
        who: candidate,
        figures: {
          'answers after': `${delayMs / 1_000} s`,
          leases: String(leases.length),
          lost: String(lost),
          'decided to accepted': `${round(acceptedMs / 1_000)} s`,
        },
        ...broken(candidate, promise, `${delayMs} ms: ${lost} lost, accepted after ${round(acceptedMs)} ms`),
      };
    },
  );
}

/** Returns the time from the decision of a result to its acceptance; 0 where none was accepted. */
function acceptedAfterMs({ end, calls }: Lease): number {
  const said = calls.find(({ operation }) => operation === 'SendTaskSuccess')?.outcome;
  const [, decidedAt] = /decidedAt\\":([\d.]+)/.exec(said ?? '') ?? [];
  return end?.kind === 'succeeded' && decidedAt !== undefined ? end.at - Number(decidedAt) : 0;
}

export function failingBeats(candidates: readonly Candidate[], quick: boolean): Promise<Tried[]> {
  const [tasks, lastsMs] = quick ? [100, 10_000] : [300, 60_000];
  const heartbeatMs = 2_000;
  const settings = {
    slots: tasks,
    heartbeatMs,
    service: { state: { HeartbeatSeconds: (3 * heartbeatMs) / 1_000 } },
    env: { STEPWRIGHT_POLLERS: '1-100' },
  };
  return withContestants(
    candidates,
    () => settings,
    async ({ candidate, service }) => {
      const operations = ['SendTaskHeartbeat'];
      await service.plan({ kind: 'share', troubles: ['500', 'throttled'], share: 0.5, seed: 1, operations });
      await service.feed({ tasks, sleepMs: lastsMs });
      await service.fed();
      await sleep(lastsMs);
      return lostOnly(candidate, await untilEnded(service, 5 * heartbeatMs));
    },
  );
}
