import type { Arrival, Scenario } from './world.js';

const MINUTES = 60;
const HOURS = 3_600;
const DAY = 24 * HOURS;

/** An exponential time with this mean, as of independent events. */
const exponential = (meanMs: number, random: () => number): number =>
  Math.max(1_000, -Math.log(1 - random()) * meanMs);

/** The number of events of a second in which `rate` are expected (Knuth's method). */
function poisson(rate: number, random: () => number): number {
  const limit = Math.exp(-rate);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}

function steady(perMinute: number, task: (random: () => number) => Arrival): Scenario['arrivals'] {
  return (_, random) => Array.from({ length: poisson(perMinute / 60, random) }, () => task(random));
}

const minute = (random: () => number): Arrival => ({ runMs: exponential(60_000, random) });
const dayRate = (second: number): number => 50 * (1 - Math.cos((2 * Math.PI * second) / DAY));
const day: Scenario['arrivals'] = (second, random) => steady(dayRate(second), minute)(second, random);
/** The morning of that day: its rate grows by ten tasks a minute each hour and more. */
const morning: Scenario['arrivals'] = (second, random) =>
  steady(dayRate(second + 6 * HOURS), minute)(second, random);
const MORNING = {
  seconds: 3 * HOURS,
  arrivals: morning,
  begin: { workers: 6, runMs: 60_000, leftMs: (random: () => number) => exponential(60_000, random) },
};

/** The status of a worker whose clock is an hour ahead. */
const hourAhead: Scenario['tells'] = (status) => ({
  ...status,
  handlers: status.handlers.map(({ queue, ...handler }) => {
    const later = (at: number | undefined): number | undefined => at && at + HOURS * 1_000;
    const times = { emptyAt: later(queue.emptyAt), emptyMinuteAt: later(queue.emptyMinuteAt) };
    return { ...handler, queue: { ...queue, ...times, minuteAt: queue.minuteAt + HOURS * 1_000 } };
  }),
});

/** What a program tells that is no worker of this version, or a worker that is broken. */
const LIES: readonly object[] = [
  { concurrency: 0 },
  { concurrency: 1e300 },
  { running: Number.NaN },
  { running: 'many' },
  { queue: undefined },
  { queue: { emptyAt: 'now', minuteAt: 0, begun: [] } },
  { queue: { minuteAt: 0, begun: Array.from({ length: 130_000 }, () => 1) } },
];

const lie: Scenario['tells'] = (status, now) => ({
  ...status,
  handlers: status.handlers.map((handler) => ({
    ...handler,
    ...LIES[Math.floor(now / 60_000) % LIES.length],
  })),
});

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'burst: 500 of 10 s onto none',
    seconds: 1 * HOURS,
    arrivals: (second) =>
      second === 5 * MINUTES + 30 ? Array.from({ length: 500 }, () => ({ runMs: 10_000 })) : [],
  },
  {
    name: '40 busy for hours, 200 wait',
    seconds: 4 * HOURS,
    begin: { workers: 40, runMs: HOURS * 1_000, leftMs: (random) => HOURS * 1_000 * random() + 1_000 },
    arrivals: (second) =>
      second === 30 ? Array.from({ length: 200 }, () => ({ runMs: HOURS * 1_000 })) : [],
  },
  {
    name: 'trickle: one in ten minutes',
    seconds: 12 * HOURS,
    arrivals: (_, random) => (random() < 1 / (10 * MINUTES) ? [{ runMs: 10_000 }] : []),
  },
  {
    name: 'stopped: half before their start',
    seconds: DAY,
    arrivals: steady(20, (random) => ({ runMs: exponential(60_000, random), stopped: random() < 0.5 })),
  },
  { name: 'a day, 0 to 100 a minute', seconds: DAY, arrivals: day },
  { ...MORNING, name: 'missing: ten minutes', isLost: (at) => at >= 60 && at < 70 },
  { ...MORNING, name: 'one clock is wrong: an hour ahead', tells: hourAhead },
  { ...MORNING, name: 'a liar: another bad status each minute', tells: lie },
  {
    name: 'unseen: 40 at work for hours',
    seconds: 3 * HOURS,
    begin: { workers: 40, runMs: 0 },
    arrivals: (second, random) =>
      second === 0
        ? Array.from({ length: 400 }, () => ({ runMs: (120 + 20 * random()) * MINUTES * 1_000 }))
        : [],
    isUnseen: (at) => at >= 20 && at < 100,
  },
];
