import { setTimeout as sleep } from 'node:timers/promises';
import { beatsOf, lapsed, mostWithin } from '../measure/beats.js';
import { latenessOf } from '../measure/lateness.js';
import type { Lease } from '../measure/wire.js';
import { ACTIVITY_ARN, type Service } from '../service/service.js';
import { round } from '../show/table.js';
import { until } from '../until.js';
import { type Contestant, withContestants } from './contestant.js';
import type { Candidate } from './workers.js';

/** What one candidate came to in a trial. */
export interface Tried {
  readonly who: string;
  /** By the names of the table's columns. */
  readonly figures: Readonly<Record<string, string>>;
  /** Which promise of ours does not hold. */
  readonly broken?: string;
}

interface TrialOf {
  readonly title: string;
  /** @param quick whether it is only to be seen that it works */
  run(candidates: readonly Candidate[], quick: boolean): Promise<Tried[]>;
}

export const TRIALS = {
  blocked: {
    title: 'a loop that is blocked for 18 s at the 58th second of its polls, four tasks answered meanwhile',
    run: blocked,
  },
  stopped: { title: 'a process that is stopped for 87 s, five tasks answered meanwhile', run: stopped },
  'brown-out': {
    title: 'a service that answers late for two minutes, 2,000 tasks in flight, HeartbeatSeconds 60',
    run: brownOut,
  },
  intervals: {
    title: 'tasks of three intervals in one worker, heartbeatRate 500: the longest that one was silent',
    run: intervals,
  },
  burst: { title: 'a process that is stopped for 6 s at a rate of 250 beats/s', run: burst },
  'failing beats': {
    title: 'half of all heartbeats fail, HeartbeatSeconds three intervals',
    run: failingBeats,
  },
} as const satisfies Record<string, TrialOf>;

export type Trial = keyof typeof TRIALS;

const isOurs = (who: string): boolean => who.startsWith('Stepwright');
const broken = (who: string, holds: boolean, what: string): Pick<Tried, 'broken'> =>
  isOurs(who) && !holds ? { broken: what } : {};

async function untilEnded(service: Service, limitMs: number): Promise<Lease[]> {
  await until(async () => (await service.open()) === 0, limitMs).catch(() => {});
  return [...(await service.record()).record.leases];
}

/** Every slot polls from the beginning, so that there are polls to be answered while nobody listens. */
const allPolling = (slots: number): { env: Record<string, string> } => ({
  env: { STEPWRIGHT_POLLERS: String(slots) },
});

function lostOnly(who: Candidate, leases: readonly Lease[]): Tried {
  const lost = lapsed(leases);
  return {
    who,
    figures: { leases: String(leases.length), lost: String(lost) },
    ...broken(who, lost === 0, `${lost} of ${leases.length} leases were lost`),
  };
}

function blocked(candidates: readonly Candidate[], quick: boolean): Promise<Tried[]> {
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

function stopped(candidates: readonly Candidate[], quick: boolean): Promise<Tried[]> {
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

async function brownOut(candidates: readonly Candidate[], quick: boolean): Promise<Tried[]> {
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

/** From the moment that its worker decided a result until the service took it; 0 where it took none. */
function acceptedAfterMs({ end, calls }: Lease): number {
  const said = calls.find(({ operation }) => operation === 'SendTaskSuccess')?.outcome;
  const [, decidedAt] = /decidedAt\\":([\d.]+)/.exec(said ?? '') ?? [];
  return end?.kind === 'succeeded' && decidedAt !== undefined ? end.at - Number(decidedAt) : 0;
}

const GROUPS = [
  { name: 'Patient', tasks: 6_000, everyMs: 20_000, heartbeatSeconds: 60 },
  { name: 'Brisk', tasks: 50, everyMs: 1_000, heartbeatSeconds: 3 },
  { name: 'Tight', tasks: 5, everyMs: 300, heartbeatSeconds: 1 },
] as const;

async function intervals(_: readonly Candidate[], quick: boolean): Promise<Tried[]> {
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
    // What its handlers declare would lose to the environment.
    env: { STEPWRIGHT_CONCURRENCY: undefined, STEPWRIGHT_HEARTBEAT: undefined },
  };
  const [tried = []] = await withContestants(
    ['Stepwright, three intervals'],
    () => settings,
    async ({ service }) => {
      let all = 0;
      for (const { name, tasks } of GROUPS) {
        const input = { group: name };
        await service.feed({ activityArn: arnOf(name), tasks, sleepMs: 3_600_000, input });
        await service.fed();
        all += tasks;
      }
      await until(async () => (await service.leases()) >= all, 60_000);
      await sleep(watchMs);
      const { record, now } = await service.record();
      return GROUPS.map(({ name, everyMs }) => intervalOf(name, everyMs, record.leases, now));
    },
  );
  return tried;
}

function intervalOf(name: string, everyMs: number, leases: readonly Lease[], now: number): Tried {
  const own = leases.filter(({ input }) => (JSON.parse(input) as { group: string }).group === name);
  const { longestMs, medianMs, beats } = latenessOf(own, now);
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

const RATE = 250;
/** What lies between sending and arriving moves beats from one span into the next. */
const BLUR = 1.02;

async function burst(candidates: readonly Candidate[], quick: boolean): Promise<Tried[]> {
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
      ...broken(
        candidate,
        most <= RATE * BLUR && lost === 0,
        `${most} beats within a second, ${lost} leases lost`,
      ),
    };
  };
  // One after the other: each has thousands of tasks.
  const all: Tried[] = [];
  for (const candidate of candidates)
    all.push(...(await withContestants([candidate], () => settings, tried)));
  return all;
}

function failingBeats(candidates: readonly Candidate[], quick: boolean): Promise<Tried[]> {
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
