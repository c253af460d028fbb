import { describe, expect, test } from '@jest/globals';
import { ScaleInDelay } from '../../../src/framework/cli/scale/published-estimates.js';
import { type Facts, estimate, type SeenWorker } from '../../../src/framework/cli/scale/estimate.js';

const ARN = 'arn:aws:states:us-east-1:123456789012:activity:Work';
const MINUTE = 60_000;
/** The beginning of a minute. */
const NOON = Date.parse('2026-03-01T12:00:00Z');
/** The beginning of a minute before noon. */
const before = (minutes: number): number => NOON - minutes * MINUTE;

interface Told {
  readonly slots?: number;
  readonly running?: number;
  /** The time of the last proof, in minutes before noon, and the full minute that it covers. */
  readonly empty?: number;
  readonly emptyMinute?: number;
  readonly begun?: readonly number[];
  readonly state?: SeenWorker['state'];
}

const worker = ({
  slots = 10,
  running = 0,
  empty,
  emptyMinute,
  begun = [],
  state = 'running',
}: Told = {}): SeenWorker => ({
  state,
  handlers: [
    {
      activityArn: ARN,
      concurrency: slots,
      running,
      queue: {
        emptyAt: empty === undefined ? undefined : before(empty),
        emptyMinuteAt: emptyMinute === undefined ? undefined : before(emptyMinute),
        minuteAt: NOON,
        begun,
      },
    },
  ],
});

/** Sums by the minute, from `[minutes before noon, sum]`. */
const sums = (...points: readonly (readonly [number, number])[]) =>
  points.map(([minutes, sum]) => ({ at: before(minutes), sum }));

const facts = (
  change: Partial<Facts> & { scheduled?: Facts['counts']['scheduled']; started?: Facts['counts']['started'] },
): Facts => {
  const { scheduled = [], started = [], ...rest } = change;
  return {
    now: NOON,
    activityArn: ARN,
    counts: { scheduled, started, readAt: NOON },
    runMs: undefined,
    workers: [],
    unreadable: 0,
    emptyMinuteAt: undefined,
    slotsOfWorker: 10,
    withinMs: MINUTE,
    ...rest,
  };
};

