import { expect, test } from '@jest/globals';
import { HandClock } from '../../src/framework/testing/hand-clock.js';
import type { ActivityPort, ReportAnswer } from '../../src/framework/service/port.js';
import { type HeartbeatLoad, HeartbeatScheduler } from '../../src/framework/heartbeat/scheduler.js';

interface World {
  readonly clock: HandClock;
  readonly scheduler: HeartbeatScheduler;
  /** When each token was beaten, in seconds from the start. */
  readonly beats: Map<string, number[]>;
  readonly stretches: [boolean, HeartbeatLoad][];
  readonly port: ActivityPort;
  answer: (token: string) => ReportAnswer;
}

function world({ rate = 250, random = (): number => 0 } = {}): World {
  const clock = new HandClock();
  const began = clock.now();
  const beats = new Map<string, number[]>();
  const stretches: [boolean, HeartbeatLoad][] = [];
  const unused = (): never => {
    throw new Error('only heartbeats are expected');
  };
  const port: ActivityPort = {
    poll: unused,
    succeed: unused,
    fail: unused,
    heartbeat: (token) => {
      beats.set(token, [...(beats.get(token) ?? []), (clock.now() - began) / 1000]);
      return Promise.resolve(made.answer(token));
    },
  };
  const onStretch = (stretched: boolean, load: HeartbeatLoad): void => void stretches.push([stretched, load]);
  const scheduler = new HeartbeatScheduler({ clock, random, rate, onStretch, onAnswer: () => {} });
  const made: World = { clock, scheduler, beats, stretches, port, answer: () => ({ kind: 'ok' }) };
  return made;
}

const seeded = (seed: number) => (): number => {
  seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
  return seed / 2 ** 31;
};

const gone: ReportAnswer = { kind: 'gone', error: new Error('Task Timed Out') };
const retry: ReportAnswer = {
  kind: 'retry',
  pace: 'fast',
  mayHaveArrived: false,
  error: new Error('ECONNRESET'),
};
const track = ({ scheduler, port }: World, token: string, everyMs: number, onGone = (): void => {}) =>
  scheduler.track({ port, token, everyMs, onGone, leasedAt: 0 });

test('the first beat is one interval after receipt, and the next ones an interval apart', async () => {
  const w = world();
  track(w, 'a', 20_000);
  await w.clock.advance(19_900);
  expect(w.beats.size).toBe(0);
  await w.clock.advance(40_100);
  expect(w.beats.get('a')).toEqual([20, 40, 60]);
});

test('no beat is sent after its release, and nothing keeps ticking', async () => {
  const w = world();
  const beat = track(w, 'a', 20_000);
  await w.clock.advance(20_000);
  beat.release();
  beat.release();
  await w.clock.advance(100_000);
  expect(w.beats.get('a')).toEqual([20]);
  expect(w.clock.pending).toBe(0);
});

test('gone is told once, and ends the beating', async () => {
  const w = world();
  const told: string[] = [];
  w.answer = () => gone;
  track(w, 'a', 20_000, () => told.push('a'));
  await w.clock.advance(100_000);
  expect(told).toEqual(['a']);
  expect(w.beats.get('a')).toEqual([20]);
});

test('a failed beat is repeated long before the lease could lapse', async () => {
  const w = world();
  w.answer = () => (w.beats.get('a')?.length === 1 ? retry : { kind: 'ok' });
  track(w, 'a', 20_000);
  await w.clock.advance(45_000);
  expect(w.beats.get('a')).toEqual([20, 25, 45]);
});

test('a beat that is never answered is given up after 10 s and repeated', async () => {
  const w = world();
  const hanging: ActivityPort = {
    ...w.port,
    heartbeat: async (token, signal) => {
      const answer = await w.port.heartbeat(token, signal);
      if (w.beats.get(token)?.length !== 1) return answer;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return retry;
    },
  };
  w.scheduler.track({ port: hanging, token: 'a', everyMs: 20_000, onGone: () => {}, leasedAt: 0 });
  await w.clock.advance(36_000);
  expect(w.beats.get('a')).toEqual([20, 35]);
});

test('a beat that is asked for goes out at once, shared by calls in quick succession', async () => {
  const w = world();
  const beat = track(w, 'a', Number.POSITIVE_INFINITY);
  const both = Promise.all([beat.now(), beat.now()]);
  await w.clock.advance(100);
  await both;
  await beat.now();
  expect(w.beats.get('a')).toHaveLength(1);
  await w.clock.advance(1_000);
  const later = beat.now();
  await w.clock.advance(100);
  await later;
  expect(w.beats.get('a')).toHaveLength(2);
});

test('ten thousand tasks received at once are beaten within their interval at a rate that just suffices', async () => {
  const w = world({ rate: 500, random: seeded(7) });
  for (let i = 0; i < 10_000; i++) track(w, `t${i}`, 20_000);
  await w.clock.advance(60_000);
  const gaps = [...w.beats.values()].flatMap((at) => at.map((time, i) => time - (at[i - 1] ?? 0)));
  expect(w.beats.size).toBe(10_000);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(24);
  expect(w.stretches).toEqual([]);
});

test('beyond the rate all intervals stretch alike, and it is told once', async () => {
  const w = world({ rate: 300, random: seeded(7) });
  const beats = Array.from({ length: 10_000 }, (_, i) => track(w, `t${i}`, 20_000));
  await w.clock.advance(140_000);
  const later = [...w.beats.values()].flatMap((at) => at.slice(1).map((time, i) => time - (at[i] ?? 0)));
  expect(Math.min(...later)).toBeGreaterThan(25);
  expect(Math.max(...later)).toBeLessThan(38);
  expect(w.stretches).toEqual([[true, { tasks: 10_000, stretchedToMs: 33_333 }]]);
  for (const beat of beats) beat.release();
  expect(w.stretches.map(([stretched]) => stretched)).toEqual([true, false]);
});

test('the rate is never exceeded, however many beats fall due together', async () => {
  const w = world({ rate: 100 });
  for (let i = 0; i < 1_500; i++) track(w, `t${i}`, 20_000);
  await w.clock.advance(60_000);
  const perSecond = new Map<number, number>();
  for (const at of [...w.beats.values()].flat())
    perSecond.set(Math.floor(at), (perSecond.get(Math.floor(at)) ?? 0) + 1);
  expect(Math.max(...perSecond.values())).toBeLessThanOrEqual(100);
  expect([...perSecond.values()].reduce((a, b) => a + b)).toBeGreaterThan(3_000);
});
