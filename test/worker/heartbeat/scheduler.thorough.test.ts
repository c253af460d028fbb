import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { MOST_IN_FLIGHT } from '../../../src/framework/worker/heartbeat/heartbeat-scheduler.js';
import { type BeatsWorld, beatsWorld, GONE, LOST, OK, type Reply, seeded, THROTTLED } from './beats.js';

interface Crowd {
  readonly tasks: number;
  readonly everyMs: number;
}

const interval = fc.oneof(
  fc.constantFrom(300, 1_000, 5_000, 20_000, 60_000),
  fc.integer({ min: 200, max: 60_000 }),
);
const crowds = fc.array(fc.record({ tasks: fc.integer({ min: 1, max: 800 }), everyMs: interval }), {
  minLength: 1,
  maxLength: 4,
});
const replies: readonly Reply[] = [
  { answer: OK },
  { answer: OK, afterMs: 40 },
  { answer: OK, afterMs: 4_000 },
  { answer: LOST },
  { answer: LOST, afterMs: 200 },
  { answer: THROTTLED },
  { answer: GONE },
  { answer: 'never' },
];
/** How often each reply comes, beside the first. */
const weather = fc.array(fc.integer({ min: 0, max: 3 }), {
  minLength: replies.length,
  maxLength: replies.length,
});

const needed = (all: readonly Crowd[]): number =>
  all.reduce((sum, { tasks, everyMs }) => sum + (tasks * 1000) / everyMs, 0);

function inWeather(weights: readonly number[], random: () => number): () => Reply {
  const drawn = [...replies, ...replies.flatMap((reply, i) => Array<Reply>(weights[i] ?? 0).fill(reply))];
  return () => drawn[Math.floor(random() * drawn.length)] ?? { answer: OK };
}

function trackAll(w: BeatsWorld, all: readonly Crowd[]) {
  return all.flatMap(({ tasks, everyMs }, i) => w.crowd(`${i}.`, tasks, everyMs));
}

test('never above the rate, never more on the way than the cap, every task that asks is answered, none is beaten after its release', async () => {
  const load = fc.record({
    all: crowds,
    rate: fc.oneof(fc.constantFrom(0.2, 1, 3, 250), fc.integer({ min: 1, max: 600 })),
    weights: weather,
    stalls: fc.array(fc.integer({ min: 1, max: 20_000 }), { maxLength: 2 }),
    seed: fc.nat(),
  });
  await fc.assert(
    fc.asyncProperty(load, async ({ all, rate, weights, stalls, seed }) => {
      const random = seeded(seed);
      const w = beatsWorld({ rate, random });
      w.reply = inWeather(weights, random);
      const staying = trackAll(w, all);
      const leaving = w.crowd('leaving', 100, 5_000);
      const asked = w.track('asked', Number.POSITIVE_INFINITY);
      const asking = [...staying.slice(0, 5), asked];
      await w.clock.advance(4_000);
      let answered = 0;
      for (const beat of asking) void beat.now().then(() => answered++);
      for (const beat of leaving) beat.release();
      const releasedAt = w.now();
      for (const stall of stalls) {
        w.clock.stall(stall);
        await w.clock.advance(4_000);
      }
      expect(w.beatsOf('leaving').filter((at) => at > releasedAt)).toEqual([]);
      expect(w.mostWithin(Math.max(1_000, 1_000 / rate))).toBeLessThanOrEqual(Math.ceil(rate));
      expect(w.inFlight.most).toBeLessThanOrEqual(MOST_IN_FLIGHT);
      for (const beat of staying) beat.release();
      w.reply = () => ({ answer: OK });
      await w.clock.advance(100_000);
      asked.release();
      expect(answered).toBe(asking.length);
      expect(w.clock.pending).toBe(0);
    }),
    { numRuns: 10, seed: 1 },
  );
});

test('none starves: in any load, the longest silence is at most half as long again as its share of the rate, or two intervals', async () => {
  const load = fc.record({
    all: crowds,
    share: fc.double({ min: 0.3, max: 3, noNaN: true }),
    seed: fc.nat(),
  });
  await fc.assert(
    fc.asyncProperty(load, async ({ all, share, seed }) => {
      const rate = Math.max(1, Math.round(needed(all) / share));
      // Where not even four beats leave within an interval, one beat more or less decides.
      fc.pre(rate <= 600 && all.every(({ everyMs }) => rate * everyMs >= 4_000));
      const w = beatsWorld({ rate, random: seeded(seed) });
      trackAll(w, all);
      const longest = Math.max(...all.map(({ everyMs }) => everyMs));
      await w.clock.advance(Math.min(Math.max(longest * 4, 2_000), 40_000));
      const stretch = Math.max(1, needed(all) / rate);
      all.forEach(({ everyMs }, i) => {
        expect(w.longestSilence(`${i}.`)).toBeLessThanOrEqual(
          Math.max(everyMs * stretch * 1.5, everyMs * 2) + 150 + 2_000 / rate,
        );
      });
    }),
    { numRuns: 8, seed: 2 },
  );
});

// Whatever the order, a lease of two intervals needs a beat in every two: so where an order keeps all leases, the
// intervals need at most twice the rate. And each is kept here where they need the rate at most: every load that any
// order could keep is kept at twice the rate that this order needed.
test('no lease lapses that any order could have kept at half the rate', async () => {
  const load = fc.record({
    all: crowds,
    failing: fc.double({ min: 0, max: 0.3, noNaN: true }),
    seed: fc.nat(),
  });
  await fc.assert(
    fc.asyncProperty(load, async ({ all, failing, seed }) => {
      const random = seeded(seed);
      // What fails has to be sent again.
      const rate = Math.ceil(needed(all) / (1 - failing)) + 2;
      fc.pre(rate <= 600);
      const w = beatsWorld({ rate, random });
      w.reply = () => ({ answer: random() < failing ? LOST : OK, afterMs: 20 });
      trackAll(w, all);
      await w.clock.advance(45_000);
      w.reply = () => ({ answer: OK });
      const lease = failing === 0 ? 2 : 3;
      all.forEach(({ everyMs }, i) => {
        expect(w.longestSilence(`${i}.`)).toBeLessThanOrEqual(everyMs * lease);
      });
    }),
    { numRuns: 8, seed: 3 },
  );
});
