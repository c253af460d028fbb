import { expect, test } from '@jest/globals';
import { RepeatedAsk } from '../../src/framework/service/sdk/repeated-ask.js';
import { HandClock } from '../../src/framework/testing/hand-clock.js';

function asking(answer: () => boolean | Promise<boolean>): {
  clock: HandClock;
  asks: RepeatedAsk;
  at: number[];
} {
  const clock = new HandClock(0, { promisesOnly: true });
  const at: number[] = [];
  const asks = new RepeatedAsk(clock, async () => {
    at.push(clock.now() / 1000);
    return answer();
  });
  return { clock, asks, at };
}

test('asks at once, after 1 s, doubling to 30 s, however many want it', async () => {
  const { clock, asks, at } = asking(() => true);
  for (let n = 0; n < 1_250; n++) {
    void asks.want();
    void asks.want();
    await clock.advance(100);
  }
  expect(at).toEqual([0, 1, 3, 7, 15, 31, 61, 91, 121]);
});

test('asks by itself until the answer is right, and then no more', async () => {
  const { clock, asks, at } = asking(() => at.length < 4);
  void asks.want();
  await clock.advance(100_000);
  expect(at).toEqual([0, 1, 3, 7]);
  expect(clock.pending).toBe(0);
});

test('who wants it too early again is served in time', async () => {
  const { clock, asks, at } = asking(() => false);
  await asks.want();
  await clock.advance(100);
  expect(asks.want()).toBeUndefined();
  await clock.advance(2_000);
  expect(at).toEqual([0, 1]);
});

test('one ask is under way for all, however long it takes', async () => {
  let answered: ((again: boolean) => void) | undefined;
  const { clock, asks, at } = asking(() => new Promise((resolve) => (answered = resolve)));
  const first = asks.want();
  await clock.advance(10_000);
  expect(asks.want()).toBe(first);
  answered?.(false);
  await first;
  expect(at).toEqual([0]);
});

test('a reset begins anew, a second after now at the earliest for what was just asked', async () => {
  const { clock, asks, at } = asking(() => true);
  void asks.want();
  await clock.advance(31_000);
  asks.reset();
  expect(clock.pending).toBe(0);
  void asks.want();
  await clock.advance(3_500);
  expect(at).toEqual([0, 1, 3, 7, 15, 31, 32, 33]);
});

test('nothing is asked once it is closed', async () => {
  const { clock, asks, at } = asking(() => true);
  void asks.want();
  await clock.advance(500);
  asks.close();
  void asks.want();
  await clock.advance(60_000);
  expect([at, clock.pending]).toEqual([[0], 0]);
});
