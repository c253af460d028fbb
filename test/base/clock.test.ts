import { describe, expect, test } from '@jest/globals';
import { mulberry32 } from '../support/random.js';
import { systemClock } from '../../src/framework/base/time/clock.js';
import { limitCallAfter } from '../../src/framework/base/time/call-limit.js';
import { HandClock } from '../../src/framework/testing/harness/hand-clock.js';

describe('the clock of the machine', () => {
  test('fires no timer before its time, and resolves a sleep as soon as its signal aborts', async () => {
    const began = systemClock.now();
    await systemClock.sleep(3);
    expect(systemClock.now() - began).toBeGreaterThanOrEqual(3);
    const stop = new AbortController();
    const long = systemClock.sleep(3_600_000, stop.signal);
    stop.abort();
    await long;
    await systemClock.sleep(3_600_000, stop.signal);
  });

  test('a delay that is longer than the longest of Node does not fire at once', async () => {
    const fired: string[] = [];
    const cancel = systemClock.after(2 ** 31 + 1_000, () => fired.push('long'));
    await systemClock.sleep(5);
    cancel();
    expect(fired).toEqual([]);
  });

  test('every goes on until it is cancelled, also from within', async () => {
    const runs: number[] = [];
    await new Promise<void>((resolve) => {
      const cancel = systemClock.every(1, () => {
        if (runs.push(runs.length) < 3) return;
        cancel();
        resolve();
      });
    });
    await systemClock.sleep(5);
    expect(runs).toEqual([0, 1, 2]);
  });
});

describe('a hand clock', () => {
  test('stands still until it is moved, and fires what falls due on the way in order', async () => {
    const clock = new HandClock();
    const began = clock.now();
    const fired: [string, number][] = [];
    const note = (name: string) => (): void => void fired.push([name, clock.now() - began]);
    clock.after(2_000, note('second'));
    clock.after(1_000, () => {
      note('first')();
      clock.after(500, note('set by the first'));
    });
    clock.after(9_000, note('later'));
    await clock.settle();
    expect(fired).toEqual([]);
    await clock.advance(3_000);
    expect(fired).toEqual([
      ['first', 1_000],
      ['set by the first', 1_500],
      ['second', 2_000],
    ]);
    expect([clock.now() - began, clock.pending, (clock.next ?? 0) - began]).toEqual([3_000, 1, 9_000]);
  });

  test('lets promises that a timer sets off come to rest before the next timer fires', async () => {
    const clock = new HandClock();
    const order: string[] = [];
    void clock.sleep(1_000).then(async () => {
      for (let i = 0; i < 5; i++) await Promise.resolve();
      order.push('all of the first');
    });
    clock.after(1_001, () => order.push('the second'));
    await clock.advance(2_000);
    expect(order).toEqual(['all of the first', 'the second']);
  });

  test('fires timers by due time, then by the order of setting, whatever was cancelled in between', async () => {
    const clock = new HandClock(0);
    const random = mulberry32(7);
    const fired: number[] = [];
    const timers = Array.from({ length: 2_000 }, (_, n) => {
      const due = Math.floor(random() * 50);
      return { n, due, cancel: clock.after(due, () => fired.push(n)), cancelled: random() < 0.5 };
    });
    for (const { cancel, cancelled } of timers.toReversed()) if (cancelled) cancel();
    const left = timers.filter(({ cancelled }) => !cancelled).toSorted((a, b) => a.due - b.due || a.n - b.n);
    expect(clock.pending).toBe(left.length);
    await clock.advance(20);
    // Fired and cancelled timers can't be cancelled any more.
    for (const { cancel, cancelled, due } of timers) if (cancelled || due <= 20) cancel();
    await clock.advance(30);
    expect(fired).toEqual(left.map(({ n }) => n));
    expect([clock.pending, clock.next]).toEqual([0, undefined]);
  });

  test('comes to rest in one turn where everything waits for promises and for it alone', async () => {
    const clock = new HandClock(0, { promisesOnly: true });
    const order: string[] = [];
    void clock.sleep(1_000).then(async () => {
      for (let i = 0; i < 50; i++) await Promise.resolve();
      clock.after(0, () => order.push('set by the last promise'));
    });
    clock.after(1_001, () => order.push('the second'));
    await clock.advance(2_000);
    expect(order).toEqual(['set by the last promise', 'the second']);
  });

  test.each([-1, Number.NaN, Infinity, '5s' as never])('is not moved by %p', async (ms) => {
    const clock = new HandClock();
    const began = clock.now();
    const refused = /expected a number of milliseconds from 0 up/;
    await expect(clock.advance(ms)).rejects.toThrow(refused);
    expect(() => clock.stall(ms)).toThrow(refused);
    expect(clock.now()).toBe(began);
  });

  test('never goes back where another advance moves it further meanwhile', async () => {
    const clock = new HandClock();
    const began = clock.now();
    const moved = clock.advance(10);
    clock.stall(20);
    await moved;
    expect(clock.now() - began).toBe(20);
  });

  test('settle waits for its condition', async () => {
    const clock = new HandClock();
    const state = { done: false };
    clock.after(0, () => (state.done = true));
    await clock.settle(() => state.done);
    expect(state.done).toBe(true);
  });
});

