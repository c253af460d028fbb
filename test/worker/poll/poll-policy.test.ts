import { runs, sample } from '../../support/thorough.js';
import { describe, expect, test } from '@jest/globals';
import { array, assert, constantFrom, integer, nat, oneof, property, record } from 'fast-check';
import { Pace } from '../../../src/framework/worker/poll/pace.js';
import type { PollTrouble } from '../../../src/framework/aws/activity-port.js';
import { type PolicedPoll, PollPolicy } from '../../../src/framework/worker/poll/poll-policy.js';
import { seeded } from '../../support/port.js';

const TROUBLES = ['throttled', 'crowded', 'refused', 'unreachable'] as const satisfies PollTrouble[];

/** An event for a policy: time passes, the oldest or the newest open poll ends, slots come and go. */
const step = oneof(
  record({ kind: constantFrom('wait' as const), ms: integer({ min: 1, max: 40_000 }) }),
  record({ kind: constantFrom('task' as const, 'empty' as const), newest: constantFrom(true, false) }),
  record({
    kind: constantFrom('failed' as const),
    newest: constantFrom(true, false),
    trouble: constantFrom(...TROUBLES),
  }),
  record({ kind: constantFrom('slots' as const), free: nat(20) }),
);

/** `expect` would take most of the time of a hundred thousand looks. */
function hold(holds: boolean, what: string): void {
  if (!holds) throw new Error(`it does not hold that ${what}`);
}

class Trial {
  now = 1_000;
  free = 20;
  readonly pace = new Pace();
  readonly open: PolicedPoll[] = [];
  readonly policy: PollPolicy;
  readonly #max: number;

  constructor(seed: number, min: number, max: number) {
    this.#max = max;
    this.policy = new PollPolicy({ min, max, pace: this.pace, random: seeded(seed) });
  }

