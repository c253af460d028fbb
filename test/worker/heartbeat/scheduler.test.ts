import { describe, expect, test } from '@jest/globals';
import { MOST_IN_FLIGHT } from '../../../src/framework/worker/heartbeat/heartbeat-scheduler.js';
import { beatsWorld, GONE, LOST, OK, REFUSED, seeded, THROTTLED } from './beats.js';

describe('the heartbeat of one task', () => {
  test('the first beat is one interval after receipt, and the next ones an interval apart', async () => {
    const w = beatsWorld();
    w.track('a', 20_000);
    await w.clock.advance(19_900);
    expect(w.sent).toEqual([]);
    await w.clock.advance(40_100);
    expect(w.beatsOf('a')).toEqual([20_000, 40_000, 60_000]);
  });

  test('the interval is counted from the lease, also where the task was received late', async () => {
    const w = beatsWorld();
    w.track('a', 20_000, undefined, 15_000);
    w.track('b', 20_000, undefined, 30_000);
    await w.clock.advance(6_000);
    expect(w.beatsOf('a')).toEqual([5_000]);
    expect(w.beatsOf('b')).toEqual([100]);
  });

  test('no beat is sent after its release, and nothing keeps ticking', async () => {
    const w = beatsWorld();
    const beat = w.track('a', 20_000);
    await w.clock.advance(20_000);
    beat.release();
    beat.release();
    await w.clock.advance(100_000);
    expect(w.beatsOf('a')).toEqual([20_000]);
    expect(w.clock.pending).toBe(0);
  });

  test('gone is told once, and ends the beating', async () => {
    const w = beatsWorld();
    const told: string[] = [];
    w.reply = () => ({ answer: GONE });
    w.track('a', 20_000, () => told.push('a'));
    await w.clock.advance(100_000);
    expect(told).toEqual(['a']);
    expect(w.beatsOf('a')).toEqual([20_000]);
  });
});

describe('a failed beat', () => {
  test('a failed beat is repeated long before the lease could lapse', async () => {
    const w = beatsWorld();
    w.reply = (_, nth) => ({ answer: nth === 1 ? LOST : OK });
    w.track('a', 20_000);
    await w.clock.advance(45_000);
    expect(w.beatsOf('a')).toEqual([20_000, 21_000, 41_000]);
  });

  test('is repeated soon, also where the rate is used up to the last', async () => {
    const w = beatsWorld({ rate: 100, random: seeded(7) });
    w.crowd('crowd', 1_990, 20_000);
    w.reply = (token, nth) => ({ answer: token === 'a' && nth === 1 ? LOST : OK });
    w.track('a', 20_000);
    await w.clock.advance(60_000);
    const [first = 0, second = 0] = w.beatsOf('a');
    expect(second - first).toBeLessThanOrEqual(3_000);
  });

  test('that was refused is repeated soon, also where it is refused for long', async () => {
    const w = beatsWorld();
    w.reply = (_, nth) => ({ answer: nth < 4 ? REFUSED : OK });
    w.track('refused', 20_000);
    await w.clock.advance(39_900);
    const [first, ...repeated] = w.beatsOf('refused');
    expect(first).toBe(20_000);
    expect(repeated.length).toBeGreaterThanOrEqual(3);
  });

  test('that is never answered is given up after half its interval and repeated', async () => {
    const w = beatsWorld();
    w.reply = (_, nth) => ({ answer: nth === 1 ? 'never' : OK });
    w.track('a', 20_000);
    await w.clock.advance(36_000);
    expect(w.beatsOf('a')).toEqual([20_000, 31_700]);
  });

  test('half of them failing, no lease of three intervals lapses', async () => {
    const everyMs = 1_000;
    const random = seeded(11);
    const w = beatsWorld({ rate: 250, random });
    w.reply = () => ({ answer: random() < 0.5 ? LOST : OK });
    w.crowd('a', everyMs / 40, everyMs);
    await w.clock.advance(everyMs * 10);
    expect(w.sent.length).toBeGreaterThan((everyMs / 40) * 16);
    expect(w.longestSilence()).toBeLessThan(everyMs * 3);
  });

  test('whose answer came while the process was stopped is not given up', async () => {
    const w = beatsWorld();
    w.reply = () => ({ answer: OK, afterMs: 2_000 });
    w.track('a', 20_000);
    await w.clock.advance(20_500);
    w.clock.stall(30_000);
    await w.clock.advance(500);
    expect(w.givenUp()).toBe(0);
    expect(w.beatsOf('a')).toHaveLength(2);
  });
});

