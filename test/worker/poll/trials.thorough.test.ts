import { describe, expect, test } from '@jest/globals';
import { hire } from '../../../bench/support/fleet/members.js';
import { SimulatedService } from '../../../bench/support/fleet/simulated-service.js';
import { percentile } from '../../../bench/support/measure/median.js';
import { hookOf, type Trouble } from '../../../bench/support/service/fault-plan.js';
import type { ActivityPort, PollAnswer } from '../../../src/framework/aws/activity-port.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import type { Worker } from '../../../src/framework/worker/worker.js';
import { bucket, portOf, seeded, task, workerOn } from '../../support/port.js';

const HANDLERS = ['a', 'b', 'c', 'd', 'e'];
const LATENCY_MS = 40;

/** Workers at a region that refuses polls as it is told, with a backlog for each handler that never ends. */
class Region {
  readonly clock = new HandClock(0, { promisesOnly: true });
  /** The times at which each activity's tasks were given out. */
  readonly given = new Map<string, number[]>();
  readonly #workers: Worker[] = [];
  #tasks = 0;

  /** @param answer returns why a poll isn't granted; undefined if it is */
  constructor(
    answer: (clock: HandClock) => (activityArn: string) => PollAnswer | undefined,
    { workers = 1, names = HANDLERS, seed = 1, workMs = 200 } = {},
  ) {
    const { clock } = this;
    const refuse = answer(clock);
    const random = seeded(seed);
    const poll: ActivityPort['poll'] = async (activityArn, _worker, _signal, onSent) => {
      onSent();
      await clock.sleep(LATENCY_MS * (0.5 + random()));
      const refused = refuse(activityArn);
      if (refused) return refused;
      const given = this.given.get(activityArn) ?? [];
      this.given.set(activityArn, [...given, clock.now()]);
      return task(this.#tasks++);
    };
    for (let n = 0; n < workers; n++)
      this.#workers.push(workerOn(portOf(poll), { clock, names, random, work: () => clock.sleep(workMs) }));
  }

  /** Returns how many tasks of each activity were given out from one second to another. */
  sharesIn(from: number, to: number): number[] {
    return [...this.given.values()].map(
      (all) => all.filter((at) => at >= from * 1_000 && at < to * 1_000).length,
    );
  }

  grantedIn(from: number, to: number): number {
    return this.sharesIn(from, to).reduce((sum, each) => sum + each, 0);
  }

  /** Returns the longest time for which an activity had no task given out, in seconds. */
  longestGap(from: number, to: number): number {
    const gaps = [...this.given.values()].map((all) => {
      const inside = all.filter((at) => at >= from * 1_000 && at < to * 1_000);
      const marks = [from * 1_000, ...inside, to * 1_000];
      return Math.max(...marks.slice(1).map((at, n) => at - (marks[n] ?? at)));
    });
    return Math.max(...gaps) / 1_000;
  }

  stop(): void {
    for (const worker of this.#workers) void worker.stop();
  }
}

const THROTTLED: PollAnswer = {
  ...{ kind: 'failed', trouble: 'throttled', mayHaveLostToken: false },
  error: Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' }),
};

const quota =
  (perSecond: number) =>
  (clock: HandClock): (() => PollAnswer | undefined) => {
    const refuse = bucket(clock, perSecond);
    return () => (refuse() ? THROTTLED : undefined);
  };

test.each([1, 2, 3, 4, 5])(
  'of five equal handlers under a quota of 10 polls a second each has its fifth, and none waits for 5 s (seed %i)',
  async (seed) => {
    const region = new Region(quota(10), { seed });
    await region.clock.advance(125_000);
    const shares = region.sharesIn(5, 125);
    expect(shares).toHaveLength(HANDLERS.length);
    expect(Math.max(...shares)).toBeLessThanOrEqual(1.15 * Math.min(...shares));
    expect(region.longestGap(0, 125)).toBeLessThan(5);
    region.stop();
  },
);

test('a handler whose key is throttled slows no other', async () => {
  const ofKey: PollAnswer = { ...THROTTLED, ofKey: true };
  const rest = HANDLERS.slice(1);
  const [alone, beside] = [
    new Region(() => () => undefined, { names: rest }),
    new Region(() => (arn) => (arn === 'arn:a' ? ofKey : undefined)),
  ];
  for (const { clock } of [alone, beside]) await clock.advance(60_000);
  expect(beside.given.has('arn:a')).toBe(false);
  for (const [at, share] of alone.sharesIn(0, 60).entries())
    expect(beside.sharesIn(0, 60)[at]).toBeGreaterThanOrEqual(0.98 * share);
  alone.stop();
  beside.stop();
});

test.each([
  [1, 20],
  [1, 50],
  [20, 40],
  [20, 100],
])(
  'from second 5 on, %i workers have nine tenths of a quota of %i polls a second',
  async (workers, perSecond) => {
    for (const seed of [1, 2, 3]) {
      const region = new Region(quota(perSecond), { workers, names: ['a', 'b'], seed });
      await region.clock.advance(35_000);
      expect(region.grantedIn(5, 35)).toBeGreaterThanOrEqual(0.9 * 30 * perSecond);
      region.stop();
    }
  },
);

describe('a service that fails a tenth of all calls', () => {
  const [WORKERS, SLOTS, TASK_MS, SECONDS] = [2, 10, 200, 30];

  /** @param arrival one task each `everyMs` milliseconds, or `many` at once as often as that allows */
  async function served(
    candidate: 'Stepwright' | 'bare loop',
    troubles: readonly Trouble[],
    { everyMs, many = 1 }: { readonly everyMs: number; readonly many?: number },
  ) {
    const clock = new HandClock(0, { promisesOnly: true });
    const fault = hookOf({ kind: 'share', troubles, share: troubles.length > 0 ? 0.1 : 0, seed: 5 }, clock);
    const service = new SimulatedService({ clock, random: seeded(1), quotas: false, fault });
    for (let n = 1; n <= WORKERS; n++)
      hire(candidate, { name: `w${n}`, port: service.port, clock, random: seeded(n), slots: SLOTS }, {});
    await clock.advance(5_000);
    const from = clock.now();
    while (clock.now() < from + SECONDS * 1_000) {
      for (let n = 0; n < many; n++) service.schedule(TASK_MS);
      await clock.advance(many * everyMs);
    }
    const inTime = service.tasks.filter(({ succeededAt = Infinity }) => succeededAt <= clock.now()).length;
    await clock.advance(120_000);
    const { tasks } = service;
    return {
      inTime,
      succeeded: tasks.filter(({ succeededAt }) => succeededAt !== undefined).length,
      scheduled: tasks.length,
      p99: percentile(
        tasks.map(({ scheduledAt, startedAt = Infinity }) => startedAt - scheduledAt),
        99,
      ),
    };
  }

  const REFUSALS: readonly Trouble[] = ['500', 'throttled', 'reset before'];

  test.each([[['500']], [['throttled']], [['reset before']], [REFUSALS]] as [Trouble[]][])(
    'has each task started soon, nine tenths of the work done in time, and none lost: %j',
    async (troubles) => {
      // A third of what the slots could do, nearly all of it, and a third that comes in crowds.
      for (const arrival of [{ everyMs: 33 }, { everyMs: 14 }, { everyMs: 33, many: 30 }]) {
        const [ours, bare, calm] = [
          await served('Stepwright', troubles, arrival),
          await served('bare loop', troubles, arrival),
          await served('Stepwright', [], arrival),
        ];
        expect(ours.succeeded).toBe(ours.scheduled);
        expect(ours.p99).toBeLessThanOrEqual(2.5 * bare.p99);
        expect(ours.inTime).toBeGreaterThanOrEqual(0.9 * calm.inTime);
      }
    },
  );
});