  /** Opens what may be opened, as a poller does. */
  fill(): void {
    for (;;) {
      const left = this.free - this.open.length;
      const poll = this.policy.tryOpen(this.now, left);
      if (!poll) break;
      hold(left > 0, 'a slot is there for each poll');
      this.policy.connected(poll, this.now);
      this.open.push(poll);
    }
    hold(this.policy.open === this.open.length, 'the policy knows what is open');
    hold(this.open.length <= this.#max, 'no more are open than may be');
  }

  end(newest: boolean, end: Parameters<PollPolicy['ended']>[1]): void {
    const poll = newest ? this.open.pop() : this.open.shift();
    if (poll) this.policy.ended(poll, end, this.now);
  }

  /** Time passes, and the poller wakes whenever the policy asked for it. */
  wait(ms: number): void {
    const until = this.now + ms;
    for (let wakes = 0; ; wakes++) {
      const at = this.policy.nextAt(this.now, this.free - this.open.length);
      if (at > until) break;
      hold(wakes < 2_000, 'time passes');
      this.now = Math.max(this.now, at);
      const before = this.open.length;
      this.fill();
      const next = this.policy.nextAt(this.now, this.free - this.open.length);
      hold(this.open.length > before || next > this.now, 'nobody is woken for nothing');
    }
    this.now = until;
    this.fill();
  }
}

const trial = record({
  seed: integer({ min: 1, max: 1_000_000 }),
  min: integer({ min: 1, max: 5 }),
  more: nat(15),
  steps: array(step, { maxLength: 120 }),
});

interface Play {
  readonly seed: number;
  readonly min: number;
  readonly more: number;
  readonly steps: readonly Step[];
}

function play({ seed, min, more, steps }: Play): Trial {
  const made = new Trial(seed, min, min + more);
  made.fill();
  for (const each of steps) {
    if (each.kind === 'wait') made.wait(each.ms);
    else if (each.kind === 'slots') made.free = Math.max(each.free, made.open.length);
    else if (each.kind === 'failed') made.end(each.newest, { kind: 'failed', trouble: each.trouble });
    else made.end(each.newest, { kind: each.kind });
    made.fill();
  }
  return made;
}

type Step =
  | { kind: 'wait'; ms: number }
  | { kind: 'task' | 'empty'; newest: boolean }
  | { kind: 'failed'; newest: boolean; trouble: PollTrouble }
  | { kind: 'slots'; free: number };

describe('whatever the polls come to', () => {
  test('no more are open than may be, and nobody is woken for nothing', () => {
    const played = property(trial, (each) => void play(each));
    expect(() => assert(played, { numRuns: runs(500) })).not.toThrow();
  });

  test('a poll is open again within half a minute, or one where many others poll; all that may be, within a minute of tasks that wait', () => {
    assert(
      property(trial, (each) => {
        const made = play(each);
        made.free = 20;
        // Whatever is open hangs no longer.
        while (made.open.length > 0) made.end(false, { kind: 'empty' });
        // An activity without room for one more is polled by a thousand others: an idle poll may then be moved by waiting.
        made.wait(
          each.steps.some((one) => one.kind === 'failed' && one.trouble === 'crowded') ? 61_000 : 31_000,
        );
        expect(made.open.length).toBeGreaterThan(0);
        for (let round = 0; round < 300; round++) {
          for (let polls = made.open.length; polls > 0; polls--) made.end(false, { kind: 'task' });
          made.wait(100);
        }
        expect(made.open.length).toBe(Math.min(20, each.min + each.more));
      }),
      { numRuns: runs(150) },
    );
  });

  test('what is refused after a while is asked for less and less often, too', () => {
    const made = new Trial(1, 1, 10);
    let sent = 0;
    made.fill();
    for (let second = 0; second < 300; second += 0.5) {
      for (const poll of [...made.open].filter(({ sentAt }) => made.now - sentAt >= 1_500)) {
        sent++;
        made.open.splice(made.open.indexOf(poll), 1);
        made.policy.ended(poll, { kind: 'failed', trouble: 'refused' }, made.now);
      }
      made.wait(500);
    }
    expect(sent).toBeGreaterThan(8);
    expect(sent).toBeLessThan(45);
  });

  test('where there is no room for one more poll, those that are open get through', () => {
    const made = new Trial(1, 10, 10);
    made.fill();
    for (let n = 0; n < 200; n++) {
      // The activity has room for five.
      while (made.open.length > 5) made.end(true, { kind: 'failed', trouble: 'crowded' });
      expect(made.policy.state.kind).toBe('open');
      made.wait(1_000);
    }
    made.end(false, { kind: 'task' });
    made.wait(1_000);
    // Down by half at each refusal, up by one a second.
    expect(made.open.length).toBeGreaterThanOrEqual(3);
  });

  test('where all fail, at most two polls a second are sent after the first ten seconds', () => {
    assert(
      property(trial, constantFrom(...TROUBLES), (each, trouble) => {
        const made = play(each);
        made.free = 20;
        const fail = (seconds: number): number => {
          let sent = 0;
          for (let tenth = 0; tenth < seconds * 10; tenth++) {
            sent += made.open.length;
            while (made.open.length > 0) made.end(false, { kind: 'failed', trouble });
            made.wait(100);
          }
          return sent;
        };
        fail(10);
        expect(fail(30)).toBeLessThanOrEqual(60);
      }),
      { numRuns: runs(30) },
    );
  });
});

test.each([
  ['unreachable', [50, 100, 200, 400, 800, 1_500]],
  ['throttled', [200, 400, 800, 1_600, 2_000, 2_000]],
  ['crowded', [1_000, 2_000, 4_000, 8_000, 16_000, 20_000]],
] as const)('a poll that fails again and again (%s) waits %j ms at most', (trouble, most) => {
  const policy = new PollPolicy({ min: 1, max: 1, pace: new Pace(), random: () => 1 });
  let now = 1_000;
  const waits = most.map(() => {
    const poll = policy.tryOpen(now, 1);
    if (poll) policy.ended(poll, { kind: 'failed', trouble }, now);
    const from = now;
    now = policy.nextAt(now, 1);
    return now - from;
  });
  expect(waits).toEqual(most);
});

test('polls that are refused together because there are too many halve their number once', () => {
  const policy = new PollPolicy({ min: 16, max: 16, pace: new Pace(), random: () => 1 });
  const polls = Array.from({ length: 16 }, () => policy.tryOpen(1_000, 16));
  for (const poll of polls.slice(0, 5))
    if (poll) policy.ended(poll, { kind: 'failed', trouble: 'crowded' }, 1_050);
  expect(policy).toMatchObject({ open: 11, target: 8 });
});

test('a trickle of work does not keep open what a crowd of tasks opened', () => {
  const made = new Trial(1, 1, 20);
  made.fill();
  for (let round = 0; round < 10; round++) {
    for (let polls = made.open.length; polls > 0; polls--) made.end(false, { kind: 'task' });
    made.wait(20);
  }
  expect(made.open).toHaveLength(20);
  for (let n = 0; n < 25; n++) {
    made.wait(5_000);
    made.end(false, { kind: 'task' });
    made.fill();
  }
  expect(made.policy.target).toBe(1);
});

test('what was learnt of the pace is forgotten after a time in which everything was throttled', () => {
  const made = new Trial(1, 1, 20);
  const { pace } = made;
  const began = made.now;
  for (let granted = 0; made.now < began + 15_000; made.now += 20) {
    if (pace.nextAt(made.now) > made.now) continue;
    pace.reserve(made.now);
    pace.sent(made.now);
    if (granted * 100 > made.now - began) pace.refused(made.now, made.now);
    else granted++;
  }
  for (let n = 0; n < 8; n++) {
    made.wait(2_000);
    made.end(false, { kind: 'failed', trouble: 'throttled' });
  }
  expect(made.policy.state.kind).toBe('waiting');
  expect(pace.perSecond).toBeLessThan(12);
  made.wait(8_000);
  expect(made.policy.state.kind).toBe('open');
  expect(pace.perSecond).toBe(Infinity);
});

/** A handler of a fleet that has nothing to do: each poll is held for a minute, if the activity has room for it. */
class Idle extends Trial {
  readonly sent: number[] = [];
  /** For how long no poll was open. */
  without = 0;