describe('a beat that is asked for', () => {
  test('a beat that is asked for goes out at once, shared by calls in quick succession', async () => {
    const w = beatsWorld();
    const beat = w.track('a', Number.POSITIVE_INFINITY);
    const both = Promise.all([beat.now(), beat.now()]);
    await w.clock.advance(100);
    await both;
    await beat.now();
    expect(w.sent).toHaveLength(1);
    await w.clock.advance(1_000);
    const later = beat.now();
    await w.clock.advance(100);
    await later;
    expect(w.sent).toHaveLength(2);
  });

  test.each([
    ['throttled', THROTTLED, 20_000],
    ['lost', LOST, 20_000],
    ['lost', LOST, Number.POSITIVE_INFINITY],
  ])('in a loop is sent once a second at most, where all are %s', async (_, answer, everyMs) => {
    const w = beatsWorld();
    w.reply = () => ({ answer });
    const beat = w.track('a', everyMs);
    let asked = 0;
    const loop = async (): Promise<void> => {
      while (w.now() < 60_000) {
        await beat.now();
        asked++;
      }
    };
    const looped = loop();
    await w.clock.advance(70_000);
    await looped;
    expect(asked).toBeGreaterThan(10);
    expect(w.mostWithin(999)).toBe(1);
  });

  test('is answered when it failed, when its task is released, and when that is gone', async () => {
    const w = beatsWorld();
    w.reply = (token) => ({ answer: token === 'failing' ? LOST : token === 'gone' ? GONE : 'never' });
    const answered: string[] = [];
    const beats = ['failing', 'gone', 'released'].map((token) => {
      const beat = w.track(token, 20_000);
      void beat.now().then(() => answered.push(token));
      return beat;
    });
    await w.clock.advance(100);
    expect(answered.sort()).toEqual(['failing', 'gone']);
    beats[2]?.release();
    await w.clock.settle();
    expect(answered).toHaveLength(3);
  });

  test('leaves as soon as there is room, also where those before it are beaten only when asked', async () => {
    const w = beatsWorld({ rate: 100_000 });
    w.reply = () => ({ answer: OK, afterMs: 1_000 });
    let answered = 0;
    for (const beat of w.crowd('t', 2 * MOST_IN_FLIGHT, Number.POSITIVE_INFINITY))
      void beat.now().then(() => answered++);
    await w.clock.advance(500);
    expect(w.inFlight.now).toBe(MOST_IN_FLIGHT);
    await w.clock.advance(2_500);
    expect(answered).toBe(2 * MOST_IN_FLIGHT);
  });
});

describe('a crowd', () => {
  test('thousands of tasks received at once are beaten within their interval at a rate that just suffices', async () => {
    const thousands = 2;
    const w = beatsWorld({ rate: thousands * 50, random: seeded(7) });
    for (let n = 0; n < thousands; n++) {
      w.crowd(`t${n}.`, 1_000, 20_000);
      await w.clock.advance(100);
    }
    await w.clock.advance(41_000);
    expect(new Set(w.sent.map(({ token }) => token)).size).toBe(thousands * 1_000);
    expect(w.longestSilence()).toBeLessThanOrEqual(30_000);
  });

  test('beyond the rate all intervals get longer alike, and how many are late is told a few times', async () => {
    const w = beatsWorld({ rate: 60, random: seeded(7) });
    w.crowd('t', 2_000, 20_000);
    await w.clock.advance(100_000);
    expect(w.longestSilence()).toBeLessThan(38_000);
    expect(w.lates.length).toBeGreaterThan(0);
    expect(w.lates.length).toBeLessThan(12);
    expect(w.lates.at(-1)).toEqual({ late: expect.any(Number), tasks: 2_000 });
  });

  test('of tasks with a long interval starves none with a short one', async () => {
    const w = beatsWorld({ rate: 500, random: seeded(3) });
    w.crowd('long', 6_000, 20_000);
    w.crowd('second', 50, 1_000);
    w.crowd('quick', 5, 300);
    await w.clock.advance(42_000);
    expect(w.longestSilence('long')).toBeLessThan(27_000);
    expect(w.longestSilence('second')).toBeLessThan(1_200);
    expect(w.longestSilence('quick')).toBeLessThan(360);
  });

  test('that the rate can not beat gives way to short intervals', async () => {
    const w = beatsWorld({ rate: 50, random: seeded(3) });
    w.crowd('long', 1_500, 20_000);
    w.crowd('second', 5, 1_000);
    await w.clock.advance(120_000);
    expect(w.longestSilence('second')).toBeLessThan(1_500);
    expect(w.longestSilence('long')).toBeGreaterThan(30_000);
    expect(w.longestSilence('long')).toBeLessThan(38_000);
  });

  test('that is twice too much for the rate makes all intervals longer by the same share', async () => {
    const w = beatsWorld({ rate: 20, random: seeded(3) });
    w.crowd('long', 1_000, 20_000);
    w.crowd('second', 2, 1_000);
    await w.clock.advance(140_000);
    expect(w.longestSilence('second')).toBeLessThan(3_500);
    expect(w.longestSilence('long')).toBeLessThan(62_000);
  });
});

