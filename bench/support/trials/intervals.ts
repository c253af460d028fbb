import { setTimeout as sleep } from 'node:timers/promises';
import { latenessOf } from '../measure/lateness.js';
import type { Lease } from '../measure/wire.js';
import { ACTIVITY_ARN } from '../service/service.js';
import { round } from '../show/table.js';
import { until } from '../until.js';
import { withContestants } from '../workers/contestant.js';
import type { Candidate } from '../workers/workers.js';
import { broken, type Tried } from './trial.js';

const GROUPS = [
  { name: 'Patient', tasks: 6_000, everyMs: 20_000, heartbeatSeconds: 60 },
  { name: 'Brisk', tasks: 50, everyMs: 1_000, heartbeatSeconds: 3 },
  { name: 'Tight', tasks: 5, everyMs: 300, heartbeatSeconds: 2 },
] as const;

const SETTLE_MS = 3_000;

export async function intervals(_: readonly Candidate[], quick: boolean): Promise<Tried[]> {
  const watchMs = quick ? 10_000 : 60_000;
  const arnOf = (name: string): string => `${ACTIVITY_ARN}${name}`;
  const more = GROUPS.map(({ name, heartbeatSeconds }) => ({
    activityArn: arnOf(name),
    state: { HeartbeatSeconds: heartbeatSeconds },
  }));
  const settings = {
    slots: 10,
    heartbeatMs: 20_000,
    service: { more, keptExecutions: 10_000 },
    // The environment would win over its handlers' own options.
    env: { STEPWRIGHT_CONCURRENCY: undefined, STEPWRIGHT_HEARTBEAT: undefined },
  };
  const [tried = []] = await withContestants(
    ['Stepwright, three intervals'],
    () => settings,
    async ({ service }) => {
      let leases = 0;
      for (const { name, tasks } of GROUPS) {
        const input = { group: name };
        await service.feed({ activityArn: arnOf(name), tasks, sleepMs: 3_600_000, input });
        leases += tasks;
        await until(async () => (await service.leases()) >= leases, 120_000);
        // Thousands of leases at once keep the machine busy for a while.
        await sleep(SETTLE_MS);
      }
      const { now: from } = await service.record();
      await sleep(watchMs);
      const { record, now } = await service.record();
      return GROUPS.map(({ name, everyMs }) => intervalOf(name, everyMs, record.leases, from, now));
    },
  );
  return tried;
}

function intervalOf(
  name: string,
  everyMs: number,
  leases: readonly Lease[],
  from: number,
  now: number,
): Tried {
  const own = leases.filter(({ input }) => (JSON.parse(input) as { group: string }).group === name);
  const { longestMs, medianMs, beats } = latenessOf(own, now, from);
  const who = `Stepwright, ${own.length} tasks of ${everyMs / 1_000} s`;
  return {
    who,
    figures: {
      longest: `${round(longestMs / 1_000)} s`,
      middle: `${round(medianMs / 1_000)} s`,
      beats: String(beats),
      lost: String(own.filter(({ end }) => end !== undefined).length),
    },
    ...broken(who, longestMs <= everyMs * 1.2, `${who} was silent for ${round(longestMs)} ms`),
  };
}