describe('what waits', () => {
  test('is what was scheduled less what was started, and without a proof that is only assumed', () => {
    const found = estimate(facts({ scheduled: sums([9, 8], [5, 4]), started: sums([9, 2]) }));
    expect(found).toMatchObject({ waiting: 10, sure: 'assumed', workers: 0, workersWanted: 1 });
    expect(found.why).toMatch(/^10 wait by CloudWatch's counts .* without a poll that proved a beginning/);
  });

  test('is counted from the minute at which a held poll proved that nothing waited: what was stopped before is none', () => {
    const stopped = { scheduled: sums([30, 100], [5, 3]), started: sums([5, 1]) };
    expect(estimate(facts({ ...stopped, emptyMinuteAt: before(20) }))).toMatchObject({
      waiting: 2,
      sure: 'counted',
      emptyMinuteAt: before(20),
    });
    const proved = worker({ running: 10, empty: 8, emptyMinute: 8 });
    expect(estimate(facts({ ...stopped, workers: [proved] }))).toMatchObject({ waiting: 2, sure: 'counted' });
    expect(estimate(facts(stopped)).waiting).toBe(102);
  });

  test('is none where a poll proved it at a time that CloudWatch does not have yet', () => {
    const idle = worker({ running: 3, empty: 1, emptyMinute: 1 });
    const found = estimate(facts({ scheduled: sums([5, 50]), workers: [idle] }));
    expect(found).toMatchObject({ waiting: 0, sure: 'proved', atWork: 3, slots: 10, workersWanted: 1 });
    expect(found.why).toBe('nothing waits: a poll was held in vain until 60 s ago; 3 of 10 slots work');
  });

  test('is at most what came in a minute, where nothing waited at one time in it', () => {
    const found = facts({
      scheduled: sums([9, 20], [6, 5]),
      started: sums([6, 2]),
      emptyMinuteAt: before(12),
    });
    expect(estimate(found).waiting).toBe(23);
    // Of the 20, at most two were started in the minute with the proof: the others were stopped.
    expect(estimate({ ...found, workers: [worker({ running: 10, empty: 5.5 })] }).waiting).toBe(5);
  });

  test('is less by what the workers began since, but for what came since at the present rate', () => {
    const full = worker({ running: 10, begun: [6, 6, 6] });
    const burst = facts({
      scheduled: sums([5, 40]),
      started: sums([5, 10]),
      emptyMinuteAt: before(10),
      workers: [full],
    });
    expect(estimate(burst).waiting).toBe(12);
    const rate = sums([8, 6], [7, 6], [6, 6], [5, 6], [4, 6]);
    const steady = facts({
      scheduled: [...sums([9, 30]), ...rate],
      started: rate,
      emptyMinuteAt: before(10),
      workers: [full],
    });
    expect(estimate(steady).waiting).toBe(30);
  });

  test('is never none while CloudWatch has a task that was not started, whatever was begun since', () => {
    const full = worker({ running: 10, begun: [50, 50] });
    const found = facts({
      scheduled: sums([5, 8]),
      started: sums([5, 7]),
      emptyMinuteAt: before(10),
      workers: [full],
    });
    expect(estimate(found).waiting).toBe(1);
  });

  test('is not less for a minute that CloudWatch lost, and in which the workers began tasks', () => {
    const full = worker({ running: 10, begun: [0, 0, 0, 0, 9, 9, 9] });
    const known = facts({
      scheduled: sums([7, 30], [4, 9]),
      started: sums([4, 9]),
      emptyMinuteAt: before(10),
      workers: [full],
    });
    expect(estimate(known).waiting).toBe(30);
  });

  test('waits for the counts of minutes that are late, by what the workers began in them', () => {
    const full = worker({ running: 10, begun: [0, 0, 0, 0, 9, 9] });
    const late = facts({ scheduled: sums([7, 30]), emptyMinuteAt: before(10), workers: [full] });
    expect(estimate(late)).toMatchObject({ waiting: 12 });
    expect(estimate(late).why).toContain("CloudWatch's counts until 5 min ago");
  });
});

describe('the workers that are wanted', () => {
  const waits = { scheduled: sums([5, 500]), emptyMinuteAt: before(10) };

  test('have a slot for each task that waits, where nothing is known of how long they run, or they run for long', () => {
    expect(estimate(facts(waits)).workersWanted).toBe(50);
    expect(estimate(facts({ ...waits, runMs: 3_600_000 })).workersWanted).toBe(50);
  });

  test('have a slot for several short tasks, which are begun within the time that is asked for', () => {
    expect(estimate(facts({ ...waits, runMs: 6_000 })).workersWanted).toBe(5);
    expect(estimate(facts({ ...waits, runMs: 6_000, withinMs: 10 * MINUTE })).workersWanted).toBe(1);
  });

  test('are as many as there are while no slot is free, or no poll has proved lately that nothing waits', () => {
    const idle = worker({ running: 1, empty: 1, emptyMinute: 1 });
    const unproved = worker({ running: 1, empty: 4, emptyMinute: 4 });
    const full = worker({ running: 10, empty: 1, emptyMinute: 1 });
    const wanted = (...workers: SeenWorker[]) => estimate(facts({ workers })).workersWanted;
    expect([wanted(idle, idle, idle), wanted(unproved, unproved, unproved), wanted(full, full)]).toEqual([
      1, 3, 2,
    ]);
    expect(estimate(facts({ workers: [unproved] })).why).toMatch(
      /none is taken away until a free slot proves/,
    );
    expect(wanted(worker({ empty: 1, emptyMinute: 1 }))).toBe(0);
  });

  test('keep slots free for short tasks that come, and none for long ones', () => {
    const nearlyFull = worker({ running: 39, slots: 40, empty: 1, emptyMinute: 1 });
    const wanted = (runMs: number) => estimate(facts({ workers: [nearlyFull], runMs })).workersWanted;
    expect([wanted(10_000), wanted(3_600_000)]).toEqual([2, 1]);
  });

  test('are as many as the load asks for, where it is more than there is room for', () => {
    const rate = sums([8, 60], [7, 60], [6, 60], [5, 60], [4, 60]);
    const full = worker({ running: 10, empty: 20, emptyMinute: 20 });
    const found = estimate(facts({ scheduled: rate, started: rate, workers: [full], runMs: MINUTE }));
    expect(found).toMatchObject({ waiting: 0, workersWanted: 7, workersMissing: 6 });
  });

  test('count a worker that can not be read as full, and one that drains not at all', () => {
    const idle = worker({ empty: 1, emptyMinute: 1 });
    const drains = worker({ running: 5, state: 'draining' });
    const found = estimate(facts({ workers: [idle, drains], unreadable: 2 }));
    expect(found).toMatchObject({ workers: 3, atWork: 0, slots: 10, workersWanted: 2, workersMissing: -1 });
    expect(found.why).toContain("2 of 3 workers can't be read and count as full");
  });
});

describe('the number that is published for alarms', () => {
  const told = (...missing: number[]): number[] => {
    const steady = new ScaleInDelay();
    return missing.map((each, minute) => steady.note(each, before(0) + minute * MINUTE));
  };

  test('is what is missing, at once', () => {
    expect(told(3, 0, 2)).toEqual([3, 0, 2]);
  });

  test('is below zero only by what was not needed for five minutes, and never within five minutes of a start', () => {
    expect(told(-4, -4, -4, -4, -4, -4, -9)).toEqual([0, 0, 0, 0, 0, -4, -4]);
    expect(told(-4, -4, -4, -4, -1, -4, -4)).toEqual([0, 0, 0, 0, 0, -1, -1]);
    expect(told(-4, -4, -4, 1, -4, -4)).toEqual([0, 0, 0, 1, 0, 0]);
  });
});
