import { expect, test } from '@jest/globals';
import { HandClock } from '../../src/framework/testing/harness/hand-clock.js';
import { CallLimiter } from '../../src/framework/aws/call-limiter.js';
import { bucket, seeded } from '../support/port.js';

const LATENCY_MS = 50;
const AGAIN_MS = 100;

/** Workers with calls always ready, each with a limiter of its own, at a service that refuses as it is told. */
class Trial {
  readonly clock = new HandClock(0, { promisesOnly: true });
  readonly limiters: CallLimiter[] = [];
  /** The times at which calls were granted, by worker. */
  readonly granted: number[][] = [];
  refused = 0;
  readonly #refuse: () => boolean;

  constructor(workers: number, calls: number, refuse: (clock: HandClock) => () => boolean, seed = 1) {
    const random = seeded(seed);
    this.#refuse = refuse(this.clock);
    for (let worker = 0; worker < workers; worker++) {
      this.limiters.push(new CallLimiter(this.clock, random));
      this.granted.push([]);
      for (let n = 0; n < calls; n++) this.clock.after(random() * 200, () => this.#begin(worker));
    }
  }

  #begin(worker: number): void {
    const caller = { wants: true, go: () => this.#send(worker) };
    if (this.limiters[worker]?.take(caller)) this.#send(worker);
  }

  #send(worker: number): void {
    const sentAt = this.clock.now();
    this.clock.after(LATENCY_MS, () => {
      const isRefused = this.#refuse();
      if (isRefused) this.refused++;
      else this.granted[worker]?.push(this.clock.now());
      this.limiters[worker]?.answered(isRefused, sentAt);
      this.clock.after(isRefused ? AGAIN_MS : 0, () => this.#begin(worker));
    });
  }

  /** Returns how many calls of each worker were granted from one time to another, in seconds. */
  sharesIn(from: number, to: number): number[] {
    return this.granted.map((all) => all.filter((at) => at >= from * 1_000 && at < to * 1_000).length);
  }

  grantedIn(from: number, to: number): number {
    return this.sharesIn(from, to).reduce((sum, each) => sum + each, 0);
  }
}

const quota = (perSecond: number) => (clock: HandClock) => bucket(clock, perSecond);

test.each([
  [1, 20, 10],
  [1, 50, 100],
  [20, 10, 40],
])(
  'from second 5 on %i workers with %i calls each fill a quota of %i a second',
  async (workers, calls, perSecond) => {
    const trial = new Trial(workers, calls, quota(perSecond));
    await trial.clock.advance(5_000);
    const before = trial.refused;
    await trial.clock.advance(30_000);
    expect(trial.grantedIn(5, 35)).toBeGreaterThanOrEqual(0.9 * perSecond * 30);
    const shares = trial.sharesIn(5, 35);
    expect(Math.max(...shares)).toBeLessThanOrEqual(6 * Math.min(...shares));
    expect(trial.refused - before).toBeLessThanOrEqual(0.5 * perSecond * 30);
  },
);

test('where a tenth is refused at random, no call waits', async () => {
  const random = seeded(7);
  const trial = new Trial(1, 20, () => () => random() < 0.1);
  await trial.clock.advance(30_000);
  expect(trial.limiters[0]?.isLimited).toBe(false);
  const possible = (20 * 0.9) / ((LATENCY_MS + 0.1 * AGAIN_MS) / 1_000);
  expect(trial.grantedIn(5, 30)).toBeGreaterThanOrEqual(0.95 * 25 * possible);
});

test('it follows a quota that grows, and ends where nothing is refused any more', async () => {
  let refuse = (): boolean => false;
  const trial = new Trial(1, 20, (clock) => {
    refuse = bucket(clock, 10);
    return () => refuse();
  });
  await trial.clock.advance(10_000);
  refuse = bucket(trial.clock, 50);
  await trial.clock.advance(40_000);
  expect(trial.grantedIn(45, 50)).toBeGreaterThanOrEqual(0.8 * 50 * 5);
  refuse = () => false;
  await trial.clock.advance(40_000);
  expect(trial.limiters[0]?.perSecond).toBe(Infinity);
});

test('after a time in which nothing was granted, the first grant ends it', async () => {
  let isShut = false;
  const trial = new Trial(1, 20, (clock) => {
    const refuse = bucket(clock, 10);
    return () => isShut || refuse();
  });
  await trial.clock.advance(10_000);
  isShut = true;
  await trial.clock.advance(40_000);
  const before = trial.refused;
  await trial.clock.advance(10_000);
  expect(trial.refused - before).toBeLessThanOrEqual(15);
  isShut = false;
  await trial.clock.advance(3_000);
  expect(trial.grantedIn(60, 63)).toBeGreaterThanOrEqual(20);
});

test('who waits is served in the order in which it came, and who wants nothing any more is passed over', async () => {
  const trial = new Trial(1, 20, quota(10));
  await trial.clock.advance(5_000);
  const limiter = trial.limiters[0];
  const served: string[] = [];
  const callers = ['a', 'b', 'c', 'd'].map((name) => ({
    wants: name !== 'b',
    go: () => void served.push(name),
  }));
  for (const caller of callers) limiter?.take(caller);
  if (callers[2]) limiter?.leave(callers[2]);
  await trial.clock.advance(10_000);
  expect(served).toEqual(['a', 'd']);
});
