import { expect, test } from '@jest/globals';
import { Pace } from '../../src/framework/service/pace.js';

/** A pace that has learnt a quota of ten a second. */
function learnt(): { pace: Pace; now: number } {
  const pace = new Pace();
  let now = 0;
  for (let second = 0; second < 20; second++) {
    let granted = 0;
    for (let tenth = 0; tenth < 10; tenth++, now += 100) {
      for (let n = 0; n < 4 && pace.nextAt(now) <= now; n++) {
        pace.reserve(now);
        pace.sent(now);
        if (++granted > 10) pace.refused(now, now);
      }
    }
  }
  return { pace, now };
}

test('nothing is held back before the service throttles', () => {
  const pace = new Pace();
  for (let n = 0; n < 1_000; n++) {
    expect(pace.reserve(5)).toBe(5);
    pace.sent(5);
  }
  expect(pace.perSecond).toBe(Number.POSITIVE_INFINITY);
});

test('it follows what is granted, a little above it', () => {
  const { pace } = learnt();
  expect(pace.perSecond).toBeGreaterThanOrEqual(9);
  expect(pace.perSecond).toBeLessThan(13);
});

test('turns that nobody waits for are not given away', () => {
  const { pace, now } = learnt();
  for (let n = 0; n < 300; n++) expect(pace.reserve(now, 2_500)).toBeLessThanOrEqual(now + 2_500);
  expect(pace.nextAt(now + 2_600)).toBeLessThanOrEqual(now + 2_600);
});

test('it is given up when nothing was refused for half a minute', () => {
  const { pace, now } = learnt();
  for (let ms = 0; ms < 45_000; ms += 500) {
    pace.reserve(now + ms);
    pace.sent(now + ms);
  }
  expect(pace.perSecond).toBe(Number.POSITIVE_INFINITY);
});