  constructor(seed: number, min: number, max: number, room = Infinity) {
    super(seed, min, max);
    for (; this.now < 301_000; this.now += 500) {
      while (this.open[0] && this.now - this.open[0].sentAt >= 60_000) this.end(false, { kind: 'empty' });
      const before = new Set(this.open);
      this.fill();
      this.sent.push(...this.open.filter((poll) => !before.has(poll)).map(({ sentAt }) => sentAt));
      while (this.open.length > room) this.end(true, { kind: 'failed', trouble: 'crowded' });
      if (this.open.length === 0) this.without += 500;
    }
  }
}

/** The greatest second of the third minute, and all its polls. */
function thirdMinute(fleet: readonly Idle[]): [busiest: number, polls: number] {
  const seconds = new Array<number>(60).fill(0);
  for (const at of fleet.flatMap(({ sent }) => sent)) {
    const second = Math.floor((at - 121_000) / 1_000);
    if (second >= 0 && second < 60) seconds[second] = (seconds[second] ?? 0) + 1;
  }
  return [Math.max(...seconds), seconds.reduce((sum, each) => sum + each, 0)];
}

describe('handlers that began to poll in one moment and have nothing to do', () => {
  const fleet = (make: (seed: number) => Idle): Idle[] =>
    Array.from({ length: 300 }, (_, index) => make(1 + index * 7_919));

  test.each(sample([1, 3], 1))(
    'do not poll in that rhythm for ever, and are never without a poll (%i each)',
    (min) => {
      const idle = fleet((seed) => new Idle(seed, min, 10));
      const [busiest, polls] = thirdMinute(idle);
      expect(polls).toBe(300 * min);
      expect(busiest).toBeLessThanOrEqual((3 * polls) / 60);
      expect(idle.filter(({ without }) => without > 0)).toEqual([]);
    },
  );

  test('wait once instead, for less than a minute, where the activity has no room for one more', () => {
    const idle = fleet((seed) => new Idle(seed, 1, 10, 1));
    const [busiest, polls] = thirdMinute(idle);
    expect(polls).toBe(300);
    expect(busiest).toBeLessThanOrEqual((3 * polls) / 60);
    expect(Math.max(...idle.map(({ without }) => without))).toBeLessThanOrEqual(60_000);
  });

  test('poll in it where more polls are not allowed', () => {
    const [busiest, polls] = thirdMinute(fleet((seed) => new Idle(seed, 1, 1)));
    expect([busiest, polls]).toEqual([300, 300]);
  });
});

test('after a poll that was never answered another is sent beside each that gets old, until one is answered', () => {
  const made = new Trial(1, 1, 10);
  made.fill();
  made.wait(75_000);
  while (made.open.length > 0) made.end(false, { kind: 'failed', trouble: 'unreachable' });
  const open = [1, 16, 31, 46].map((second, index, all) => {
    made.wait((second - (all[index - 1] ?? 0)) * 1_000);
    return made.open.length;
  });
  expect(open).toEqual([1, 2, 3, 4]);
  made.end(true, { kind: 'empty' });
  made.wait(10_000);
  expect(made.open).toHaveLength(3);
  made.wait(20_000);
  expect(made.open).toHaveLength(3);
});

test('polls that hung since before a later one was answered are no trouble when they end', () => {
  const made = new Trial(1, 10, 20);
  made.fill();
  made.wait(70_000);
  made.end(true, { kind: 'empty' });
  made.fill();
  made.end(true, { kind: 'task' });
  made.wait(5_000);
  for (let hung = 0; hung < 9; hung++) made.end(false, { kind: 'failed', trouble: 'unreachable' });
  expect(made.policy.state.kind).toBe('open');
  expect(made.policy.target).toBeGreaterThanOrEqual(10);
});

test('what was known of the room is forgotten when a poll was never answered', () => {
  const made = new Trial(1, 1, 10);
  made.fill();
  made.wait(60_000);
  made.end(true, { kind: 'failed', trouble: 'crowded' });
  made.wait(15_000);
  while (made.open.length > 0) made.end(false, { kind: 'failed', trouble: 'unreachable' });
  made.wait(17_000);
  expect(made.open).toHaveLength(2);
});

test('handlers that come back together from trouble do not poll in one rhythm either', () => {
  const back = Array.from({ length: 300 }, (_, index) => {
    const made = new Trial(1 + index * 7_919, 1, 10);
    made.fill();
    for (let n = 0; n < 40; n++) {
      while (made.open.length > 0) made.end(false, { kind: 'failed', trouble: 'unreachable' });
      made.wait(1_000);
    }
    made.wait(59_000);
    return made.open.map(({ sentAt }) => Math.floor(sentAt / 1_000));
  }).map((sentAt) => Math.max(...sentAt));
  const counts = new Map<number, number>();
  for (const second of back) counts.set(second, (counts.get(second) ?? 0) + 1);
  expect(Math.max(...counts.values())).toBeLessThanOrEqual(300 / 10);
});

test('from one idle poll a hundred slots are filled in four round trips', () => {
  const made = new Trial(1, 1, 100);
  made.free = 100;
  made.fill();
  made.wait(59_000);
  while (made.open.length > 1) made.end(false, { kind: 'empty' });
  let working = 0;
  const filled = [0, 1, 2, 3].map(() => {
    for (let polls = made.open.length; polls > 0; polls--, working++) made.end(false, { kind: 'task' });
    made.free = 100 - working;
    made.wait(100);
    return working;
  });
  expect(filled).toEqual([1, 2, 6, 100]);
});
