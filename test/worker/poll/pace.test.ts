import { expect, test } from '@jest/globals';
import { Pace } from '../../../src/framework/worker/poll/pace.js';
import { bucket, seeded } from '../../support/port.js';

/** Sends as the pace allows, a hundred times a second at most. */
class Sender {
  readonly pace = new Pace(seeded(1));
  #now = 0;

  constructor(private readonly everyMs = 10) {}

  now(): number {
    return this.#now;
  }

  send(seconds: number, refuse: () => boolean): void {
    for (const until = this.#now + seconds * 1_000; this.#now < until; this.#now += this.everyMs) {
      if (this.pace.nextAt(this.#now) > this.#now) continue;
      this.pace.reserve(this.#now);

      if (refuse()) this.pace.refused(this.#now, this.#now);
      else this.pace.granted(this.#now, this.#now);
    }
  }
}
/** One that has learnt a quota of ten a second. */
function learnt(): Sender {
  const sender = new Sender();
  sender.send(20, bucket(sender, 10));
  expect(sender.pace.perSecond).toBeGreaterThan(6);
  expect(sender.pace.perSecond).toBeLessThan(16);
  return sender;
}

test('nothing is held back before the service throttles', () => {
  const pace = new Pace(() => 0.5);
  for (let n = 0; n < 1_000; n++) {
    expect(pace.reserve(5)).toBe(5);
  }
  expect(pace.perSecond).toBe(Number.POSITIVE_INFINITY);
});

test('it follows what is granted', () => {
  const { pace } = learnt();
  expect(pace.perSecond).toBeGreaterThan(6);
  expect(pace.perSecond).toBeLessThan(16);
});

test('turns that nobody waits for are not given away', () => {
  const sender = learnt();
  const { pace } = sender;
  const now = sender.now();
  for (let n = 0; n < 300; n++) expect(pace.reserve(now, 2_500)).toBeLessThanOrEqual(now + 2_500);
  expect(pace.nextAt(now)).toBeLessThanOrEqual(now + 2_800);
});

test('it follows a quota that grows, before it is given up', () => {
  const sender = learnt();
  sender.send(20, bucket(sender, 50));
  expect(sender.pace.perSecond).toBeGreaterThan(20);
  expect(sender.pace.perSecond).toBeLessThan(60);
});

test('what was learnt is given up after a minute, since it may be wrong', () => {
  const sender = learnt();
  let freeAt: number | undefined;
  for (let second = 0; second < 60; second++) {
    sender.send(1, bucket(sender, 10));
    if (sender.pace.perSecond === Infinity) freeAt ??= sender.now();
  }
  // It was learnt in the first second or two of the twenty.
  expect(freeAt).toBeGreaterThan(60_000);
  expect(freeAt).toBeLessThan(63_000);
});

test('where half is refused at random, the pace is given up', () => {
  const sender = new Sender(20);
  let sent = 0;
  sender.send(14, () => sent++ % 2 === 0);
  expect(sender.pace.perSecond).toBe(Infinity);
});

test('it is given up with the first grant after a time in which nothing was granted', () => {
  const sender = learnt();
  sender.send(60, () => true);
  expect(sender.pace.perSecond).toBeLessThan(1);
  sender.send(10, () => false);
  expect(sender.pace.perSecond).toBe(Infinity);
});

test('where a fifth is refused at random, little is held back, and only until that is seen', () => {
  const sender = new Sender(200);
  let sent = 0;
  let free = 0;
  for (let second = 0; second < 30; second++) {
    sender.send(1, () => sent++ % 5 === 0);
    if (sender.pace.perSecond === Infinity) free++;
  }
  expect(sent).toBeGreaterThanOrEqual(0.9 * 30 * 5);
  expect(free).toBeGreaterThanOrEqual(20);
});