describe('the rate', () => {
  test.each([
    { rate: 250, tasks: 1_200, everyMs: 20_000 },
    { rate: 1, tasks: 9, everyMs: 2_000 },
  ])(
    'of $rate a second is never exceeded, also after the process was stopped',
    async ({ rate, tasks, everyMs }) => {
      const w = beatsWorld({ rate, random: seeded(5) });
      w.crowd('t', tasks, everyMs);
      await w.clock.advance(everyMs * 1.1);
      w.clock.stall(everyMs);
      await w.clock.advance(everyMs);
      w.clock.stall(700);
      await w.clock.advance(10_000);
      expect(w.mostWithin(1_000)).toBeLessThanOrEqual(rate);
      expect(w.mostWithin(1_000)).toBeGreaterThan(rate * 0.9);
    },
  );

  test('below one a second leaves the time between two that it says', async () => {
    const w = beatsWorld({ rate: 0.2 });
    w.crowd('t', 5, 10_000);
    await w.clock.advance(100_000);
    expect(w.mostWithin(5_000)).toBe(1);
    expect(w.sent.length).toBeGreaterThanOrEqual(18);
  });

  test('is no burst after a stall: little more than a tenth of it leaves at once, and the rest in a stream', async () => {
    const w = beatsWorld({ rate: 250, random: seeded(5) });
    w.crowd('t', 3_000, 20_000);
    await w.clock.advance(21_000);
    w.clock.stall(6_000);
    await w.clock.advance(3_000);
    expect(w.mostWithin(1)).toBeLessThanOrEqual(35);
    expect(w.mostWithin(1_000)).toBeLessThanOrEqual(250);
    expect(w.sent.filter(({ at }) => at >= 27_000).length).toBeGreaterThan(700);
  });
});

describe('a slow service', () => {
  test('that answers after 8 s loses no lease of two intervals, and no beat is given up', async () => {
    const afterMs = 8_000;
    const w = beatsWorld({ rate: 250, random: seeded(9) });
    w.crowd('t', 2_000, 20_000);
    await w.clock.advance(20_000);
    w.reply = () => ({ answer: OK, afterMs });
    await w.clock.advance(60_000);
    expect(w.givenUp()).toBe(0);
    expect(w.inFlight.most).toBeLessThanOrEqual(MOST_IN_FLIGHT);
    expect(w.longestSilence()).toBeLessThan(40_000);
  });

  test('is given the time that it takes, where that is more than half an interval', async () => {
    const w = beatsWorld({ random: seeded(9) });
    w.reply = () => ({ answer: OK, afterMs: 3_000 });
    w.crowd('t', 100, 5_000);
    await w.clock.advance(60_000);
    const givenUp = w.givenUp();
    await w.clock.advance(60_000);
    expect(w.givenUp() - givenUp).toBeLessThan(20);
  });

  test('an attempt waits for room before its time begins', async () => {
    const w = beatsWorld({ rate: 2_000, random: seeded(9) });
    w.reply = () => ({ answer: OK, afterMs: 900 });
    w.crowd('t', 1_500, 1_900);
    await w.clock.advance(12_000);
    expect(w.inFlight.most).toBe(MOST_IN_FLIGHT);
    expect(w.givenUp()).toBe(0);
  });
});

describe('a service that throttles', () => {
  test('is sent little more than the tasks need, the earliest lease that would lapse first', async () => {
    const w = beatsWorld({ rate: 250, random: seeded(4) });
    const tasks = 600;
    let tokens = 0;
    let filledAt = 0;
    // A quota of 20 a second, where 30 are needed: enough for leases of three intervals, in the right order.
    w.reply = () => {
      tokens = Math.min(20, tokens + ((w.now() - filledAt) * 20) / 1000);
      filledAt = w.now();
      if (tokens < 1) return { answer: THROTTLED };
      tokens--;
      return { answer: OK };
    };
    w.crowd('t', tasks, 20_000);
    await w.clock.advance(200_000);
    expect(w.longestSilence()).toBeLessThan(60_000);
    const last = w.sent.filter(({ at }) => at > 100_000);
    expect(last.length / 100).toBeLessThan(46);
  });

  test('of all beats is asked ever more seldom', async () => {
    const w = beatsWorld({ random: seeded(4) });
    w.reply = () => ({ answer: THROTTLED });
    w.track('a', 20_000);
    await w.clock.advance(40_000);
    expect(w.sent.length).toBeGreaterThanOrEqual(4);
    expect(w.mostWithin(4_800)).toBe(1);
    await w.clock.advance(1_000_000);
    expect(w.sent.filter(({ at }) => at > 900_000).length).toBeLessThanOrEqual(8);
  });
});