describe('the limit of a call', () => {
  const given = (): { clock: HandClock; ended: number[]; cancel: () => void } => {
    const clock = new HandClock(0);
    const ended: number[] = [];
    const cancel = limitCallAfter(clock, 1_000, () => ended.push(clock.now()));
    return { clock, ended, cancel };
  };

  test('ends the call when its time is over', async () => {
    const { clock, ended } = given();
    await clock.advance(999);
    expect(ended).toEqual([]);
    await clock.advance(1);
    expect(ended).toEqual([1_000]);
  });

  test('waits for a turn of input where the process stood still', async () => {
    const { clock, ended } = given();
    clock.stall(5_000);
    await clock.settle();
    expect(ended).toEqual([]);
    await clock.advance(100);
    expect(ended).toEqual([5_100]);
  });

  test.each([0, 5_000])('can be cancelled, even within that turn (%i ms late)', async (late) => {
    const { clock, ended, cancel } = given();
    clock.stall(late);
    await clock.settle();
    cancel();
    await clock.advance(10_000);
    expect(ended).toEqual([]);
  });

  test('limits of one length end each at its own time, and cancelled ones do not', async () => {
    const clock = new HandClock(0);
    const ended: [number, number][] = [];
    const takeBack: (() => void)[] = [];
    for (let at = 0; at < 6; at++) {
      takeBack.push(limitCallAfter(clock, 1_000, () => ended.push([at, clock.now()])));
      await clock.advance(100);
    }
    takeBack[0]?.();
    takeBack[3]?.();
    await clock.advance(10_000);
    expect(ended).toEqual([1, 2, 4, 5].map((at) => [at, 1_000 + at * 100]));
    expect(clock.pending).toBe(0);
  });

  test('several late limits end, even where one is cancelled', async () => {
    const clock = new HandClock(0);
    const ended: number[] = [];
    const takeBack = [1, 2, 3, 4].map((n) => limitCallAfter(clock, 1_000, () => ended.push(n)));
    clock.stall(5_000);
    await clock.settle();
    takeBack[1]?.();
    await clock.advance(100);
    expect(ended).toEqual([1, 3, 4]);
  });

  test('a limit of the same length can be set while another ends', async () => {
    const clock = new HandClock(0);
    const ended: number[] = [];
    limitCallAfter(clock, 1_000, () => limitCallAfter(clock, 1_000, () => ended.push(clock.now())));
    await clock.advance(10_000);
    expect(ended).toEqual([2_000]);
  });

  test('a limit can be cancelled by another that ends at the same time', async () => {
    const clock = new HandClock(0);
    const ended: string[] = [];
    limitCallAfter(clock, 1_000, () => {
      ended.push('first');
      takeBack();
    });
    const takeBack = limitCallAfter(clock, 1_000, () => ended.push('second'));
    await clock.advance(5_000);
    expect(ended).toEqual(['first']);
  });
});
